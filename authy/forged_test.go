package authy_test

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/authy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestForgedCallback(t *testing.T) {
	t.Parallel()
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	content := func(s string) func(*http.Request) {
		return func(r *http.Request) { r.Body = io.NopCloser(strings.NewReader(s)) }
	}
	for name, change := range map[string]func(*http.Request){
		"no signature":               func(r *http.Request) { r.Header.Del("X-Authy-Signature") },
		"an empty signature":         set("X-Authy-Signature", ""),
		"two signatures":             func(r *http.Request) { r.Header.Add("X-Authy-Signature", r.Header.Get("X-Authy-Signature")) },
		"no nonce":                   func(r *http.Request) { r.Header.Del("X-Authy-Signature-Nonce") },
		"two nonces":                 func(r *http.Request) { r.Header.Add("X-Authy-Signature-Nonce", "1512923419") },
		"another nonce":              set("X-Authy-Signature-Nonce", "1512923420"),
		"a nonce with a separator":   set("X-Authy-Signature-Nonce", "1512923419|POST"),
		"a nonce that is too long":   set("X-Authy-Signature-Nonce", strings.Repeat("1", 65)),
		"a signature of zeros":       set("X-Authy-Signature", base64.StdEncoding.EncodeToString(make([]byte, 32))),
		"a signature not in base64":  set("X-Authy-Signature", "*"),
		"a signature in other words": func(r *http.Request) { bend(r) },
		"half a signature":           func(r *http.Request) { r.Header.Set("X-Authy-Signature", r.Header.Get("X-Authy-Signature")[:20]) },
		"another body":               content(body("denied")),
		"a body and something else":  content(body("approved") + "{}"),
		"another spelling of a key":  content(strings.Replace(body("approved"), "status", "Status", 1)),
		"an empty body":              content(""),
		"a body of 65 KiB":           content(body("approved") + strings.Repeat(" ", 64<<10)),
		"a body that breaks off":     func(r *http.Request) { r.Body = io.NopCloser(iotest.ErrReader(errors.New("reset"))) },
		"another method":             func(r *http.Request) { r.Method = http.MethodPut },
		"a form":                     set("Content-Type", "application/x-www-form-urlencoded"),
		"no content type":            set("Content-Type", ""),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			users, _ := emulated(t, listening)
			r := signed(http.MethodPost, body("approved"))
			change(r)
			got, err := users.ReadCallback(r)
			require.ErrorIs(t, err, verify.ErrRejected)
			assert.Zero(t, got)
			assert.NotContains(t, err.Error(), answeredID)

			_, err = users.ReadCallback(signed(http.MethodPost, body("approved")))
			require.NoError(t, err, "what is forged does not use up the genuine one")
		})
	}
}

// What has a bar in it might be cut elsewhere than where it was joined.
func TestNonceIsPlain(t *testing.T) {
	t.Parallel()
	users, _ := emulated(t, listening)
	for nonce, want := range map[string]verify.Outcome{
		"1427849783.886085": "", "a-B_9": "", "1|POST": verify.ErrRejected, "1 2": verify.ErrRejected, "é": verify.ErrRejected,
		strings.Repeat("1", 64): "", strings.Repeat("1", 65): verify.ErrRejected, "": verify.ErrRejected,
	} {
		_, err := users.ReadCallback(signedWith(nonce, http.MethodPost, body("denied")))
		assert.Equal(t, want, verify.OutcomeOf(err), "%q: %v", nonce, err)
	}
}

// bend changes the bits behind the end of a base64 text, which mean nothing.
func bend(r *http.Request) {
	s := []byte(r.Header.Get("X-Authy-Signature"))
	s[len(s)-2]++
	r.Header.Set("X-Authy-Signature", string(s))
}

func TestForgedCallbackByGET(t *testing.T) {
	t.Parallel()
	users, _ := emulated(t, listening)
	query := "authy_id=1000&callback_action=approval_request_status&status=approved&uuid=" + answeredID
	for name, raw := range map[string]string{
		"a value more":       query + "&status=approved",
		"a value of another": strings.Replace(query, "approved", "denied", 1),
		"not decodable":      query + "&a=%",
		"65 KiB":             query + strings.Repeat("&", 64<<10),
		"nothing":            "",
	} {
		r := signed(http.MethodGet, query)
		r.URL.RawQuery = raw
		_, err := users.ReadCallback(r)
		require.ErrorIs(t, err, verify.ErrRejected, name)
	}
	got, err := users.ReadCallback(signed(http.MethodGet, query))
	require.NoError(t, err)
	assert.Equal(t, authy.Approved, got.Status)
}

func TestHugeCallbackIsRefusedAtOnce(t *testing.T) {
	t.Parallel()
	users, _ := emulated(t, listening)
	r := signed(http.MethodPost, body("approved"))
	r.Body = io.NopCloser(endless{})
	begin := time.Now()
	_, err := users.ReadCallback(r)
	require.ErrorIs(t, err, verify.ErrRejected)
	assert.Less(t, time.Since(begin), 2*time.Second)
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// What is not signed at all is refused for the price of its headers.
func TestWithoutASignatureTheBodyIsNotRead(t *testing.T) {
	t.Parallel()
	users, _ := emulated(t, listening)
	for name, signature := range map[string]string{
		"none":     "",
		"31 bytes": base64.StdEncoding.EncodeToString(make([]byte, 31)),
		"33 bytes": base64.StdEncoding.EncodeToString(make([]byte, 33)),
		"a word":   "c2lnbmVk",
	} {
		r := signed(http.MethodPost, body("approved"))
		r.Header.Set("X-Authy-Signature", signature)
		unread := &counting{}
		r.Body = io.NopCloser(unread)
		_, err := users.ReadCallback(r)
		require.ErrorIs(t, err, verify.ErrRejected, name)
		assert.Zero(t, unread.reads, name)
	}
}

type counting struct{ reads int }

func (c *counting) Read([]byte) (int, error) {
	c.reads++
	return 0, io.EOF
}
