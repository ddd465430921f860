// Package gopkg.in/square/go-jose.v2, called: jwt.ParseSigned, Claims, and ValidateWithLeeway without leeway.
package main

import "gopkg.in/square/go-jose.v2/jwt"

// version comes from the installed package; build.sh sets it.
var version = "unknown"

func main() {
	driver := Driver{Name: "go-jose", Version: version, Schemes: []string{"jwt-hs256"}, Capabilities: []string{"clock"}}
	Serve(driver, func(r *Request) error {
		text, err := r.Bearer()
		if err != nil {
			return err
		}
		token, err := jwt.ParseSigned(text)
		if err != nil {
			return err
		}
		var claims jwt.Claims
		if err := token.Claims(r.Key, &claims); err != nil {
			return err
		}
		return claims.ValidateWithLeeway(jwt.Expected{Time: r.Now}, 0)
	})
}
