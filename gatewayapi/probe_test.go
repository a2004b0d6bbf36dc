package gatewayapi_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/gatewayapi"
	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
	"github.com/go2fa/verify/internal/fixture"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestProbe(t *testing.T) {
	t.Parallel()
	token := gatewayapi.Config{Token: gatewayapitest.Token, Sender: "Acme"}
	signed := gatewayapi.Config{Key: gatewayapitest.Key, Secret: gatewayapitest.Secret, Classic: true}
	for name, tc := range map[string]struct {
		cfg     gatewayapi.Config
		options gatewayapitest.Options
		before  func(*gatewayapitest.Server)
		want    verify.Outcome
		says    string
	}{
		"a token":                     {cfg: token},
		"a token, the REST API":       {cfg: gatewayapi.Config{Token: gatewayapitest.Token, Classic: true}},
		"a token, by Basic":           {cfg: gatewayapi.Config{Token: gatewayapitest.Token, Classic: true, Basic: true}},
		"a key that signs":            {cfg: signed},
		"another token":               {cfg: gatewayapi.Config{Token: "placeholder", Sender: "Acme"}, want: verify.ErrUnauthorized, says: "the token is wrong"},
		"another secret":              {cfg: gatewayapi.Config{Key: gatewayapitest.Key, Secret: "placeholder", Classic: true}, want: verify.ErrUnauthorized, says: "check Secret"},
		"no credit":                   {cfg: token, options: gatewayapitest.Options{Credit: -1}, want: verify.ErrUnauthorized, says: "the account has no credit left"},
		"a little credit":             {cfg: token, options: gatewayapitest.Options{Credit: 0.01}},
		"a clock that is far off":     {cfg: signed, before: func(s *gatewayapitest.Server) { s.Advance(time.Hour) }, want: verify.ErrUnavailable, says: "set this machine's clock"},
		"credit in words":             {cfg: token, before: balanced(`{"credit":"plenty"}`), want: verify.ErrOutcomeUnknown, says: "does not tell the credit"},
		"no credit told":              {cfg: token, before: balanced(`{"id":1}`), want: verify.ErrOutcomeUnknown, says: "does not tell the credit"},
		"credit that is not a number": {cfg: token, before: balanced(`{"credit":null}`), want: verify.ErrOutcomeUnknown, says: "does not tell the credit"},
		"too busy for a moment":       {cfg: token, before: func(s *gatewayapitest.Server) { s.Fail(gatewayapitest.Fault{On: "balance", Status: 503}) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := gatewayapitest.NewServer(t, tc.options)
			if tc.before != nil {
				tc.before(srv)
			}
			tc.cfg.BaseURL = srv.URL
			err := client(t, tc.cfg).Probe(t.Context())
			assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
			assert.Zero(t, srv.Effects())
			if tc.want != "" {
				assert.ErrorContains(t, err, "gatewayapi: probe: ")
				assert.ErrorContains(t, err, tc.says)
			}
		})
	}
}

func balanced(body string) func(*gatewayapitest.Server) {
	return func(s *gatewayapitest.Server) { s.Fail(gatewayapitest.Fault{On: "balance", Status: 200, Body: body}) }
}

// The balance stands at the host of the REST API, whichever carries the messages.
func TestProbeAsksTheHostOfTheRESTAPI(t *testing.T) {
	t.Parallel()
	for want, cfg := range map[string]gatewayapi.Config{
		"https://gatewayapi.com/rest/me": {Token: "placeholder", Sender: "Acme"},
		"https://gatewayapi.eu/rest/me":  {Token: "placeholder", Sender: "Acme", Region: "eu"},
	} {
		played := recording(t, "me_200")
		hosts := &asked{RoundTripper: played}
		cfg.HTTPClient = hosts.client()
		require.NoError(t, client(t, cfg).Probe(t.Context()))
		assert.Equal(t, []string{want}, hosts.urls)
	}
	refused := gatewayapi.Config{Token: "placeholder", Sender: "Acme", HTTPClient: recording(t, "me_401_0x0229").Client()}
	assert.ErrorIs(t, client(t, refused).Probe(t.Context()), verify.ErrUnauthorized)
}

func recording(t *testing.T, name string) *fixture.Transport {
	return fixture.New(t, "testdata/"+name+".json")
}

// asked takes down where requests go.
type asked struct {
	http.RoundTripper
	urls []string
}

func (a *asked) client() *http.Client { return &http.Client{Transport: a} }

func (a *asked) RoundTrip(r *http.Request) (*http.Response, error) {
	a.urls = append(a.urls, r.URL.String())
	return a.RoundTripper.RoundTrip(r)
}
