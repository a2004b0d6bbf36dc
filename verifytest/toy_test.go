package verifytest_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/ports"
	"github.com/go2fa/verify/verifytest"
)

const key = "toy-placeholder-key"

// An emulator is Toy in memory.
type emulator struct {
	mu    sync.Mutex
	ahead time.Duration // of the clock
	codes map[string]pending
	sends int
	fault verifytest.Fault
}

type pending struct {
	code string
	dies time.Time
}

func (e *emulator) locked(do func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	do()
}

// ServeHTTP does what it was asked to, and then lets the fault spoil the answer.
func (e *emulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault := e.next()
	no, refused := refusing[fault]
	if r.Header.Get("Authorization") != "Bearer "+key {
		no, refused = refusal{401, "bad_key", ""}, true
	}
	if refused {
		refuse(w, no)
		return
	}
	to := r.PostFormValue("to")
	status := e.act(r, to+" "+r.PostFormValue("purpose"))
	spoil(w, r, fault, fmt.Sprintf(`{"status":%q,"to":%q}`, status, to))
}

// act sends or checks, and returns the status to answer.
func (e *emulator) act(r *http.Request, subject string) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	now := time.Now().Add(e.ahead)
	if r.URL.Path == "/v1/send" {
		e.sends++
		e.codes[subject] = pending{code: fmt.Sprintf("%06d", rand.IntN(1e6)), dies: now.Add(10 * time.Minute)}
		return "sent"
	}
	p := e.codes[subject]
	switch {
	case !now.Before(p.dies):
		return "gone"
	case p.code != r.PostFormValue("code"):
		return "wrong"
	}
	delete(e.codes, subject)
	return "approved"
}

type refusal struct {
	status           int
	code, retryAfter string
}

func refuse(w http.ResponseWriter, r refusal) {
	if r.retryAfter != "" {
		w.Header().Set("Retry-After", r.retryAfter)
	}
	w.WriteHeader(r.status)
	_, _ = fmt.Fprintf(w, `{"error":%q}`, r.code)
}

// refusing are the faults in which Toy does nothing and says so.
var refusing = map[verifytest.Fault]refusal{
	verifytest.FaultRateLimited:               {429, "throttled", ""},
	verifytest.FaultRateLimitedForAnHour:      {429, "throttled", "3600"},
	verifytest.FaultTooManySends:              {429, "too_many_sends", ""},
	verifytest.FaultBlocked:                   {403, "blocked", ""},
	verifytest.FaultRefusedRecipient:          {422, "bad_number", ""},
	verifytest.FaultBadCredentials:            {401, "bad_key", ""},
	verifytest.FaultCheckRateLimitedForAnHour: {429, "throttled", "3600"},
	verifytest.FaultTooManyAttempts:           {429, "too_many_attempts", ""},
	verifytest.FaultCheckBadCredentials:       {401, "bad_key", ""},
}

// spoil answers what was done, as far as the fault lets it.
func spoil(w http.ResponseWriter, r *http.Request, fault verifytest.Fault, answer string) {
	switch fault {
	case verifytest.FaultReplyLost, verifytest.FaultCheckReplyLost, verifytest.FaultCheckReplyLostOnce:
		panic(http.ErrAbortHandler) // ends the connection
	case verifytest.FaultTimeout, verifytest.FaultCheckTimeout:
		<-r.Context().Done()
	case verifytest.FaultServerError, verifytest.FaultCheckServerError:
		refuse(w, refusal{500, "internal", ""})
	case verifytest.FaultBadGateway:
		http.Error(w, "<html>a proxy's page</html>", http.StatusBadGateway)
	case verifytest.FaultCheckNotFound:
		http.Error(w, "<html>a proxy's page</html>", http.StatusNotFound)
	case verifytest.FaultRedirected:
		http.Redirect(w, r, "http://127.0.0.1:1/v1/send", http.StatusTemporaryRedirect)
	case verifytest.FaultTruncated, verifytest.FaultCheckTruncated:
		w.Header().Set("Content-Length", fmt.Sprint(len(answer)))
		_, _ = io.WriteString(w, answer[:len(answer)/2])
	case verifytest.FaultUnknownBody, verifytest.FaultCheckUnknownBody:
		_, _ = io.WriteString(w, strings.NewReplacer("sent", "perhaps", "approved", "perhaps").Replace(answer))
	case verifytest.FaultCheckOtherSubject:
		_, _ = fmt.Fprintf(w, `{"status":"approved","to":%q}`, verifytest.Other)
	default:
		_, _ = io.WriteString(w, answer)
	}
}

// next is the fault that a request meets. One of them shows itself only once.
func (e *emulator) next() (fault verifytest.Fault) {
	e.locked(func() {
		fault = e.fault
		if fault == verifytest.FaultCheckReplyLostOnce {
			e.fault = ""
		}
	})
	return fault
}

// client is a Client before a server of its own.
func client(t *testing.T, vendor http.Handler) (*Client, *httptest.Server) {
	srv := httptest.NewServer(vendor)
	t.Cleanup(srv.Close)
	c, err := New(Config{Key: key, BaseURL: srv.URL})
	if err != nil {
		t.Fatal(err)
	}
	return c, srv
}

