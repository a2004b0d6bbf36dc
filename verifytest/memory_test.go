package verifytest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go2fa/verify"
)

// A memory is a small honest Verifier with its vendor in one, but for its flaw.
type memory struct {
	flaw         string
	capabilities verify.Capabilities

	mu    sync.Mutex
	now   time.Time
	live  map[string]sent // by recipient and scope
	last  map[string]string
	sends int
	fault Fault

	looking atomic.Int32 // how many have yet to see a code, before anybody takes it
}

type sent struct {
	code        string
	transaction verify.Transaction
	expires     time.Time
}

var (
	_ verify.Verifier = (*memory)(nil)
	_ verify.Canceler = (*memory)(nil)
)

func able() verify.Capabilities {
	return verify.Capabilities{
		Vendor: "memory", MinDigits: 4, MaxDigits: 8, DefaultDigits: 6, MaxScope: 32, Transaction: true,
		Channels: []verify.Channel{verify.ChannelSMS, verify.ChannelVoice, verify.ChannelEmail},
	}
}

// plain can do as little as a vendor may.
func plain() verify.Capabilities {
	return verify.Capabilities{Vendor: "memory", Channels: []verify.Channel{verify.ChannelSMS}}
}

func newMemory(capabilities verify.Capabilities, flaw string) *memory {
	m := &memory{flaw: flaw, capabilities: capabilities, now: time.Now(), live: map[string]sent{}, last: map[string]string{}}
	m.looking.Store(2 * checkers)
	return m
}

func (m *memory) target() Target {
	return Target{
		Verifier: m, Secrets: []string{"canary-token"},
		Code: func(to, scope string) string {
			m.mu.Lock()
			defer m.mu.Unlock()
			return m.last[to+" "+scope]
		},
		Advance: func(d time.Duration) { m.now = m.now.Add(d) },
		Effects: func() int { return m.sends },
		Fault: func(f Fault) bool {
			m.fault = f
			return true
		},
	}
}

func (m *memory) has(flaw string) bool { return m.flaw == flaw }

func (m *memory) fail(op string, kind verify.Outcome, cause error) error {
	return &verify.Error{Vendor: "memory", Op: op, Outcome: kind, Err: cause}
}

func (m *memory) Capabilities() verify.Capabilities {
	capabilities := m.capabilities
	switch m.flaw {
	case "offers the app":
		capabilities.Channels = append(slices.Clone(capabilities.Channels), verify.ChannelApp)
	case "offers no channel":
		capabilities.Channels = nil
	case "counts from eight to four":
		capabilities.MinDigits, capabilities.MaxDigits = 8, 4
	case "sends nine digits by default":
		capabilities.DefaultDigits = 9
	case "scopes without end":
		capabilities.MaxScope = 1000
	case "a scope with a space":
		capabilities.Scopes = []string{"log in"}
	case "says that it honors keys":
		capabilities.IdempotencyKey = true
	case "another answer each time":
		m.sends++
		capabilities.MaxScope = m.sends
	}
	return capabilities
}

func (m *memory) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	capabilities := m.capabilities
	switch m.flaw {
	case "trims the recipient":
		to = strings.Map(func(r rune) rune {
			if strings.ContainsRune(" \n-()", r) {
				return -1
			}
			return r
		}, to)
	case "sends by any channel":
		capabilities.Channels = append(slices.Clone(capabilities.Channels), "pigeon")
	case "offers whatsapp silently":
		capabilities.Channels = append(slices.Clone(capabilities.Channels), verify.ChannelWhatsApp)
	case "sends any number of digits":
		capabilities.MaxDigits = 1 << 30
	case "cuts long scopes":
		capabilities.MaxScope = 64
	case "knows no hints":
		if len(opts) == 4 {
			return verify.Receipt{}, m.fail("send", verify.ErrUnsupported, nil)
		}
	case "refuses eight digits":
		capabilities.MaxDigits = 7
	case "binds silently":
		capabilities.Transaction = true
	case "takes no key for a key":
		opts = slices.DeleteFunc(slices.Clone(opts), func(o verify.SendOption) bool { return o == verify.SendOption(verify.WithIdempotencyKey("")) })
	}
	req, err := capabilities.SendRequest(to, opts...)
	switch {
	case m.has("refuses after sending") && err != nil:
		m.sends++
	case m.has("sends nothing"):
		return verify.Receipt{}, m.fail("send", verify.ErrRejected, nil)
	}
	if err != nil {
		return verify.Receipt{}, err
	}
	if err := m.ended(ctx, "send"); err != nil {
		return verify.Receipt{}, err
	}
	if err := m.failSend(ctx); err != nil {
		return verify.Receipt{}, err
	}
	return m.deliver(req), nil
}

