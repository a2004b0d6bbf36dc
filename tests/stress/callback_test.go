package stress

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/authy"
	"github.com/go2fa/verify/authy/authytest"
)

const callbackURL = "https://example.com/authy/callback"

// A callback is one request of Authy's, in pieces that can be changed.
type callback struct {
	to, method, nonce, signature string
	content                      []byte // a body or a query
}

func (c callback) request() *http.Request {
	r := &http.Request{Method: c.method, Header: http.Header{}, URL: &url.URL{Scheme: "https", Host: "example.com", Path: "/authy/callback"}}
	r.Body = http.NoBody
	if c.method == http.MethodGet {
		r.URL.RawQuery = string(c.content)
	} else {
		r.Body = io.NopCloser(bytes.NewReader(c.content))
	}
	r.Header["Content-Type"] = []string{"application/json"}
	r.Header["X-Authy-Signature-Nonce"] = []string{c.nonce}
	r.Header["X-Authy-Signature"] = []string{c.signature}
	return r
}

// An always is a Nonces that lets everything pass, so that only the signature
// stands in the way.
type always struct{}

// Fresh implements authy.Nonces.
func (always) Fresh(context.Context, string) (bool, error) { return true, nil }

func reader(t testing.TB, to string, nonces authy.Nonces) *authy.Users {
	t.Helper()
	u, err := authy.NewUsers(authy.Config{APIKey: authytest.APIKey, CallbackURL: to, Nonces: nonces})
	require.NoError(t, err)
	return u
}

// genuine makes n callbacks as Authy would: of yes and no, by POST and GET, with
// details in many letters.
func genuine(t testing.TB, n int) []callback {
	t.Helper()
	e := authytest.New(authytest.Options{})
	kindOf("authy users").register(t, e, asker)
	e.InstallApp(asker)
	users, err := authy.NewUsers(authy.Config{
		APIKey: authytest.APIKey, BaseURL: "http://vendor", HTTPClient: &http.Client{Transport: line{e}}, Directory: directory{},
	})
	require.NoError(t, err)
	texts := []string{"Aarhus * ~ é", "a b+c&d=e|f", "日本", `"q" \/`, "100 %", "[0] {1}", "", "x"}
	var all []callback
	for i := range n {
		text := texts[i%len(texts)]
		id, err := users.RequestApproval(t.Context(), asker, authy.Approval{
			Message: fmt.Sprintf("Log in %d? %s", i, text), Details: map[string]string{"Where": text, "How " + text: "n"},
			Hidden: map[string]string{"session": fmt.Sprint(i)},
		})
		require.NoError(t, err)
		if i%3 > 0 {
			require.True(t, e.Approve(id))
		} else {
			require.True(t, e.Deny(id))
		}
		r, err := e.Callback([]string{http.MethodPost, http.MethodGet}[i%2], callbackURL, id)
		require.NoError(t, err)
		content, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		if r.Method == http.MethodGet {
			content = []byte(r.URL.RawQuery)
		}
		all = append(all, callback{
			callbackURL, r.Method, r.Header.Get("X-Authy-Signature-Nonce"), r.Header.Get("X-Authy-Signature"), content,
		})
	}
	return all
}

// flip changes one bit of what is signed, or of the signature.
func (c callback) flip(rng *rand.Rand) callback {
	c.content = slices.Clone(c.content)
	bend := func(s string) string {
		b := []byte(s)
		b[rng.IntN(len(b))] ^= 1 << rng.IntN(8)
		return string(b)
	}
	switch rng.IntN(8) {
	case 0:
		c.to = bend(c.to)
	case 1:
		c.method = bend(c.method)
	case 2:
		c.nonce = bend(c.nonce)
	case 3:
		c.signature = bend(c.signature)
	default:
		c.content[rng.IntN(len(c.content))] ^= 1 << rng.IntN(8)
	}
	return c
}

func TestFlippedBits(t *testing.T) {
	n := size(5000, 1_000_000)
	vectors := genuine(t, 200)
	users := reader(t, callbackURL, always{})
	for i, c := range vectors {
		_, err := users.ReadCallback(c.request())
		require.NoError(t, err, "genuine callback %d: %s", i, c.content)
	}

	const workers = 4
	var flipped, accepted, words atomic.Int64
	var all sync.WaitGroup
	for worker := range workers {
		all.Go(func() {
			rng := rand.New(rand.NewPCG(*seed, uint64(worker)+7))
			for flipped.Load() < int64(n) {
				d := vectors[rng.IntN(len(vectors))].flip(rng)
				flipped.Add(1)
				u := users
				if d.to != callbackURL {
					other, err := authy.NewUsers(authy.Config{APIKey: authytest.APIKey, CallbackURL: d.to, Nonces: always{}})
					if err != nil {
						continue // no such URL can even be configured
					}
					u = other
				}
				got, err := u.ReadCallback(d.request())
				switch {
				case err != nil && got == (authy.Callback{}):
				case err == nil && d.isSigned():
					flipped.Add(-1) // of what is not signed: the name of an empty object, the case of an escape
					words.Add(1)
				default:
					accepted.Add(1)
					t.Errorf("accepted: %q", d)
				}
			}
		})
	}
	all.Wait()
	assert.Zero(t, accepted.Load())
	figure(t, "callback: %v one-bit flips of URL, method, nonce, signature, body or query from seed %v: %v accepted; %v of %v genuine callbacks accepted; %v more said the same in other words",
		int(flipped.Load()), int(*seed), int(accepted.Load()), len(vectors), len(vectors), int(words.Load()))
}

// TestReplays has each callback read once, however many come at once.
func TestReplays(t *testing.T) {
	n := size(50, 1000)
	vectors := genuine(t, 20)
	users := reader(t, callbackURL, nil)
	effects := 0
	for _, c := range vectors {
		var read atomic.Int64
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range n / 8 {
					_, err := users.ReadCallback(c.request())
					if err == nil {
						read.Add(1)
						continue
					}
					assert.ErrorIs(t, err, verify.ErrRejected)
				}
			})
		}
		all.Wait()
		require.EqualValues(t, 1, read.Load())
		effects++
	}
	figure(t, "callback: %v replays of each of %v callbacks, 8 at a time: %v effects", n/8*8, len(vectors), effects)
}

// FuzzCallback looks for a request that is taken for a callback without the
// signature of one.
func FuzzCallback(f *testing.F) {
	for method, content := range map[string]string{
		http.MethodPost: `{"authy_id":1000,"callback_action":"approval_request_status","uuid":"4a725520","status":"approved","l":["a",{"b":null}]}`,
		http.MethodGet:  "authy_id=1000&callback_action=approval_request_status&status=approved&uuid=4a725520&l%5B%5D=a",
	} {
		c := callback{callbackURL, method, "1512923419", "", []byte(content)}
		c.signature = base64.StdEncoding.EncodeToString(c.mac(false))
		_, err := reader(f, callbackURL, nil).ReadCallback(c.request())
		require.NoError(f, err)
		f.Add(c.method, c.nonce, c.signature, c.content)
	}
	f.Fuzz(func(t *testing.T, method, nonce, signature string, content []byte) {
		c := callback{callbackURL, method, nonce, signature, content}
		if _, err := reader(t, callbackURL, nil).ReadCallback(c.request()); err == nil && !c.isSigned() {
			t.Errorf("accepted: %q", c)
		}
	})
}
