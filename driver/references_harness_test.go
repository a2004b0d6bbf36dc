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
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
	"github.com/go2fa/verify/references"
)

// A vendorByID checks by an id that its send returned, in the shapes that Infobip
// documents: a PIN is good as often as it is asked, and a yes names the person
// without the plus.
type vendorByID struct {
	mu       sync.Mutex
	sent     int
	canceled []string
	codes    map[string]string // by id
	noID     bool
	beside   func(op string) // runs within a request, before the answer
}

func (v *vendorByID) RoundTrip(r *http.Request) (*http.Response, error) {
	connect(r)
	body, _ := io.ReadAll(r.Body) // of memory
	part := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	op := part[len(part)-1]
	v.mu.Lock()
	status, answer := 200, ""
	switch {
	case r.Method == http.MethodDelete:
		v.canceled = append(v.canceled, part[1])
		delete(v.codes, part[1])
		status = 204
	case op == "pin":
		v.sent++
		id := fmt.Sprintf("PIN%d", v.sent)
		v.codes[id] = fmt.Sprintf("%06d", v.sent)
		answer = `{"pinId":"` + id + `","to":"15005550006","smsStatus":"MESSAGE_SENT"}`
		if v.noID {
			answer = `{"pinId":"","smsStatus":"MESSAGE_SENT"}`
		}
	default:
		right, known := v.codes[part[1]]
		verified := known && strings.Contains(string(body), right)
		answer = fmt.Sprintf(`{"pinId":%q,"msisdn":"15005550006","verified":%t,"attemptsRemaining":4,"pinError":"WRONG_PIN"}`, part[1], verified)
	}
	beside := v.beside
	v.mu.Unlock()
	if beside != nil {
		beside(op)
	}
	return &http.Response{
		StatusCode: status, Header: http.Header{}, Request: r,
		Body: io.NopCloser(strings.NewReader(answer)), ContentLength: int64(len(answer)),
	}, nil
}

// A store keeps references in memory, and fails as it is told.
type store struct {
	references.Memory
	mu     sync.Mutex
	seen   []string // what a store is shown
	gets   []error
	sets   []error
	takes  []error
	silent bool // a failing Set or Take did its work all the same
}

var errStore = errors.New("canary: " + recipient)

func (s *store) fail(list *[]error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(*list) == 0 {
		return nil
	}
	err := (*list)[0]
	*list = (*list)[1:]
	return err
}

func (s *store) Get(ctx context.Context, key [16]byte) (string, bool, error) {
	if err := s.fail(&s.gets); err != nil {
		return "", false, err
	}
	return s.Memory.Get(ctx, key)
}

func (s *store) Set(ctx context.Context, key [16]byte, reference string, ttl time.Duration) error {
	s.mu.Lock()
	s.seen = append(s.seen, string(key[:]), reference, ttl.String())
	s.mu.Unlock()
	if err := s.fail(&s.sets); err != nil {
		if s.silent {
			_ = s.Memory.Set(ctx, key, reference, ttl) // the reply alone is lost
		}
		return err
	}
	return s.Memory.Set(ctx, key, reference, ttl)
}

func (s *store) Take(ctx context.Context, key [16]byte, reference string, id [16]byte) (bool, error) {
	if err := s.fail(&s.takes); err != nil {
		if s.silent {
			_, _ = s.Memory.Take(ctx, key, reference, id) // the reply alone is lost
		}
		return false, err
	}
	return s.Memory.Take(ctx, key, reference, id)
}

var key32 = []byte("0123456789abcdef0123456789abcdef")

// byID makes a client of a vendorByID.
func byID(t *testing.T, v *vendorByID, s references.References, change func(*driver.ReferencesConfig)) *driver.API {
	t.Helper()
	if v.codes == nil {
		v.codes = map[string]string{}
	}
	cfg := driver.ReferencesConfig{Store: s, Keys: [][]byte{key32}, Account: "acct", Once: true}
	if change != nil {
		change(&cfg)
	}
	refs, err := driver.NewReferences(cfg)
	require.NoError(t, err)
	a := &driver.API{
		Client: newClient(t, "https://canary.example", &http.Client{Transport: v}),
		Capabilities: verify.Capabilities{
			Vendor: "acme", Channels: []verify.Channel{verify.ChannelSMS, verify.ChannelEmail}, DefaultDigits: 6, MaxScope: 20,
		},
		NamesSubject: true, CheckOnce: true, References: refs,
		NewSend: func(s driver.Send) (driver.Call, error) {
			return driver.Call{Route: "/pin", JSON: []byte(`{"to":"` + s.To + `"}`)}, nil
		},
		ReadSend: func(_ driver.Send, r driver.Reply) (verify.Receipt, error) {
			var id, status string
			err := driver.Scan(r.Body, driver.Field{Key: "pinId", To: &id, Need: true}, driver.Field{Key: "smsStatus", To: &status, Need: true})
			return verify.Receipt{ID: driver.ReceiptID(id)}, err
		},
		NewCheck: func(c driver.Check) (driver.Call, error) {
			return driver.Call{Route: "/pin/{id}/verify", Args: []string{c.Reference}, JSON: []byte(`{"pin":"` + c.Code + `"}`)}, nil
		},
		ReadCheck: func(_ driver.Check, r driver.Reply) (driver.Verdict, error) {
			var verified bool
			var msisdn, problem string
			err := driver.Scan(r.Body, driver.Field{Key: "verified", To: &verified, Need: true},
				driver.Field{Key: "msisdn", To: &msisdn}, driver.Field{Key: "pinError", To: &problem})
			if err != nil {
				return driver.Verdict{}, err
			}
			if verified {
				return driver.Approved(msisdn), nil
			}
			return driver.Denied(map[string]verify.Outcome{
				"WRONG_PIN": verify.ErrMismatch, "TTL_EXPIRED": verify.ErrNotPending, "NO_MORE_PIN_ATTEMPTS": verify.ErrTooManyAttempts,
			}[problem]).WithCode(problem), nil
		},
		NewCancel: func(c driver.Check) (driver.Call, error) {
			return driver.Call{Method: "DELETE", Route: "/pin/{id}", Args: []string{c.Reference}}, nil
		},
	}
	return a
}
