package driver_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// An issuer gives tokens, and has the calls that come with them answered.
type issuer struct {
	mu     sync.Mutex
	issued int
	life   string
	token  func(n int) (status int, body string) // nil: a good one
	call   func(authorization string) (status int, body string)
	forms  []string
	asked  []string // the Authorization of each call
	header http.Header
	lost   int // calls whose answer is lost
	wait   time.Duration
}

func (i *issuer) RoundTrip(r *http.Request) (*http.Response, error) {
	connect(r)
	body := ""
	if r.Body != nil {
		raw, _ := io.ReadAll(r.Body) // of memory
		body = string(raw)
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if strings.HasSuffix(r.URL.Path, "/token") {
		i.issued++
		i.forms, i.header = append(i.forms, body), r.Header
		status, answer := 200, fmt.Sprintf(`{"access_token":"t%d","expires_in":%s}`, i.issued, i.life)
		if i.token != nil {
			status, answer = i.token(i.issued)
		}
		if i.wait > 0 {
			i.mu.Unlock()
			select {
			case <-r.Context().Done():
			case <-time.After(i.wait):
			}
			i.mu.Lock()
		}
		return response(r, status, answer)
	}
	authorization := r.Header.Get("Authorization")
	i.asked = append(i.asked, authorization)
	if i.lost > 0 {
		i.lost--
		return nil, io.ErrUnexpectedEOF
	}
	if i.call != nil {
		status, answer := i.call(authorization)
		return response(r, status, answer)
	}
	return response(r, 200, accepted)
}

func response(r *http.Request, status int, body string) (*http.Response, error) {
	return &http.Response{StatusCode: status, Header: http.Header{}, Request: r, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}, nil
}

func newOAuth2(t *testing.T, i *issuer, change func(*driver.OAuth2)) *driver.Client {
	t.Helper()
	if i.life == "" {
		i.life = "3600"
	}
	cfg := driver.OAuth2{URL: "https://canary.example/oauth2/token", ID: "canary-id", Secret: "canary-secret", Detail: "check the credentials"}
	if change != nil {
		change(&cfg)
	}
	c, err := driver.New(driver.Config{
		Vendor: "acme", BaseURL: "https://canary.example", Client: &http.Client{Transport: i}, OAuth2: &cfg, ReadError: refused,
	})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, c.Close()) })
	return c
}

// One token serves all calls, and is renewed once for all in its last minute.
func TestTokenIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{wait: time.Second}
		c := newOAuth2(t, i, func(o *driver.OAuth2) { o.Scope, o.Header = "a b", map[string]string{"X-Api": "1"} })
		calls := func() {
			var wait sync.WaitGroup
			for range 20 {
				wait.Go(func() {
					_, err := c.Do(t.Context(), kinds()["send"].call)
					assert.NoError(t, err)
				})
			}
			wait.Wait()
			synctest.Wait()
		}
		calls()
		assert.Equal(t, []string{"grant_type=client_credentials&scope=a%20b"}, i.forms)
		assert.Equal(t, driver.Basic("canary-id", "canary-secret"), i.header.Get("Authorization"))
		assert.Equal(t, "1", i.header.Get("X-Api"))
		time.Sleep(59*time.Minute + time.Second) // of the bubble
		calls()
		time.Sleep(2 * time.Second) // for the renewal, which nobody waits for
		assert.Equal(t, 2, i.issued)
		assert.Equal(t, "Bearer t1", i.asked[len(i.asked)-1], "the old one still works")
		calls()
		assert.Equal(t, "Bearer t2", i.asked[len(i.asked)-1])
	})
}

