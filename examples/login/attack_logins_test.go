package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func attackSessionFixation(t *testing.T) {
	b := newBank(t)
	come := b.serve(t)
	b.enrolled(t, "ada", false)
	cookies := func(p *person) string {
		at, _ := url.Parse(p.base)
		i := slices.IndexFunc(p.client.Jar.Cookies(at), func(c *http.Cookie) bool { return c.Name == "session" })
		require.GreaterOrEqual(t, i, 0)
		return p.client.Jar.Cookies(at)[i].Value
	}
	plant := func(p *person, token string) *person {
		at, _ := url.Parse(p.base)
		p.client.Jar.SetCookies(at, []*http.Cookie{{Name: "session", Value: token, Path: "/"}})
		return p
	}
	planted := cookies(come().signUp("mallory")) // a session that the site knows

	victim := plant(come(), planted).logIn("ada")
	half := cookies(victim)
	assert.NotEqual(t, planted, half, "a new token with the password")
	victim.send("sms").type_(b.code(loginService))
	require.True(t, victim.in())
	full := cookies(victim)
	assert.NotEqual(t, half, full, "and with the code")
	for name, token := range map[string]string{"planted": planted, "half": half, "made up": "x"} {
		assert.False(t, plant(come(), token).in(), name)
	}
	assert.True(t, plant(come(), full).in())
	victim.post("/logout")
	assert.False(t, plant(come(), full).in(), "a stolen token after the logout")
	victim.logIn("ada")
	assert.NotEqual(t, full, cookies(victim))
}

func attackASlowRequestAcrossALogout(t *testing.T) {
	b := newBank(t)
	come := b.serve(t)
	p := come().signUp("ada")
	at, _ := url.Parse(p.base)
	stolen := p.client.Jar.Cookies(at)

	begun, body := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() { done <- p.again().slowly("/devices", begun, body) }()
	<-begun // the session is loaded, and the form is not there yet
	p.post("/logout")
	close(body)
	require.NoError(t, <-done)
	for _, from := range []*person{p, come()} {
		from.client.Jar.SetCookies(at, stolen)
		assert.False(t, from.in(), "what was under way brought the login back")
	}
}

// slowly posts a form whose body is sent when the channel is closed. Begun is
// closed once the site waits for it.
func (p *person) slowly(path string, begun, body chan struct{}) error {
	in, out := io.Pipe()
	go func() {
		<-body
		_, _ = out.Write([]byte("id=all"))
		_ = out.Close()
	}()
	ctx := httptrace.WithClientTrace(p.t.Context(), &httptrace.ClientTrace{Got100Continue: func() { close(begun) }})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.base+path, in)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Expect", "100-continue")
	for _, c := range p.client.Jar.Cookies(req.URL) {
		req.AddCookie(c)
	}
	res, err := (&http.Transport{ExpectContinueTimeout: time.Minute, DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return err
	}
	return res.Body.Close()
}

func attackWithThePasswordAlone(t *testing.T) {
	b := newBank(t)
	p := b.halfWay(t, b.serve(t))
	for _, path := range []string{"/enrol", "/recovery", "/password", "/transfer"} {
		assert.Equal(t, "/login", p.get(path).path, "GET %s", path)
	}
	for path, fields := range map[string][]string{
		"/enrol":    {"number", "+15017122661", "region", "US"},
		"/recovery": nil,
		"/settings": {"act", "off"},
		"/devices":  {"id", "all"},
		"/password": {"password", password, "new-password", "another long password"},
		"/transfer": {"amount", "1", "payee", "Mallory"},
	} {
		assert.Equal(t, "/login", p.post(path, fields...).path, "POST %s", path)
	}
	a, _ := b.store.account("ada")
	assert.True(t, a.On())
	assert.Equal(t, []string{phone}, a.phones())
	assert.Empty(t, a.Pending)
	assert.False(t, p.in())
}

