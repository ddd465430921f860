// Package github.com/google/go-github, called: github.ValidatePayload.
package main

import "github.com/google/go-github/github"

// version comes from the installed package; build.sh sets it.
var version = "unknown"

func main() {
	driver := Driver{Name: "go-github", Version: version, Schemes: []string{"github"}, Capabilities: []string{"clock"}}
	Serve(driver, func(r *Request) error {
		request, err := r.HTTP()
		if err != nil {
			return err
		}
		_, err = github.ValidatePayload(request, r.Key)
		return err
	})
}
