package bench

import (
	"context"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/twilio/twilio-go/client"
	verify "github.com/twilio/twilio-go/rest/verify/v2"
)

func init() {
	callers["twilio-go"] = func(_ testing.TB, r road) caller { return twilioGo(r.redirected()) }
	callers["twilio-go-wrapped"] = func(_ testing.TB, r road) caller { return twilioGo(r.wrapped()) }
}

// twilioGo is twilio-go with the http.Client that it makes for itself.
func twilioGo(t http.RoundTripper) caller {
	c := &client.Client{Credentials: client.NewCredentials(account, token), HTTPClient: &http.Client{
		Transport: t, Timeout: 10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	c.SetAccountSid(account)
	api := verify.NewApiService(&client.RequestHandler{Client: c})
	return caller{
		send: func(context.Context) error { // it takes none
			v, err := api.CreateVerification(service, (&verify.CreateVerificationParams{}).SetTo(phone).SetChannel("sms"))
			if err != nil {
				return err
			}
			return is(*v.Status, "pending")
		},
		check: func(context.Context) error {
			v, err := api.CreateVerificationCheck(service, (&verify.CreateVerificationCheckParams{}).SetTo(phone).SetCode(typed))
			if err != nil {
				return err
			}
			return is(*v.Status, "approved")
		},
	}
}

// redirected is the transport of everyone who chooses none, for a client that
// knows one host only: it is sent elsewhere when it dials, past which nothing
// differs.
func (r road) redirected() http.RoundTripper {
	t := r.plain()
	if own, ok := t.(*http.Transport); ok {
		own.DialTLSContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, r.address)
		}
	}
	return t
}

// wrapped is the same behind a RoundTripper of the application's, as tracing and
// logging are. For one that net/http does not know, a Client.Timeout costs a
// goroutine a call.
func (r road) wrapped() http.RoundTripper {
	if r.address == "" {
		return r.plain()
	}
	return elsewhere{r.address, r.plain()}
}

// elsewhere turns the request itself around, of which nobody else knows.
type elsewhere struct {
	address string
	next    http.RoundTripper
}

func (e elsewhere) RoundTrip(r *http.Request) (*http.Response, error) {
	r.URL.Scheme, r.URL.Host, r.Host = "http", e.address, e.address
	return e.next.RoundTrip(r)
}
