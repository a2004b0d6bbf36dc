package main

import (
	"context"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"github.com/go2fa/verify"
)

// twin is the same browser a moment before: with the cookies of now, whatever answers
// it gets from now on.
func (p *person) twin() *person {
	q := *p
	jar, err := cookiejar.New(nil)
	require.NoError(p.t, err)
	at, err := url.Parse(p.base)
	require.NoError(p.t, err)
	jar.SetCookies(at, p.client.Jar.Cookies(at))
	q.client = &http.Client{Transport: p.client.Transport, Jar: jar}
	return &q
}

// logins are how many logins an account has.
func (b *bank) logins(t *testing.T, name string) (n int) {
	t.Helper()
	require.NoError(t, b.store.View(func(tx *bolt.Tx) error {
		n = len(all[login](tx, logins, name+"/"))
		return nil
	}))
	return n
}

// A keeper remembers the idempotency keys that a Verifier was handed.
type keeper struct {
	verify.Verifier
	mu            sync.Mutex
	sends, checks []string
	hold          chan struct{} // what a Check waits for, if it is not nil
	asked         chan struct{}
}

func (k *keeper) Unwrap() verify.Verifier { return k.Verifier }

func (k *keeper) Send(ctx context.Context, to string, opts ...verify.SendOption) (verify.Receipt, error) {
	req, err := k.Capabilities().SendRequest(to, opts...)
	if err != nil {
		return verify.Receipt{}, err
	}
	k.mu.Lock()
	k.sends = append(k.sends, req.IdempotencyKey)
	k.mu.Unlock()
	return k.Verifier.Send(ctx, to, opts...)
}

func (k *keeper) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	req, err := k.Capabilities().CheckRequest(to, code, opts...)
	if err != nil {
		return err
	}
	k.mu.Lock()
	k.checks = append(k.checks, req.IdempotencyKey)
	hold, asked := k.hold, k.asked
	k.mu.Unlock()
	if hold != nil {
		asked <- struct{}{}
		<-hold
	}
	return k.Verifier.Check(ctx, to, code, opts...)
}

// holdChecks has each Check wait until it is let.
func (k *keeper) holdChecks() (let func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.hold, k.asked = make(chan struct{}), make(chan struct{}, 10)
	return func() { close(k.hold) }
}

// isAsked waits until a Check is held.
func (k *keeper) isAsked(t *testing.T) {
	t.Helper()
	select {
	case <-k.asked:
	case <-time.After(walkTime):
		require.Fail(t, "no Check was asked for")
	}
}

func (k *keeper) checked() []string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return append([]string(nil), k.checks...)
}

func keptBank(t *testing.T) (*bank, *keeper) {
	t.Helper()
	k := &keeper{}
	b := newBank(t, func(c *config) {
		k.Verifier, c.Verifier = c.Verifier, k
		c.Limits.Cooldown = []time.Duration{0}
	})
	return b, k
}

func TestADoubleClickOnSendSendsOneMessage(t *testing.T) {
	b, k := keptBank(t)
	b.enrolled(t, "ada", false)
	p := b.visitor(t).logIn("ada")
	sent, keys := b.vendor.Effects(), len(k.sends)
	again := p.twin()
	p.send("sms")
	again.send("sms")
	for _, q := range []*person{p, again} {
		assert.Equal(t, http.StatusOK, q.status)
		assert.True(t, q.has("code-form"), q.text("title"))
	}
	assert.Equal(t, 1, b.vendor.Effects()-sent)
	require.Len(t, k.sends, keys+1)
	assert.Regexp(t, `^[A-Z2-7]{26}$`, k.sends[keys], "made by the server")
	p.send("sms")
	require.Len(t, k.sends, keys+2)
	assert.NotEqual(t, k.sends[keys], k.sends[keys+1], "another form")
}

