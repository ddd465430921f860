// Example: GitHub's header, verified with the standard library of Go.
package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
)

func main() {
	driver := Driver{Name: "example", Schemes: []string{"github"}, Capabilities: []string{"clock"}}
	Serve(driver, func(r *Request) error {
		lines := r.Header().Values("X-Hub-Signature-256")
		if len(lines) != 1 {
			return errors.New("want one signature header")
		}
		mac := hmac.New(sha256.New, r.Key)
		mac.Write(r.Body)
		wanted := "sha256=" + hex.EncodeToString(mac.Sum(nil))
		if !hmac.Equal([]byte(wanted), []byte(lines[0])) {
			return errors.New("signature does not match")
		}
		return nil
	})
}
