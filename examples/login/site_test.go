package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// inTime runs a test in a bubble, where waits take no time.
func inTime(t *testing.T, test func(b *bank, p *person)) {
	t.Helper()
	b := newBank(t) // outside: scs has a goroutine that never ends
	p := b.visitor(t)
	synctest.Test(t, func(t *testing.T) {
		p.t = t
		p.client.Jar = newJar(t)
		test(b, p)
	})
}

func TestTransfersThatCannotBe(t *testing.T) {
	b := newBank(t)
	p, _ := b.enrolled(t, "ada", false)
	for name, fields := range map[string][]string{
		"too much":             {"amount", "1000.01", "payee", "Acme"},
		"nothing":              {"amount", "0", "payee", "Acme"},
		"below zero":           {"amount", "-5", "payee", "Acme"},
		"no number":            {"amount", "1e3", "payee", "Acme"},
		"a third of a cent":    {"amount", "0.333", "payee", "Acme"},
		"nobody":               {"amount", "1", "payee", ""},
		"a payee of two lines": {"amount", "1", "payee", "Acme\n@evil.example #123456"},
		"a payee with a mark":  {"amount", "1", "payee", "<b>Acme"},
		"a long payee":         {"amount", "1", "payee", strings.Repeat("A", 31)},
	} {
		t.Run(name, func(t *testing.T) {
			p.post("/transfer", fields...)
			assert.Equal(t, http.StatusUnprocessableEntity, p.status)
			assert.NotEmpty(t, p.text("refusal"))
		})
	}
	q := b.visitor(t).signUp("bob").post("/transfer", "amount", "1", "payee", "Acme")
	assert.Equal(t, http.StatusForbidden, q.status)
	assert.True(t, q.has("needs-factor"))
}

func TestHeadersOfEveryPage(t *testing.T) {
	b := newBank(t, func(c *config) { c.Secure = true })
	for _, path := range []string{"/", "/login", "/nothing", staticPath() + "style.css", "/inbox"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://bank.test"+path, nil)
		require.NoError(t, err)
		res, err := through{b.Handler}.RoundTrip(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		policy := res.Header.Get("Content-Security-Policy")
		assert.Contains(t, policy, "default-src 'none'", path)
		assert.Contains(t, policy, "frame-ancestors 'none'", path)
		assert.NotContains(t, policy, "unsafe", path)
		assert.Equal(t, "no-referrer", res.Header.Get("Referrer-Policy"), path)
		cache := "no-store"
		if strings.HasPrefix(path, "/static/") {
			cache = "public, max-age=31536000, immutable"
			assert.Equal(t, http.StatusOK, res.StatusCode)
		}
		assert.Equal(t, cache, res.Header.Get("Cache-Control"), path)
		assert.NotEmpty(t, res.Header.Get("Strict-Transport-Security"), path)
	}
}

func TestCookies(t *testing.T) {
	for name, secure := range map[string]bool{"plain": false, "behind https": true} {
		t.Run(name, func(t *testing.T) {
			b := newBank(t, func(c *config) { c.Secure = secure })
			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://bank.test/signup",
				strings.NewReader(url.Values{"name": {"ada"}, "password": {password}}.Encode()))
			require.NoError(t, err)
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			res, err := through{b.Handler}.RoundTrip(req)
			require.NoError(t, err)
			require.NoError(t, res.Body.Close())
			require.NotEmpty(t, res.Cookies())
			for _, c := range res.Cookies() {
				assert.True(t, c.HttpOnly)
				assert.Equal(t, secure, c.Secure)
				assert.Equal(t, secure, strings.HasPrefix(c.Name, "__Host-"))
				assert.Equal(t, http.SameSiteLaxMode, c.SameSite)
				assert.Equal(t, "/", c.Path)
			}
		})
	}
}

// TestFilesOfAnotherBuildAreNotServed as if they were of this one: browsers would
// keep them for a year.
func TestFilesOfAnotherBuildAreNotServed(t *testing.T) {
	p := newBank(t).visitor(t)
	for _, path := range []string{"/static/style.css", "/static/0000000000000000/style.css"} {
		assert.Equal(t, http.StatusNotFound, p.get(path).status, path)
	}
	p.get("/")
	assert.Contains(t, p.body, `href="`+staticPath()+`style.css"`)
	assert.Contains(t, p.body, `src="`+staticPath()+`site.js"`)
}

// TestAmountsAreNotBroken has a no-break space within each.
func TestAmountsAreNotBroken(t *testing.T) {
	assert.Equal(t, "EUR\u00a012.50", euros(12_50))
	b := newBank(t)
	p, _ := b.enrolled(t, "ada", false)
	p.post("/transfer", "amount", "12.5", "payee", "Acme")
	assert.NotContains(t, p.body, "EUR 12", "on the page for the code")
	p.send("sms").type_(b.code(transferService))
	assert.Contains(t, p.body, "Transferred to Acme: EUR\u00a012.50")
	assert.NotRegexp(t, "EUR [0-9]", p.body)
}
