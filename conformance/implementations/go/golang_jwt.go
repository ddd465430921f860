// Package github.com/golang-jwt/jwt, called: jwt.NewParser, Parse, with jwt.TimeFunc as the clock.
package main

import (
	"time"

	"github.com/golang-jwt/jwt"
)

// version comes from the installed package; build.sh sets it.
var version = "unknown"

func main() {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}))
	driver := Driver{Name: "golang-jwt", Version: version, Schemes: []string{"jwt-hs256"}, Capabilities: []string{"clock"}}
	Serve(driver, func(r *Request) error {
		jwt.TimeFunc = func() time.Time { return r.Now }
		token, err := r.Bearer()
		if err != nil {
			return err
		}
		_, err = parser.Parse(token, func(*jwt.Token) (interface{}, error) { return r.Key, nil })
		return err
	})
}