func TestToyKeepsThePromises(t *testing.T) {
	verifytest.Run(t, func(t *testing.T) verifytest.Target {
		e := &emulator{codes: map[string]pending{}}
		c, srv := client(t, e)
		return verifytest.Target{
			Verifier: c,
			Secrets:  []string{key},
			Code: func(to, scope string) (code string) {
				e.locked(func() { code = e.codes[to+" "+scope].code })
				return code
			},
			Effects: func() (n int) {
				e.locked(func() { n = e.sends })
				return n
			},
			Advance: func(d time.Duration) { e.locked(func() { e.ahead += d }) },
			Fault: func(f verifytest.Fault) bool {
				if f == verifytest.FaultUnreachable || f == verifytest.FaultCheckUnreachable {
					srv.Close()
					t.Cleanup(ports.Hold(srv.Listener.Addr()))
				}
				e.locked(func() { e.fault = f })
				return true
			},
		}
	})
}

func TestToyApprovesOnAnExplicitYes(t *testing.T) {
	for body, want := range map[string]verify.Outcome{
		`{"status":"approved","to":"+15005550006"}`:                                "",
		`{"id":7,"x":{"status":"wrong"},"status":"approved","to":"+15005550006"}`:  "",
		`{"status":"wrong","to":"+15005550006"}`:                                   verify.ErrMismatch,
		`{"status":"approved"}`:                                                    verify.ErrOutcomeUnknown,
		`{"status":"approved","to":"+15017122661"}`:                                verify.ErrOutcomeUnknown,
		`{"status":"Approved","to":"+15005550006"}`:                                verify.ErrOutcomeUnknown,
		`{"STATUS":"approved","to":"+15005550006"}`:                                verify.ErrOutcomeUnknown,
		`{"status":"wrong","status":"approved","to":"+15005550006"}`:               verify.ErrOutcomeUnknown,
		`{"x":{"status":"approved"},"to":"+15005550006"}`:                          verify.ErrOutcomeUnknown,
		`{"status":true,"to":"+15005550006"}`:                                      verify.ErrOutcomeUnknown,
		`{"status":"approved","to":"+15005550006"}{}`:                              verify.ErrOutcomeUnknown,
		`{"status":"approved","to":"+15005550006"}` + strings.Repeat(" ", maxBody): verify.ErrOutcomeUnknown,
		`{"status":"sent","to":"+15017122661"}`:                                    verify.ErrOutcomeUnknown,
		``:                                                                         verify.ErrOutcomeUnknown,
	} {
		c, _ := client(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !r.Close {
				t.Error("the connection is kept")
			}
			_, _ = io.WriteString(w, body)
		}))
		if got := verify.OutcomeOf(c.Check(t.Context(), verifytest.To, "123456")); got != want {
			t.Errorf("%.80s: got %q, not %q", body, got, want)
		}
		if _, err := c.Send(t.Context(), verifytest.To); !errors.Is(err, verify.ErrOutcomeUnknown) {
			t.Errorf("%.80s: nothing says that a code was sent, and Send says %v", body, err)
		}
	}
}

// A page with a status of 404 is not Toy's word that no code is pending.
func TestToyIsNotAProxy(t *testing.T) {
	c, _ := client(t, http.NotFoundHandler())
	if err := c.Check(t.Context(), verifytest.To, "123456"); !errors.Is(err, verify.ErrOutcomeUnknown) {
		t.Errorf("got %v", err)
	}
}

func TestToyStopsReading(t *testing.T) {
	sent := make(chan int, 1)
	c, _ := client(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := 0
		for err := error(nil); n < 64<<20 && err == nil; n += maxBody {
			_, err = w.Write(make([]byte, maxBody))
		}
		sent <- n
	}))
	err := c.Check(t.Context(), verifytest.To, "123456")
	if n := <-sent; n == 64<<20 || !errors.Is(err, verify.ErrOutcomeUnknown) {
		t.Errorf("read %d bytes and said %v", n, err)
	}
}

func TestToyRefusesAnotherConfig(t *testing.T) {
	for _, cfg := range []Config{
		{BaseURL: "https://toy.example"},
		{Key: key + "\r\nX: y", BaseURL: "https://toy.example"},
		{Key: key, BaseURL: "http://toy.example"},
		{Key: key, BaseURL: "https://" + key + "@toy.example"},
		{Key: key, BaseURL: "https://toy.example/%" + key},
	} {
		if _, err := New(cfg); err == nil || strings.Contains(err.Error(), key) {
			t.Errorf("want an error without the key, got %v", err)
		}
	}
}

func TestToyPrintsNoKey(t *testing.T) {
	cfg := Config{Key: key, BaseURL: "https://toy.example"}
	c, err := New(cfg)
	if text := fmt.Sprintf("%v %+v %#v %v %+v %#v", cfg, cfg, cfg, c, c, *c); err != nil || strings.Contains(text, key) {
		t.Errorf("the key is printed, or %v", err)
	}
}
