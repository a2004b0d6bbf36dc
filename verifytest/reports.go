package verifytest

import (
	"cmp"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/delivery"
)

// A ReportsSuite is what [RunReports] needs of a vendor's reports.
type ReportsSuite struct {
	// New makes the handler with the secrets that Genuine signs by. Required.
	New func(delivery.Config, delivery.Handle) (http.Handler, error)
	// Genuine makes a signed request, the same at each call, for each event that the
	// vendor documents. Required.
	Genuine map[string]func() *http.Request
	// Want are the events of these requests, without their times.
	Want map[string]delivery.Event
	// Message makes signed requests of as many different messages as are asked for, in
	// whose place those of Genuine stand if it is left out.
	Message func(i int) *http.Request
	// Signature and Signed name the header of the signature, and those that are signed.
	// The body is signed in any case.
	Signature string
	Signed    []string
	// SecretPath says that the vendor signs nothing, and that the last segment of the
	// URL's path is a secret in place of Signature.
	SecretPath bool
	// Unsigned names the bits that the vendor does not sign, each with a func that knows
	// them: in a part, which is "body", "path" or the name of a header, and of a value.
	// Whatever they are, an Event stays the same. Defaults to none.
	Unsigned map[string]func(part, value string, bit int) bool
	// NoneOnItsWay says that the vendor reports no message on its way, so that no status
	// can move back.
	NoneOnItsWay bool
	// MaxBody is how many bytes of a request are read. Defaults to delivery.MaxBody.
	MaxBody int
	// Secret are texts that stand in the requests and may stand nowhere else: a
	// recipient, a code.
	Secret []string
}

// RunReports checks what every vendor's reports promise: genuine ones are taken, each
// one-bit change of what is signed and of the signature of 20 messages is refused, what
// is not signed changes no Event, a report that comes again has its effect once, one
// whose effect failed comes again, a status never moves back, and nothing tells a
// recipient or a code.
//
// With FLIPS=1000000 in the environment so many bits of 200 messages are changed, by lots
// that SEED draws, 1 by default.
func RunReports(t *testing.T, s ReportsSuite) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(s.Genuine)) {
		genuine := s.Genuine[name]
		t.Run("genuine/"+name, func(t *testing.T) { s.genuine(t, genuine(), s.Want[name]) })
		t.Run("again/"+name, func(t *testing.T) { s.again(t, genuine) })
		t.Run("failed/"+name, func(t *testing.T) { s.failed(t, genuine) })
		t.Run("refused/"+name, func(t *testing.T) { s.refused(t, genuine) })
	}
	t.Run("changed", s.changed)
	t.Run("order", s.order)
}

// book writes events down.
type book struct {
	mu     sync.Mutex
	events []delivery.Event
	errs   []error
	fail   error
	panics bool
}

func (b *book) handle(_ context.Context, e delivery.Event) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.panics {
		panic("of the application")
	}
	if b.fail != nil {
		return b.fail
	}
	b.events = append(b.events, e)
	return nil
}

func (s ReportsSuite) handler(t *testing.T, cfg delivery.Config) (*book, http.Handler) {
	t.Helper()
	b := &book{}
	cfg.OnRefused = func(_ context.Context, err error) { b.errs = append(b.errs, err) }
	h, err := s.New(cfg, b.handle)
	require.NoError(t, err)
	return b, h
}

func (s ReportsSuite) open(t *testing.T) (*book, func(*http.Request) int) {
	t.Helper()
	b, h := s.handler(t, delivery.Config{})
	return b, func(r *http.Request) int {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		assert.Empty(t, w.Body.String(), "an answer tells nothing")
		return w.Code
	}
}