// Whichever way the second post of a right code takes, the person is in, by one login.
func TestARightCodePostedTwiceLogsInOnce(t *testing.T) {
	for name, second := range map[string]func(p, old *person) *person{
		"the browser dropped the first answer":        func(_, old *person) *person { return old },
		"the browser has the cookie of the new login": func(p, old *person) *person { q := p.twin(); q.path, q.body = old.path, old.body; return q },
	} {
		t.Run(name, func(t *testing.T) {
			b, k := keptBank(t)
			b.enrolled(t, "ada", false)
			p := b.visitor(t).logIn("ada").send("sms")
			old, code, checks := p.twin(), b.code(loginService), len(k.checks)
			p.type_(code)
			require.Equal(t, "Your account", p.text("title"))
			n := b.logins(t, "ada")

			again := second(p, old).type_(code)
			assert.Equal(t, http.StatusOK, again.status)
			assert.Equal(t, "Your account", again.text("title"), again.path)
			assert.Equal(t, "Your account", p.get("/").text("title"), "the first one goes on")
			assert.Equal(t, n, b.logins(t, "ada"), "it is one login")
			assert.Len(t, k.checks, checks+1, "the vendor compared once")
			assert.Regexp(t, `^[A-Z2-7]{26}$`, k.checks[checks])

			again.post("/logout")
			assert.Equal(t, "/login", p.get("/transfer").path, "and ends with it")
			old.type_(code)
			assert.Equal(t, "/login", old.get("/transfer").path, "the answer of before opens nothing any more")
		})
	}
}

func TestARightCodePostedTwiceAtOnceLogsInOnce(t *testing.T) {
	b, k := keptBank(t)
	b.enrolled(t, "ada", false)
	p := b.visitor(t).logIn("ada").send("sms")
	again, code, checks := p.twin(), b.code(loginService), len(k.checks)
	let := k.holdChecks()
	done := make(chan *person)
	go func() { done <- p.type_(code) }()
	k.isAsked(t)
	go func() { done <- again.type_(code) }()
	let()
	for range 2 {
		q := <-done
		assert.Equal(t, http.StatusOK, q.status)
		assert.Equal(t, "Your account", q.text("title"), q.text("notice"))
	}
	assert.Len(t, k.checked(), checks+1)
	a, _ := b.store.account("ada")
	assert.Zero(t, a.Failures)
}

func TestAWrongCodePostedTwiceCountsOnceAndAnotherOneAgain(t *testing.T) {
	b, k := keptBank(t)
	b.enrolled(t, "ada", false)
	p := b.visitor(t).logIn("ada").send("sms")
	old, code, checks := p.twin(), b.code(loginService), len(k.checks)
	p.type_(wrong(code))
	require.Contains(t, p.text("notice"), "You have 4 tries left")
	again := old.twin().type_(wrong(code))
	assert.Contains(t, again.text("notice"), "You have 4 tries left", "the same answer")
	assert.Len(t, k.checks, checks+1)

	other := old.twin().type_(wrong(wrong(code)))
	assert.Contains(t, other.text("notice"), "You have 3 tries left", "another code in the same form is another attempt")
	p.type_(wrong(code))
	assert.Contains(t, p.text("notice"), "You have 2 tries left", "and so is the same code in another form")
	require.Len(t, k.checks, checks+3)
	assert.NotEqual(t, k.checks[checks], k.checks[checks+2])
	old.type_(code)
	assert.Equal(t, "Your account", old.text("title"))
}

func TestAnAnswerIsGivenAgainToItsOwnSessionAlone(t *testing.T) {
	b, _ := keptBank(t)
	b.enrolled(t, "ada", false)
	p := b.visitor(t).logIn("ada").send("sms")
	at, once, code := p.path, p.once(), b.code(loginService)
	thief := b.visitor(t)
	half := b.visitor(t).logIn("ada") // who knows the password, too
	p.type_(code)
	require.Equal(t, "Your account", p.text("title"))
	for _, q := range []*person{thief, half} {
		q.post(at+"/check", "code", code, "once", once)
		assert.NotEqual(t, "Your account", q.text("title"))
		assert.Equal(t, "/login", q.get("/transfer").path)
	}
}