// A call whose token was refused is made once more under a new one: surely
// nothing was done.
func TestTokenThatIsRefused(t *testing.T) {
	t.Parallel()
	only := func(good string) func(string) (int, string) {
		return func(authorization string) (int, string) {
			if authorization == good {
				return 200, accepted
			}
			return 401, `{"code": 20003}`
		}
	}
	for name, k := range kinds() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k.call.Token = ""
			i := &issuer{call: only("Bearer t2")}
			c := newOAuth2(t, i, nil)
			reply, err := c.Do(t.Context(), k.call)
			require.NoError(t, err)
			assert.Equal(t, 2, reply.Requests)
			assert.Equal(t, []string{"Bearer t1", "Bearer t2"}, i.asked)

			i = &issuer{call: only("none")}
			_, err = newOAuth2(t, i, nil).Do(t.Context(), k.call)
			e := assertOutcome(t, err, verify.ErrUnauthorized)
			assert.Equal(t, 2, e.Requests, "once more, not for ever")
			assert.Len(t, i.asked, 2)

			i = &issuer{call: only("Bearer t2"), lost: 1}
			_, err = newOAuth2(t, i, nil).Do(t.Context(), k.call)
			assertOutcome(t, err, unknown)
			if k.send {
				assert.Len(t, i.asked, 1)
				return
			}
			assert.Len(t, i.asked, 2, "an earlier request may have been the approval: it is not asked again")
		})
	}
}

// Without a token no call is made, whatever became of the request for it.
func TestNoToken(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		status int
		body   string
		want   verify.Outcome
		detail string
	}{
		"wrong credentials":         {401, `{"error":"invalid_client"}`, verify.ErrUnauthorized, "check the credentials"},
		"a wrong grant":             {400, `{"error":"invalid_grant","error_description":"canary"}`, verify.ErrUnauthorized, "check the credentials"},
		"throttled":                 {429, `{"error":"slow_down"}`, verify.ErrRateLimited, "no access token"},
		"a proxy's 400":             {400, `<html>`, verify.ErrUnavailable, "is a proxy in between?"},
		"failed":                    {500, `{"error":"server_error"}`, verify.ErrUnavailable, "no access token"},
		"no token":                  {200, `{"expires_in":3600}`, verify.ErrUnavailable, "a field of the answer is missing"},
		"a token with a line feed":  {200, `{"access_token":"a\nb","expires_in":3600}`, verify.ErrUnavailable, "not a token"},
		"a token with a space":      {200, `{"access_token":"a b","expires_in":3600}`, verify.ErrUnavailable, "not a token"},
		"a life that is no number":  {200, `{"access_token":"a","expires_in":"soon"}`, verify.ErrUnavailable, "not a token or its seconds"},
		"a life beyond all numbers": {200, `{"access_token":"a","expires_in":"99999999999999999999"}`, verify.ErrUnavailable, "not a token or its seconds"},
		"a page":                    {200, `<html>`, verify.ErrUnavailable, "no access token"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := &issuer{token: func(int) (int, string) { return test.status, test.body }}
			c := newOAuth2(t, i, nil)
			_, err := c.Do(t.Context(), kinds()["send"].call)
			e := assertOutcome(t, err, test.want)
			assert.Equal(t, "send", e.Op)
			assert.Contains(t, e.Detail, test.detail)
			assert.Empty(t, i.asked, "no call without a token")
			require.Error(t, c.ProbeToken(t.Context()))
		})
	}
	t.Run("the vendor's own shape of errors", func(t *testing.T) {
		t.Parallel()
		i := &issuer{token: func(int) (int, string) { return 403, `{"fault":1}` }}
		c := newOAuth2(t, i, func(o *driver.OAuth2) { o.IsAnswer = func([]byte) bool { return true } })
		_, err := c.Do(t.Context(), kinds()["send"].call)
		assertOutcome(t, err, verify.ErrUnauthorized)
	})
}

// A caller that gives up leaves the renewal to the others.
func TestTokenThatTakesLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := &issuer{wait: 3 * time.Second}
		c := newOAuth2(t, i, nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		_, err := c.Do(ctx, kinds()["send"].call)
		assertOutcome(t, err, verify.ErrUnavailable)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Equal(t, time.Second, time.Since(start))
		_, err = c.Do(ctx, kinds()["send"].call)
		assertOutcome(t, err, verify.ErrUnavailable)

		_, err = c.Do(t.Context(), kinds()["send"].call)
		require.NoError(t, err)
		assert.Equal(t, 1, i.issued, "one renewal for all")
	})
}

