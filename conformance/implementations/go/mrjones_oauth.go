// Package github.com/mrjones/oauth, called: NewProvider and IsAuthorized, which verifies requests without a token. It asks the
// machine for the time.
package main

import (
	"errors"
	"net/url"
	"strings"

	"github.com/mrjones/oauth"
)

// version comes from the installed package; build.sh sets it.
var version = "unknown"

func main() {
	Serve(Driver{Name: "mrjones-oauth", Version: version, Schemes: []string{"oauth1-hmac-sha1"}}, func(r *Request) error {
		// The key is both secrets, each escaped, with "&" between; the package wants the first as it was.
		consumer, _, found := strings.Cut(string(r.Key), "&")
		secret, err := url.PathUnescape(consumer)
		if !found || err != nil {
			return Unsupported{"the key is not two escaped secrets with & between"}
		}
		request, err := r.HTTP()
		if err != nil {
			return err
		}
		provider := oauth.NewProvider(func(key string, _ map[string]string) (*oauth.Consumer, error) {
			if key != r.KeyID {
				return nil, errors.New("unknown consumer key")
			}
			return oauth.NewConsumer(key, secret, oauth.ServiceProvider{}), nil
		})
		key, err := provider.IsAuthorized(request)
		if err == nil && key == nil {
			return errors.New("not authorized")
		}
		return err
	})
}