func TestANameThatTheServerDidNotMakeIsNoKey(t *testing.T) {
	b, k := keptBank(t)
	b.enrolled(t, "ada", false)
	p := b.visitor(t).logIn("ada").send("sms")
	checks := len(k.checks)
	p.post(p.path+"/check", "code", wrong(b.code(loginService)), "once", strings.Repeat("A", 26))
	require.Len(t, k.checks, checks+1)
	assert.Empty(t, k.checks[checks])
}

func TestAnAnswerIsGivenAgainForTwoMinutes(t *testing.T) {
	for after, title := range map[time.Duration]string{2 * time.Minute: "Your account", 2*time.Minute + time.Second: "Log in"} {
		inTime(t, func(b *bank, p *person) {
			p.signUp("ada").post("/enrol", "number", phone, "region", "US").send("sms").type_(b.code(""))
			p.post("/logout").logIn("ada")
			time.Sleep(time.Minute)
			p.send("sms")
			old, code := p.twin(), b.code(loginService)
			p.type_(code)
			require.Equal(p.t, "Your account", p.text("title"), p.text("notice"))
			time.Sleep(after)
			assert.Equal(p.t, title, old.type_(code).text("title"))
		})
	}
}

func TestATransferPostedTwiceIsMadeOnce(t *testing.T) {
	b, _ := keptBank(t)
	p, _ := b.enrolled(t, "ada", false)
	p.post("/transfer", "amount", "100", "payee", "Acme").send("sms")
	old, code := p.twin(), b.code(transferService)
	p.type_(code)
	old.type_(code)
	assert.Equal(t, http.StatusOK, old.status)
	assert.Equal(t, "EUR 900.00", plain(old.get("/").text("balance")))
}

func TestACodeOfAnAppAndARecoveryCodePostedTwiceLogInOnce(t *testing.T) {
	b, _ := keptBank(t)
	p, codes := b.enrolled(t, "ada", false)
	app := p.addsApp(b)
	p.post("/logout").logIn("ada")
	old, typed := p.twin(), app.at(1)
	p.typesApp(typed)
	require.Equal(t, "Your account", p.text("title"), p.text("notice"))
	assert.Equal(t, "Your account", old.typesApp(typed).text("title"))

	p.post("/logout").logIn("ada")
	p.get(p.path + "/recovery")
	old = p.twin()
	for _, q := range []*person{p, old} {
		q.post(q.path, "recovery-code", codes[0], "once", q.once())
		assert.Equal(t, "Your account", q.text("title"), q.text("refusal"))
	}
	assert.Equal(t, "9", p.text("codes-left"))
}

func TestAWrongRecoveryCodePostedTwiceCountsOnce(t *testing.T) {
	b, _ := keptBank(t)
	b.enrolled(t, "ada", false)
	p := b.visitor(t).logIn("ada")
	p.get(p.path + "/recovery")
	for range 9 { // ten failures begin a wait
		old := p.twin()
		for _, q := range []*person{p, old} {
			q.post(q.path, "recovery-code", "AAAA-AAAA-AAAA-AAAA", "once", q.once())
			require.Equal(t, http.StatusUnprocessableEntity, q.status, q.text("refusal"))
		}
	}
}

func TestFullOfAnswersAFormIsServedAllTheSame(t *testing.T) {
	t.Parallel()
	var s answers
	for range maxAnswers {
		_, first := s.begin(strconv.Itoa(s.oldest.Len()))
		require.True(t, first)
	}
	a, _ := s.begin("one more")
	assert.Nil(t, a)
}

// The login that the answer tells of is over, whoever goes back and posts the form again.
func TestAnAnswerThatIsGivenAgainAfterTheLogoutOpensNothing(t *testing.T) {
	b, _ := keptBank(t)
	b.enrolled(t, "ada", false)
	p := b.visitor(t).logIn("ada").send("sms")
	old, code := p.twin(), b.code(loginService)
	p.type_(code)
	require.Equal(t, "Your account", p.text("title"))
	now := p.twin()
	p.post("/logout")
	for _, q := range []*person{old, now} {
		assert.NotEqual(t, "Your account", q.type_(code).text("title"))
		assert.Equal(t, "/login", q.get("/transfer").path)
	}
	assert.Equal(t, 1, b.logins(t, "ada"), "the one in which the number was enrolled")
}