// ended refuses a context that has ended.
func (m *memory) ended(ctx context.Context, op string) error {
	switch err := ctx.Err(); {
	case err == nil, m.has("deaf to the context"):
		return nil
	case m.has("swallows the context's error"):
		return m.fail(op, verify.ErrUnavailable, nil)
	case m.has("knows nothing of a canceled call"):
		return m.fail(op, verify.ErrOutcomeUnknown, err)
	default:
		return m.fail(op, verify.ErrUnavailable, err)
	}
}

func (m *memory) failSend(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	refusals := map[Fault]verify.Outcome{
		FaultUnreachable: verify.ErrUnavailable, FaultRateLimited: verify.ErrRateLimited, FaultRateLimitedForAnHour: verify.ErrRateLimited,
		FaultTooManySends: verify.ErrTooManySends, FaultBlocked: verify.ErrBlocked,
		FaultRefusedRecipient: verify.ErrInvalidRecipient, FaultBadCredentials: verify.ErrUnauthorized,
	}
	unknowns := []Fault{
		FaultServerError, FaultBadGateway, FaultReplyLost, FaultTimeout, FaultTruncated, FaultUnknownBody, FaultRedirected,
	}
	kind, refused := refusals[m.fault]
	switch {
	case m.has("mistakes "+string(m.fault)) && m.fault != "":
		return m.fail("send", verify.ErrRejected, nil)
	case refused && m.has("sends when unreachable"):
		m.sends++
		return m.fail("send", kind, nil)
	case m.fault == FaultRateLimitedForAnHour:
		return m.anHour(ctx, "send")
	case refused:
		return m.fail("send", kind, nil)
	case !slices.Contains(unknowns, m.fault):
		return nil
	case m.has("sends again after " + string(m.fault)):
		m.sends++
	case m.has("reports success at " + string(m.fault)):
		return nil
	case m.has("fails over after " + string(m.fault)):
		m.sends++
		return m.fail("send", verify.ErrUnavailable, nil)
	case m.has("obeys no deadline") && m.fault == FaultTimeout:
		time.Sleep(ages)
	}
	m.sends++
	return m.fail("send", verify.ErrOutcomeUnknown, nil)
}

func (m *memory) anHour(ctx context.Context, op string) error {
	switch m.flaw {
	case "obeys an hour":
		select {
		case <-time.After(time.Hour):
		case <-ctx.Done():
		}
	case "hides the wait":
		return m.fail(op, verify.ErrRateLimited, nil)
	}
	return &verify.Error{Vendor: "memory", Op: op, Outcome: verify.ErrRateLimited, RetryAfter: time.Hour}
}

func (m *memory) deliver(req verify.SendRequest) verify.Receipt {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sends++
	if m.has("sends twice") {
		m.sends++
	}
	digits := req.Digits
	if digits == 0 {
		digits = 6
	}
	if m.has("sends six digits always") {
		digits = 6
	}
	code := fmt.Sprintf("%0*d", digits, 4711+m.sends)
	s := sent{code: code, transaction: req.Transaction, expires: m.now.Add(10 * time.Minute)}
	m.live[m.key(req.To, req.Scope)], m.last[req.To+" "+req.Scope] = s, code

	r := verify.Receipt{ID: "ID00", Vendor: m.capabilities.Vendor, Channel: req.Channel, Digits: digits, ExpiresAt: s.expires, Requests: 1}
	switch m.flaw {
	case "names no vendor":
		r.Vendor = ""
	case "names a channel it has not":
		r.Channel = verify.ChannelWhatsApp
	case "names another channel":
		r.Channel = verify.ChannelVoice
	case "miscounts digits":
		r.Digits = 8
	case "the code in the receipt":
		r.ID = "ID" + code
	case "the recipient in the receipt":
		r.ID = req.To
	}
	return r
}

func (m *memory) key(to, scope string) string {
	switch m.flaw {
	case "one scope for all":
		scope = ""
	case "one recipient for all":
		to = ""
	}
	return to + " " + scope
}

func (m *memory) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	switch m.flaw {
	case "trims the code":
		code = strings.TrimSpace(code)
	case "calls a malformed code unsupported":
		if _, err := m.capabilities.CheckRequest(to, code, opts...); errors.Is(err, verify.ErrMismatch) {
			return m.fail("check", verify.ErrUnsupported, nil)
		}
	case "checks any recipient":
		if !verify.IsPhone(to) {
			return m.fail("check", verify.ErrNotPending, nil)
		}
	}
	req, err := m.capabilities.CheckRequest(to, code, opts...)
	if err != nil {
		return err
	}
	if err := m.ended(ctx, "check"); err != nil {
		return err
	}
	if err, failed := m.failCheck(ctx, req); failed {
		return err
	}
	if m.has("checks, then takes") {
		return m.race(req)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.consume(req)
}

