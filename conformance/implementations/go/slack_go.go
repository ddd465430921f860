// Package github.com/slack-go/slack, called: slack.NewSecretsVerifier, Write, Ensure. It asks the machine for the time.
package main

import "github.com/slack-go/slack"

// version comes from the installed package; build.sh sets it.
var version = "unknown"

func main() {
	Serve(Driver{Name: "slack-go", Version: version, Schemes: []string{"slack"}}, func(r *Request) error {
		verifier, err := slack.NewSecretsVerifier(r.Header(), string(r.Key))
		if err != nil {
			return err
		}
		if _, err := verifier.Write(r.Body); err != nil {
			return Failure{err}
		}
		return verifier.Ensure()
	})
}
