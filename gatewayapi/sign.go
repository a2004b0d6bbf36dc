package gatewayapi

import (
	"context"
	"net/http"

	"github.com/dghubble/oauth1"
)

const authorizationHeader = "Authorization"

// newSigner signs requests by OAuth 1.0a without a user: token and token secret
// stay empty (https://gatewayapi.com/docs/apis/authentication/). Each signature
// has a nonce and a time of its own.
func newSigner(key, secret string) func(*http.Request, []byte) error {
	// Of the library's client only the transport is of use: it alone signs.
	client := oauth1.NewClient(context.Background(), oauth1.NewConfig(key, secret), oauth1.NewToken("", ""))
	transport, _ := client.Transport.(*oauth1.Transport)
	return func(req *http.Request, _ []byte) error {
		try := *transport
		try.Base = receiver(req.Header)
		_, err := try.RoundTrip(req) //nolint:bodyclose // there is no response: nothing is sent
		return err
	}
}

// A receiver takes over the signature of a request and sends nothing.
type receiver http.Header

// RoundTrip is where the library would send what it has signed.
func (r receiver) RoundTrip(signed *http.Request) (*http.Response, error) {
	r[authorizationHeader] = signed.Header[authorizationHeader]
	return nil, nil
}
