package driver_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
	"github.com/go2fa/verify/internal/callctx"
)

// replacing answers each request with a status, and then says that the credentials of
// the call were replaced.
type replacing struct {
	mark             *callctx.Mark
	status, requests int
	paths            []string
}

func (r *replacing) RoundTrip(req *http.Request) (*http.Response, error) {
	r.requests++
	r.paths = append(r.paths, req.URL.Path)
	status, body := r.status, ""
	if req.URL.Path == "/token" {
		status, body = http.StatusOK, `{"access_token":"t","expires_in":"3600"}`
	} else {
		r.mark.Set()
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: req}, nil
}

func TestCredentialsThatWereReplacedMakeNoFurtherRequest(t *testing.T) {
	for name, tc := range map[string]struct {
		status     int
		repeatable bool
		want       verify.Outcome
	}{
		"a send that was throttled":    {429, false, verify.ErrUnauthorized},
		"a check that was throttled":   {429, true, verify.ErrUnauthorized},
		"a check whose answer is lost": {503, true, verify.ErrOutcomeUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				vendor := &replacing{mark: new(callctx.Mark), status: tc.status}
				c, err := driver.New(driver.Config{Vendor: "v", BaseURL: "https://v.example", Client: &http.Client{Transport: vendor}})
				require.NoError(t, err)
				_, err = c.Do(callctx.With(t.Context(), vendor.mark), driver.Call{Op: "send", Route: "/x", JSON: []byte(`{}`), Repeatable: tc.repeatable})
				require.ErrorIs(t, err, tc.want)
				var e *verify.Error
				require.ErrorAs(t, err, &e)
				assert.Equal(t, 1, e.Requests)
				assert.Equal(t, 1, vendor.requests)
			})
		})
	}
}

func TestCredentialsThatWereReplacedAskForNoFurtherToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vendor := &replacing{mark: new(callctx.Mark), status: 401}
		c, err := driver.New(driver.Config{
			Vendor: "v", BaseURL: "https://v.example", Client: &http.Client{Transport: vendor},
			OAuth2: &driver.OAuth2{URL: "https://v.example/token", ID: "id", Secret: "secret"},
		})
		require.NoError(t, err)
		_, err = c.Do(callctx.With(t.Context(), vendor.mark), driver.Call{Op: "send", Route: "/x", JSON: []byte(`{}`)})
		require.ErrorIs(t, err, verify.ErrUnauthorized)
		assert.Equal(t, []string{"/token", "/x"}, vendor.paths)
	})
}