// Probe gets a token anew: one in hand proves nothing of credentials that were
// taken back.
func TestProbeToken(t *testing.T) {
	t.Parallel()
	i := &issuer{}
	c := newOAuth2(t, i, nil)
	for range 2 {
		require.NoError(t, c.ProbeToken(t.Context()))
	}
	_, err := c.Do(t.Context(), kinds()["send"].call)
	require.NoError(t, err)
	assert.Equal(t, []string{"Bearer t2"}, i.asked, "it keeps what it got")
	require.NoError(t, (*driver.Client)(nil).ProbeToken(t.Context()))
	require.NoError(t, newClient(t, "https://canary.example", nil).ProbeToken(t.Context()))
}

func TestOAuth2IsChecked(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]driver.OAuth2{
		"no id":         {URL: "https://canary.example", Secret: "s"},
		"no secret":     {URL: "https://canary.example", ID: "i"},
		"a colon":       {URL: "https://canary.example", ID: "i:j", Secret: "s"},
		"plain http":    {URL: "http://canary.example", ID: "i", Secret: "s"},
		"two proofs":    {URL: "https://canary.example", ID: "i", Secret: "s", Key: new(driver.JWT)},
		"a key's no id": {URL: "https://canary.example", Key: new(driver.JWT)},
		"a broken line": {URL: "https://canary.example", ID: "i", Secret: "s", Header: map[string]string{"X": "a\nb"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := driver.New(driver.Config{Vendor: "acme", BaseURL: "https://canary.example", OAuth2: &o})
			require.Error(t, err)
			assert.NotContains(t, err.Error(), "canary")
		})
	}
}

// What a call brings for its header is checked before any request.
func TestHeaderOfACall(t *testing.T) {
	t.Parallel()
	c, d := newDouble(t, say(200, accepted))
	for name, call := range map[string]driver.Call{
		"a line feed in a header": {Op: "send", Route: "/", Header: map[string]string{"X": "a\nb"}},
		"an empty header":         {Op: "send", Route: "/", Header: map[string]string{"X": ""}},
		"a line feed in a token":  {Op: "send", Route: "/", Token: "a\nb"},
	} {
		_, err := c.Do(t.Context(), call)
		assert.ErrorIs(t, err, verify.ErrUnsupported, name)
	}
	assert.Zero(t, d.tries)
}

func TestShapes(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "Bearer x", driver.Bearer("x"))
	assert.True(t, driver.IsUser("a"))
	assert.False(t, driver.IsUser("a:b"))
	assert.False(t, driver.IsUser(""))
	assert.True(t, driver.IsID("aZ_9-", 5))
	assert.True(t, driver.IsID(strings.Repeat("a", 256), 256), "an id is as long as its vendor lets it be")
	assert.False(t, driver.IsID(strings.Repeat("a", 257), 256))
	for _, id := range []string{"", "aZ_9-x", "a b", "a/b", "é"} {
		assert.False(t, driver.IsID(id, 5), id)
	}
	assert.Equal(t, "VE-1", driver.ReceiptID("VE-1"))
	for _, id := range []string{"", "15005550006", recipient, "sent to somebody", "a\nb", strings.Repeat("a", 129)} {
		assert.Empty(t, driver.ReceiptID(id), id)
	}
	for raw, good := range map[string]bool{
		"https://app.example.com/s?k=v": true, "https://APP.Example.COM:8443": true,
		"http://app.example.com": false, "https://127.0.0.1": false, "https://2130706433": false, "https://[::1]": false,
		"https://localhost": false, "https://x.local": false, "https://x.internal": false, "https://a.home.arpa": false,
		"https://u@app.example.com": false, "https://app.example.com#x": false, "https://app.example.0x7f": false, "": false, "https://app.": false,
		"https://exa mple.com": false, "https://app.example.c_m": false,
	} {
		assert.Equal(t, good, driver.IsCallback(raw), raw)
	}
}

// A cancellation that was not made leaves the code as it was.
func TestCancelThatFails(t *testing.T) {
	t.Parallel()
	a := byID(t, &vendorByID{}, &store{}, nil)
	_, err := a.Send(t.Context(), recipient)
	require.NoError(t, err)
	a.NewCancel = func(driver.Check) (driver.Call, error) { return driver.Call{}, errors.New("not now") }
	require.ErrorIs(t, a.Cancel(t.Context(), recipient), verify.ErrUnsupported)
	require.NoError(t, a.Check(t.Context(), recipient, "000001"), "the code still works")
}
