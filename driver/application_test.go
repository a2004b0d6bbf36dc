package driver_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

// A jar counts how often it is asked.
type jar struct{ asked atomic.Int32 }

func (j *jar) SetCookies(*url.URL, []*http.Cookie)   { j.asked.Add(1) }
func (j *jar) Cookies(*url.URL) (all []*http.Cookie) { j.asked.Add(1); return }

// Of the application's client only the transport and the timeout are used: the
// rest would break promises, and is left as it was.
func TestClientOfTheApplication(t *testing.T) {
	t.Parallel()
	canary := newServer(t, answer(200, accepted))
	s := newServer(t, answer(307, "", "Location: "+canary.URL, "Set-Cookie: session=canary"))
	asked := errors.New("asked")
	theirs := &http.Client{
		Jar: &jar{}, Transport: &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return asked },
	}
	before := *theirs
	c := newClient(t, s.URL, theirs)
	t.Cleanup(theirs.CloseIdleConnections)
	for range 2 {
		_, err := c.Do(t.Context(), kinds()["send"].call)
		assertOutcome(t, err, unknown)
	}
	assert.Zero(t, canary.now().conns, "nothing is forwarded")
	assert.Zero(t, theirs.Jar.(*jar).asked.Load(), "no cookie is kept")
	for _, header := range s.now().headers {
		assert.NotContains(t, header, "Cookie")
	}
	assert.Same(t, before.Transport, theirs.Transport)
	assert.Equal(t, before.Timeout, theirs.Timeout)
	assert.Equal(t, asked, theirs.CheckRedirect(nil, nil))
}

func TestTimeoutOfTheApplication(t *testing.T) {
	t.Parallel()
	s := newServer(t, hang(""))
	for name, theirs := range map[string]*http.Client{
		"on our transport":   {Timeout: soon},
		"on one of its own":  {Timeout: soon, Transport: &http.Transport{}},
		"on one that is old": {Timeout: soon, Transport: http.DefaultTransport.(*http.Transport).Clone()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			timely(t, soon, func() {
				_, err := newClient(t, s.URL, theirs).Do(t.Context(), kinds()["send"].call)
				assertOutcome(t, err, unknown)
				assert.ErrorIs(t, err, context.DeadlineExceeded)
			})
		})
	}
}

// A test double of an application need not keep the promises of net/http.
func TestCarelessTransports(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		resp *http.Response
		want verify.Outcome
	}{
		"neither answer nor error":   {nil, unknown},
		"an answer without a body":   {&http.Response{StatusCode: 200}, unknown},
		"a refusal without a body":   {&http.Response{StatusCode: 400}, verify.ErrRejected},
		"no status":                  {&http.Response{Body: http.NoBody}, unknown},
		"a length that is not true":  {&http.Response{StatusCode: 200, ContentLength: 9, Body: http.NoBody}, unknown},
		"a length that is too short": {&http.Response{StatusCode: 200, ContentLength: 9, Body: accepting()}, unknown},
		"a length that is not known": {&http.Response{StatusCode: 200, ContentLength: -1, Body: accepting()}, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tries := 0
			c := newClient(t, "https://canary.example", &http.Client{Transport: roundTripper(
				func(*http.Request) (*http.Response, error) {
					tries++
					return test.resp, nil
				})})
			_, err := ask(t.Context(), c, kinds()["send"].call)
			assert.Equal(t, 1, tries)
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			e := assertOutcome(t, err, test.want)
			assert.NotEmpty(t, e.Detail)
		})
	}
}

// A transport that answers from a body which fails is read as the wire is.
func TestBodyThatFails(t *testing.T) {
	t.Parallel()
	c := newClient(t, "https://canary.example", &http.Client{Transport: roundTripper(
		func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(failing{})}, nil
		})})
	_, err := c.Do(t.Context(), kinds()["send"].call)
	assertOutcome(t, err, unknown)
}

func accepting() io.ReadCloser { return io.NopCloser(strings.NewReader(accepted)) }

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New(prose + recipient) }