func (s ReportsSuite) genuine(t *testing.T, r *http.Request, want delivery.Event) {
	b, post := s.open(t)
	assert.Equal(t, http.StatusOK, post(r))
	require.Len(t, b.events, 1)
	got := b.events[0]
	assert.False(t, got.At.IsZero())
	want.At = got.At
	assert.Equal(t, want, got)
	for _, secret := range s.Secret {
		for _, field := range []string{got.ID, string(got.Status), got.VendorCode, got.Vendor} {
			assert.NotContains(t, field, secret)
		}
	}
}

func (s ReportsSuite) again(t *testing.T, genuine func() *http.Request) {
	b, post := s.open(t)
	for range 1000 {
		assert.Equal(t, http.StatusOK, post(genuine()))
	}
	assert.Len(t, b.events, 1)
}

func (s ReportsSuite) failed(t *testing.T, genuine func() *http.Request) {
	b, post := s.open(t)
	b.fail = errors.New("the database is away")
	assert.Equal(t, http.StatusServiceUnavailable, post(genuine()), "so that it comes again")
	b.fail, b.panics = nil, true
	assert.Equal(t, http.StatusServiceUnavailable, post(genuine()))
	b.panics = false
	for range 3 {
		assert.Equal(t, http.StatusOK, post(genuine()))
	}
	assert.Len(t, b.events, 1, "and is taken once")
}

func (s ReportsSuite) refused(t *testing.T, genuine func() *http.Request) {
	for name, tc := range map[string]struct {
		change func(*http.Request)
		code   int
	}{
		"no signature":         {s.unsign, http.StatusForbidden},
		"an empty signature":   {s.empty, http.StatusForbidden},
		"another method":       {func(r *http.Request) { r.Method = http.MethodPut }, http.StatusMethodNotAllowed},
		"another content type": {func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, http.StatusUnsupportedMediaType},
		"a large body": {func(r *http.Request) {
			r.Body = io.NopCloser(strings.NewReader(strings.Repeat("a", cmp.Or(s.MaxBody, delivery.MaxBody)+1)))
		}, http.StatusRequestEntityTooLarge},
	} {
		b, post := s.open(t)
		r := genuine()
		tc.change(r)
		assert.Equal(t, tc.code, post(r), name)
		assert.Empty(t, b.events, name)
	}
	b, post := s.open(t)
	r := genuine()
	r.Host = "attacker.example"
	if !s.SecretPath {
		r.URL.Path = "/elsewhere"
	}
	r.Header.Set("X-Forwarded-Host", "attacker.example")
	assert.Equal(t, http.StatusOK, post(r), "nothing of where it came in is asked")
	assert.Len(t, b.events, 1)
}

func (s ReportsSuite) unsign(r *http.Request) {
	if s.SecretPath {
		r.URL.Path = path.Dir(r.URL.Path)
	}
	r.Header.Del(s.Signature)
}

func (s ReportsSuite) empty(r *http.Request) {
	if s.SecretPath {
		r.URL.Path = path.Dir(r.URL.Path) + "/"
		return
	}
	r.Header.Set(s.Signature, "")
}

// order has a report on the way come after the final one of the same message. A vendor
// that reports only how it ended has no order.
func (s ReportsSuite) order(t *testing.T) {
	if !slices.ContainsFunc(slices.Collect(maps.Values(s.Want)), func(e delivery.Event) bool { return !e.Status.Final() }) {
		t.Skip("all reports of this vendor are final")
	}
	for final, after := range s.Want {
		for early, before := range s.Want {
			if !after.Status.Final() || before.Status.Final() || after.ID != before.ID {
				continue
			}
			b, post := s.open(t)
			assert.Equal(t, http.StatusOK, post(s.Genuine[final]()))
			assert.Equal(t, http.StatusOK, post(s.Genuine[early]()), "it need not come again")
			assert.Len(t, b.events, 1, "a status never moves back")
			return
		}
	}
	if s.NoneOnItsWay {
		t.Skip("the vendor reports no message on its way")
	}
	t.Fatal("verifytest: Genuine needs a report on the way and a final one of one message")
}