func attackForgedDevices(t *testing.T) {
	b := newBank(t)
	come := b.serve(t)
	b.enrolled(t, "ada", false)
	b.enrolled(t, "mallory", false)
	at, _ := url.Parse(come().base)
	remembered := func(name string) *http.Cookie {
		p := come().logIn(name).send("sms").type_(b.code(loginService), "remember", "on")
		i := slices.IndexFunc(p.client.Jar.Cookies(at), func(c *http.Cookie) bool { return strings.HasPrefix(c.Name, "device_") })
		require.GreaterOrEqual(t, i, 0, p.text("notice"))
		return p.client.Jar.Cookies(at)[i]
	}
	ada, mallory := remembered("ada"), remembered("mallory")
	adaID, adaMAC, _ := strings.Cut(ada.Value, ".")
	malloryID, malloryMAC, _ := strings.Cut(mallory.Value, ".")
	try := func(value string) *person {
		p := come()
		p.client.Jar.SetCookies(at, []*http.Cookie{{Name: ada.Name, Value: value, Path: "/"}})
		return p.logIn("ada")
	}
	require.True(t, try(ada.Value).in(), "the real one")
	for name, value := range map[string]string{
		"mallory's own":             mallory.Value,
		"ada's, signed for mallory": adaID + "." + malloryMAC,
		"mallory's, signed for ada": malloryID + "." + adaMAC,
		"no signature":              adaID + ".",
		"no id":                     "." + adaMAC,
		"nothing":                   ".",
	} {
		assert.False(t, try(value).in(), name)
	}
}

func attackFromAnotherSite(t *testing.T) {
	b := newBank(t)
	p := b.serve(t)().signUp("ada")
	for _, header := range []http.Header{
		{"Sec-Fetch-Site": {"cross-site"}}, {"Sec-Fetch-Site": {"same-site"}}, {"Origin": {"https://evil.example"}}, {"Origin": {"null"}},
	} {
		for _, path := range []string{"/enrol", "/login", "/logout", "/settings", "/transfer"} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.base+path, strings.NewReader("number=5005550006&region=US"))
			require.NoError(t, err)
			req.Header = header.Clone()
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			res, err := p.client.Do(req)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			assert.Equal(t, http.StatusForbidden, res.StatusCode, "%s %v", path, header)
		}
	}
	a, _ := b.store.account("ada")
	assert.Empty(t, a.Pending)
	assert.True(t, p.in(), "not even logged out")
}

func attackNamesCannotBeFoundOut(t *testing.T) {
	b := newBank(t, func(c *config) { c.Limits.PasswordsByName, c.Limits.PasswordsByAddress = 100, 1000 })
	b.site.passwords.memory = hashMemory
	come := b.serve(t)
	come().signUp("somebody")
	names := []string{"somebody", "somebodx", "no/name", ""}
	bodies, least := map[string]string{}, map[string]time.Duration{}
	alike := func(name string) bool {
		return least[name] > least["somebody"]/2 && least[name] < least["somebody"]*2
	}
	for round := range 60 { // by turns, so that a busy machine is busy for all
		if round >= 7 && !slices.ContainsFunc(names, func(name string) bool { return !alike(name) }) {
			break // what takes another time by itself never comes to this
		}
		for _, name := range names {
			p := come()
			began := time.Now()
			p.post("/login", "name", name, "password", "not the password")
			took := time.Since(began)
			if least[name] == 0 || took < least[name] {
				least[name] = took
			}
			assert.Equal(t, http.StatusUnauthorized, p.status)
			bodies[name] = strings.Replace(p.body, `value="`+name+`"`, `value="NAME"`, 1)
		}
	}
	for _, name := range names[1:] {
		assert.Equal(t, bodies["somebody"], bodies[name])
		assert.True(t, alike(name), "an unknown name is hashed for, too: %v and %v", least[name], least["somebody"])
	}
}

func attackPasswordAttempts(t *testing.T) {
	b := newBank(t)
	come := b.serve(t)
	b.enrolled(t, "ada", false)
	owner := come().logIn("ada").send("sms").type_(b.code(loginService), "remember", "on")
	require.True(t, owner.in())
	answers := map[string][]string{}
	for _, name := range []string{"ada", "nobody-at-all"} {
		for range 15 {
			p := come().post("/login", "name", name, "password", "not the password")
			answers[name] = append(answers[name], fmt.Sprint(p.status))
		}
	}
	assert.Equal(t, answers["ada"], answers["nobody-at-all"], "a limit tells nothing, either")
	assert.Equal(t, "401", answers["ada"][9])
	assert.Equal(t, "429", answers["ada"][10])
	assert.Equal(t, http.StatusTooManyRequests, come().logIn("ada").status, "even the right one")
	assert.Equal(t, "/", owner.post("/logout").logIn("ada").path, "but the owner's device")
	assert.True(t, owner.in())

	spoof := come()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, spoof.base+"/login", strings.NewReader("name=ada&password=x"))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("X-Forwarded-For", "203.0.113.77")
	res, err := spoof.client.Do(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	assert.Equal(t, http.StatusTooManyRequests, res.StatusCode)
}
