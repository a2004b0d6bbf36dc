package driver

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Calls on our own transport share a header, which nobody writes to: not for a
// token, a header or a signature of one call, and not through a proxy.
func TestSharedHeaderStaysAsItIs(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if len(body) > 0 && body[0] == '{' {
			assert.Equal(t, jsonType[0], r.Header.Get("Content-Type"))
		} else if len(body) > 0 {
			assert.Equal(t, formType[0], r.Header.Get("Content-Type"))
		}
		assert.Equal(t, "1", r.Header.Get("X-Version"))
		assert.Equal(t, strings.HasSuffix(r.URL.Path, "token"), r.Header.Get("Authorization") != "")
		assert.Equal(t, strings.HasSuffix(r.URL.Path, "header"), r.Header.Get("X-Own") != "")
		w.WriteHeader(http.StatusCreated)
	}))
	t.Cleanup(s.Close)
	c, err := New(Config{Vendor: "acme", BaseURL: s.URL, Header: map[string]string{"X-Version": "1"}})
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	header, form, js := maps.Clone(c.header), maps.Clone(c.form), maps.Clone(c.json)

	var wait sync.WaitGroup
	for _, call := range []Call{
		{Op: "send", Route: "/form", Form: Form("a=b")},
		{Op: "send", Route: "/json", JSON: []byte("{}")},
		{Op: "send", Route: "/token", Form: Form("a=b"), Token: "Bearer x"},
		{Op: "send", Route: "/header", JSON: []byte("{}"), Header: map[string]string{"X-Own": "1"}},
		{Op: "check", Route: "/form", Form: Form("a=b"), Repeatable: true},
		{Op: "check", Method: http.MethodGet, Route: "/get", Repeatable: true},
	} {
		for range 3 {
			wait.Go(func() {
				_, err := c.Do(t.Context(), call)
				assert.NoError(t, err)
			})
		}
	}
	wait.Wait()

	signed, err := New(Config{Vendor: "acme", BaseURL: s.URL, Header: map[string]string{"X-Version": "1"}, Sign: func(r *http.Request, _ []byte) error {
		r.Header.Set("X-Signed", "1")
		return nil
	}})
	require.NoError(t, err)
	t.Cleanup(func() { _ = signed.Close() })
	_, err = signed.Do(t.Context(), Call{Op: "send", Route: "/form", Form: Form("a=b")})
	require.NoError(t, err)
	assert.Equal(t, form, signed.form)

	assert.Equal(t, header, c.header)
	assert.Equal(t, form, c.form)
	assert.Equal(t, js, c.json)
	assert.Empty(t, noHeader)
}

// The application's transport may write to a request's header, though it must
// not: no other request sees it. Nor does a second one of the same call, whose
// body is another one too: net/http may still read the first.
func TestHeaderOfTheApplicationsTransportIsItsOwn(t *testing.T) {
	t.Parallel()
	var requests int
	var unread io.Reader
	theirs := writesHeaders(func(r *http.Request) (*http.Response, error) {
		requests++
		assert.Empty(t, r.Header["X-Theirs"])
		r.Header.Set("X-Theirs", "1")
		if requests%2 == 1 {
			unread = r.Body
			return &http.Response{StatusCode: http.StatusTooManyRequests, Header: http.Header{}, Body: http.NoBody}, nil
		}
		for _, b := range []io.Reader{r.Body, unread} {
			body, err := io.ReadAll(b)
			assert.NoError(t, err)
			assert.Equal(t, "a=b", string(body))
		}
		return &http.Response{StatusCode: http.StatusCreated, Header: http.Header{}, Body: http.NoBody}, nil
	})
	c, err := New(Config{Vendor: "acme", BaseURL: "https://canary.example", Client: &http.Client{Transport: theirs}})
	require.NoError(t, err)
	for range 2 {
		_, err = c.Do(t.Context(), Call{Op: "send", Route: "/", Form: Form("a=b")})
		require.NoError(t, err)
	}
	assert.Equal(t, 4, requests)
	assert.Empty(t, noHeader)
}

type writesHeaders func(*http.Request) (*http.Response, error)

func (f writesHeaders) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