func (m *memory) failCheck(ctx context.Context, req verify.CheckRequest) (err error, failed bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	answers := map[Fault]verify.Outcome{
		FaultCheckUnreachable: verify.ErrUnavailable, FaultTooManyAttempts: verify.ErrTooManyAttempts,
		FaultCheckBadCredentials: verify.ErrUnauthorized, FaultCheckServerError: verify.ErrOutcomeUnknown,
		FaultCheckReplyLost: verify.ErrOutcomeUnknown, FaultCheckReplyLostOnce: verify.ErrOutcomeUnknown,
		FaultCheckTimeout: verify.ErrOutcomeUnknown, FaultCheckTruncated: verify.ErrOutcomeUnknown,
		FaultCheckUnknownBody: verify.ErrOutcomeUnknown, FaultCheckOtherSubject: verify.ErrOutcomeUnknown,
		FaultCheckNotFound: verify.ErrOutcomeUnknown,
	}
	kind, known := answers[m.fault]
	switch {
	case m.fault == FaultCheckRateLimitedForAnHour:
		return m.anHour(ctx, "check"), true
	case !known:
		return nil, false
	case m.has("says no at " + string(m.fault)):
		return m.fail("check", verify.ErrMismatch, nil), true
	case m.has("says gone at " + string(m.fault)):
		return m.fail("check", verify.ErrNotPending, nil), true
	case m.has("says yes at " + string(m.fault)):
		return nil, true
	case m.fault == FaultCheckReplyLostOnce && m.has("remembers attempts"):
		return nil, false
	case m.has("obeys no deadline") && m.fault == FaultCheckTimeout:
		time.Sleep(ages)
	}
	return m.fail("check", kind, nil), true
}

// race takes a code only after everybody has looked at it.
func (m *memory) race(req verify.CheckRequest) error {
	m.mu.Lock()
	live, found := m.live[m.key(req.To, req.Scope)]
	m.mu.Unlock()
	for m.looking.Add(-1); m.looking.Load() > 0; {
		runtime.Gosched()
	}
	if !found || live.code != req.Code {
		return m.fail("check", verify.ErrMismatch, nil)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.live, m.key(req.To, req.Scope))
	return nil
}

func (m *memory) consume(req verify.CheckRequest) error {
	k := m.key(req.To, req.Scope)
	live, found := m.live[k]
	expired := m.now.After(live.expires) && !m.has("never expires")
	switch {
	case !found || expired:
		return m.gone(req)
	case m.has("a pending code is a yes"):
		return nil
	case live.code == req.Code && !(m.has("nobody is right")) && (live.transaction == req.Transaction || m.has("binds nothing")):
		if !m.has("accepts twice") {
			delete(m.live, k)
		}
		return nil
	}
	if m.has("one attempt only") {
		delete(m.live, k)
	}
	return m.mismatch(req)
}

func (m *memory) gone(req verify.CheckRequest) error {
	if m.has("gone is wrong") {
		return m.fail("check", verify.ErrMismatch, nil)
	}
	if m.has("gone is yes") {
		return nil
	}
	return m.fail("check", verify.ErrNotPending, nil)
}

func (m *memory) mismatch(req verify.CheckRequest) error {
	err := &verify.Error{Vendor: "memory", Op: "check", Outcome: verify.ErrMismatch, AttemptsLeft: 4}
	switch m.flaw {
	case "the code in an error":
		err.Detail = "not " + req.Code
	case "the recipient in an error":
		err.Detail = "sent to " + strings.TrimPrefix(req.To, "+1")
	case "a credential in an error":
		err.Detail = "asked with canary-token"
	case "a URL in an error":
		err.Detail = "POST https://example.com"
	case "a url.Error inside":
		err.Err = &url.Error{Op: "Post", URL: "https://example.com", Err: context.Canceled}
	case "an error that prints itself":
		return chatty{err, req.Code}
	case "two outcomes":
		return errors.Join(err, verify.ErrBlocked)
	case "a bare outcome":
		return verify.ErrMismatch
	case "no outcome":
		return errors.New("wrong")
	case "an error of nobody":
		err.Vendor = ""
	case "an error of another call":
		err.Op = "send"
	case "attempts left of something else":
		err.Outcome = verify.ErrNotPending
	}
	return err
}

// A chatty error says little by Error and much by %+v.
type chatty struct {
	error
	Code string
}

func (c chatty) Unwrap() error { return c.error }

func (m *memory) Cancel(ctx context.Context, to string, opts ...verify.CheckOption) error {
	req, err := m.capabilities.SubjectRequest("cancel", to, opts...)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	k := m.key(req.To, req.Scope)
	_, found := m.live[k]
	if !found && m.has("cancels only what is there") {
		return m.fail("cancel", verify.ErrNotPending, nil)
	}
	if !m.has("cancels nothing") {
		delete(m.live, k)
	}
	return nil
}
