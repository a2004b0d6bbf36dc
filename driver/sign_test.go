package driver_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// signer makes a client that signs with sign.
func signer(t *testing.T, url string, sign func(*http.Request) error) *driver.Client {
	t.Helper()
	c, err := driver.New(driver.Config{Vendor: "acme", BaseURL: url, Sign: func(r *http.Request, _ []byte) error { return sign(r) }, ReadError: refused})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, c.Close()) })
	return c
}

// OAuth 1.0a forbids that two requests share a nonce, and a second signature
// beside the first would be refused.
func TestEachTryIsSigned(t *testing.T) {
	t.Parallel()
	s := newServer(t, refusal(429, ""), refusal(429, ""), answer(200, accepted))
	nonce := 0
	c := signer(t, s.URL, func(r *http.Request) error {
		nonce++
		r.Header.Add("X-Nonce", strconv.Itoa(nonce))
		assert.Equal(t, http.MethodPost, r.Method)
		assert.Equal(t, token, r.Header.Get("Authorization"), "what is signed is what is sent")
		body, err := r.GetBody()
		require.NoError(t, err)
		return body.Close()
	})
	call := kinds()["send"].call
	for range 2 {
		_, err := c.Do(t.Context(), call)
		require.NoError(t, err)
	}
	var seen [][]string
	for _, header := range s.now().headers {
		seen = append(seen, header["X-Nonce"])
	}
	assert.Equal(t, [][]string{{"1"}, {"2"}, {"3"}, {"4"}}, seen)
}

// A session token with a line break never leaves, and is no lost answer.
func TestASignatureWithAControlCharacterIsNotSent(t *testing.T) {
	t.Parallel()
	s := newServer(t, answer(200, accepted))
	for name, value := range map[string]string{"a line break": "canary\n", "a header in a header": "canary\r\nX-Other: 1", "a NUL": "\x00"} {
		c := signer(t, s.URL, func(r *http.Request) error {
			r.Header.Set("X-Session", value)
			r.Header.Set("X-Empty", "")
			return nil
		})
		_, err := c.Do(t.Context(), kinds()["send"].call)
		e := assertOutcome(t, err, verify.ErrUnauthorized)
		assert.Contains(t, e.Detail, "line break", name)
		assert.Zero(t, s.now().requests, name)
	}
}

func TestSignatureFails(t *testing.T) {
	t.Parallel()
	s := newServer(t, answer(200, accepted))
	c := signer(t, s.URL, func(*http.Request) error { return errors.New("no entropy for canary " + recipient) })
	_, err := c.Do(t.Context(), kinds()["send"].call)
	e := assertOutcome(t, err, verify.ErrUnavailable)
	assert.Equal(t, "the request could not be signed", e.Detail)
	assert.Equal(t, 1, e.Requests)
	assert.Zero(t, s.now().conns)
}

// Who has no credentials says so: nothing was sent.
func TestASignatureSaysWhyThereIsNone(t *testing.T) {
	t.Parallel()
	s := newServer(t, answer(200, accepted))
	c := signer(t, s.URL, func(*http.Request) error {
		return fmt.Errorf("canary %s: %w", recipient, driver.Refuse(verify.ErrUnauthorized, "there are no credentials"))
	})
	_, err := c.Do(t.Context(), kinds()["send"].call)
	e := assertOutcome(t, err, verify.ErrUnauthorized)
	assert.Equal(t, "there are no credentials", e.Detail)
	assert.Zero(t, s.now().conns)
}

// Credentials may take their time: whoever gives up meanwhile has sent nothing.
func TestCanceledBeforeThereIsASignature(t *testing.T) {
	t.Parallel()
	s := newServer(t, answer(200, accepted))
	ctx, cancel := context.WithCancel(t.Context())
	c := signer(t, s.URL, func(r *http.Request) error {
		cancel()
		return r.Context().Err()
	})
	_, err := c.Do(ctx, kinds()["send"].call)
	assertOutcome(t, err, verify.ErrUnavailable)
	require.ErrorIs(t, err, context.Canceled)
	assert.Zero(t, s.now().conns)
}

// Credentials that take as long as the whole call say that there was no time.
func TestASignatureThatIsLateSaysSo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := signer(t, "https://vendor.example.com", func(r *http.Request) error {
			<-r.Context().Done()
			return r.Context().Err()
		})
		_, err := c.Do(t.Context(), driver.Call{Op: "send", Route: "/", JSON: []byte("{}")})
		e := assertOutcome(t, err, verify.ErrUnavailable)
		assert.Equal(t, "no signature in time", e.Detail)
		require.ErrorIs(t, err, context.DeadlineExceeded)
	})
}

// A transport is not even asked, so that no hook tells that nothing left.
func TestCanceledWhileSigning(t *testing.T) {
	t.Parallel()
	for name, k := range kinds() {
		t.Run("the caller cancels while the request is signed, "+name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, answer(200, accepted))
			ctx, cancel := context.WithCancel(t.Context())
			c := signer(t, s.URL, func(*http.Request) error {
				cancel()
				return nil
			})
			_, err := c.Do(ctx, k.call)
			assertOutcome(t, err, verify.ErrUnavailable)
			assert.ErrorIs(t, err, context.Canceled)
			assert.Zero(t, s.now().conns)
		})
	}
}

var forged = map[string]string{
	"a line feed":       "Basic x\nX-Forged: 1",
	"a carriage return": "Basic x\rX-Forged: 1",
	"a zero byte":       "Basic x\x00",
	"a delete":          "Basic x\x7f",
	"a tab":             "Basic\tx",
	"an escape":         "Basic \x1b[31m",
}

func TestCredentialsThatForgeAHeader(t *testing.T) {
	t.Parallel()
	s := newServer(t, answer(200, accepted))
	c := newClient(t, s.URL, nil)
	for name, value := range forged {
		t.Run(name, func(t *testing.T) {
			_, err := driver.New(driver.Config{BaseURL: s.URL, Header: map[string]string{"Authorization": value}})
			require.EqualError(t, err, "a credential holds a control character or is empty")

			call := kinds()["send"].call
			call.Token = value
			_, err = c.Do(t.Context(), call)
			e := assertOutcome(t, err, verify.ErrUnsupported)
			assert.Equal(t, "the token holds a control character", e.Detail)
			assert.Zero(t, e.Requests)
		})
	}
	_, err := driver.New(driver.Config{BaseURL: s.URL, Header: map[string]string{"Authorization": ""}})
	require.Error(t, err, "an empty credential")
	assert.Zero(t, s.now().conns)
}

// The header that a vendor configures stands once, under whatever spelling.
func TestHeader(t *testing.T) {
	t.Parallel()
	s := newServer(t, answer(200, accepted))
	c, err := driver.New(driver.Config{BaseURL: s.URL, Header: map[string]string{
		"x-authy-api-key": "key", "accept": "application/vnd.acme+json", "Authorization": driver.Basic("user", "pass"),
	}})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, c.Close()) })
	call := driver.Call{Op: "check", Route: "/", JSON: []byte(`{"a": 1}`)}
	for range 2 {
		_, err = c.Do(t.Context(), call)
		require.NoError(t, err)
	}
	for _, header := range s.now().headers {
		assert.Equal(t, http.Header{
			"Accept": {"application/vnd.acme+json"}, "Accept-Encoding": {"identity"}, "User-Agent": {"go2fa-verify/devel (unknown)"},
			"X-Authy-Api-Key": {"key"}, "Authorization": {"Basic dXNlcjpwYXNz"},
			"Content-Type": {"application/json"}, "Content-Length": {"8"},
		}, header)
	}
}
