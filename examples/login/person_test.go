package main

import (
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/twilio/twiliotest"
	"github.com/go2fa/verify/vendors"
)

const (
	phone    = "+15005550006"
	password = "correct horse battery"
)

// through has requests served by a handler, without a socket, so that a test can
// run in a bubble of synctest.
type through struct{ http.Handler }

func (h through) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	in := r.Clone(r.Context())
	if in.Body == nil {
		in.Body = http.NoBody
	}
	in.RemoteAddr = "192.0.2.1:1234"
	h.ServeHTTP(w, in)
	res := w.Result()
	res.Request = r
	return res, nil
}

// A bank is a site with an emulated vendor.
type bank struct {
	http.Handler
	site   *site
	store  *store
	vendor *twiliotest.Emulator
	log    *strings.Builder
}

// cheapHash is the memory of a hash, in KiB, in tests: most of their time would go
// into the real one.
const cheapHash = 64

// newBank returns a site over the emulator that the program has inside.
func newBank(t *testing.T, adjust ...func(*config)) *bank {
	t.Helper()
	vendor, dsn := twilioEmulator(t, "http://127.0.0.1:1")
	b := &bank{vendor: vendor, log: &strings.Builder{}}
	v, err := vendors.Open(dsn, vendors.WithHTTPClient(&http.Client{Transport: through{b.vendor}}))
	require.NoError(t, err)
	cfg := config{
		Store: newStore(t), Verifier: v, Regions: []string{"US", "GB", "DK"}, Policy: risky, Inbox: &inbox{},
		Log: slog.New(slog.NewTextHandler(&guarded{w: b.log}, nil)),
	}
	for _, a := range adjust {
		a(&cfg)
	}
	b.store = cfg.Store
	b.site, err = build(cfg)
	require.NoError(t, err)
	b.site.passwords.memory = cheapHash
	b.Handler = b.site.guard(b.site.routes())
	return b
}

// twilioEmulator is the emulator that the program has inside by default, and its
// DSN at base.
func twilioEmulator(t *testing.T, base string) (*twiliotest.Emulator, string) {
	t.Helper()
	vendor, sample, err := newEmulator("twilio")
	require.NoError(t, err)
	return vendor.(*twiliotest.Emulator), emulatorDSN(sample, base)
}

func newStore(t *testing.T) *store {
	t.Helper()
	s, err := openStore(filepath.Join(t.TempDir(), "accounts.db"))
	require.NoError(t, err)
	s.NoSync = true
	t.Cleanup(s.close)
	return s
}

// A person is a browser with its cookies.
type person struct {
	t      *testing.T
	client *http.Client
	base   string
	agent  string

	status int
	path   string
	body   string
}

// visitor returns somebody new at a site.
func (b *bank) visitor(t *testing.T) *person {
	return newPerson(t, through{b.Handler}, "http://bank.test")
}

func newPerson(t *testing.T, transport http.RoundTripper, base string) *person {
	return &person{t: t, client: &http.Client{Transport: transport, Jar: newJar(t)}, base: base, agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}
}

func newJar(t *testing.T) http.CookieJar {
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return jar
}

func (p *person) do(method, path string, form url.Values) *person {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), method, p.base+path, strings.NewReader(form.Encode()))
	require.NoError(p.t, err)
	req.Header.Set("User-Agent", p.agent)
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	res, err := p.client.Do(req)
	require.NoError(p.t, err)
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	require.NoError(p.t, err)
	p.status, p.path, p.body = res.StatusCode, res.Request.URL.Path, string(text)
	return p
}

func (p *person) get(path string) *person { p.t.Helper(); return p.do(http.MethodGet, path, nil) }

// post submits fields, given as name and value by turns.
func (p *person) post(path string, fields ...string) *person {
	p.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return p.do(http.MethodPost, path, form)
}

var (
	tags     = regexp.MustCompile(`<[^>]*>`)
	formName = regexp.MustCompile(`name="once" value="([^"]+)"`)
	formOnce = regexp.MustCompile(`name="form" value="([^"]+)"`)
	codeList = regexp.MustCompile(`<li><code>([A-Z2-7-]+)</code>`)
)

// text returns the words of the element with an id, and "" if there is none.
func (p *person) text(id string) string {
	_, after, found := strings.Cut(p.body, `id="`+id+`"`)
	if !found {
		return ""
	}
	_, after, _ = strings.Cut(after, ">")
	inside, _, _ := strings.Cut(after, "</"+closing(p.body, id)+">")
	return plain(tags.ReplaceAllString(inside, ""))
}

// plain is a text of a page without its no-break spaces.
func plain(text string) string {
	return strings.TrimSpace(strings.ReplaceAll(html.UnescapeString(text), "\u00a0", " "))
}

func closing(body, id string) string {
	before, _, _ := strings.Cut(body, `id="`+id+`"`)
	name, _, _ := strings.Cut(before[strings.LastIndex(before, "<")+1:], " ")
	return name
}

func (p *person) has(id string) bool { return strings.Contains(p.body, `id="`+id+`"`) }

// form is the one-time value of the form for sends.
func (p *person) form() string {
	p.t.Helper()
	found := formOnce.FindStringSubmatch(p.body)
	require.NotNil(p.t, found, "no form for sends on %s: %s", p.path, p.text("title"))
	return found[1]
}

func (p *person) send(channel string) *person {
	p.t.Helper()
	return p.post(p.path+"/send", "form", p.form(), "channel", channel)
}

func (p *person) type_(code string, more ...string) *person {
	p.t.Helper()
	return p.post(p.path+"/check", append([]string{"code", code, "once", p.once()}, more...)...)
}

// once is the name of the form for a code on the page, if there is one.
func (p *person) once() string {
	found := formName.FindStringSubmatch(p.body)
	if found == nil {
		return ""
	}
	return found[1]
}

func (p *person) signUp(name string) *person {
	p.t.Helper()
	p.post("/signup", "name", name, "password", password)
	require.Equal(p.t, "Your account", p.text("title"), p.text("refusal"))
	return p
}

func (p *person) logIn(name string) *person {
	p.t.Helper()
	return p.post("/login", "name", name, "password", password)
}

// code is the one that a vendor's Service would now approve.
func (b *bank) code(service string) string { return b.vendor.Code(phone, service) }

// enrolled returns somebody whose factor is on, by SMS or by calls as well, and
// the recovery codes.
func (b *bank) enrolled(t *testing.T, name string, calls bool) (*person, []string) {
	t.Helper()
	p := b.visitor(t).signUp(name)
	chosen := "sms"
	if calls {
		chosen = "both"
	}
	p.post("/enrol", "number", "(500) 555-0006", "region", "US", "ways", chosen)
	p.send("sms").type_(b.code(""))
	if calls {
		p.send("voice").type_(b.code(callService))
	}
	require.Equal(t, "/recovery", p.path, p.text("notice"))
	p.post("/recovery")
	var codes []string
	for _, found := range codeList.FindAllStringSubmatch(p.body, -1) {
		codes = append(codes, found[1])
	}
	require.Len(t, codes, recoveryCodes)
	return p, codes
}

// numberOf is the id of the newest number that an account has proven.
func (b *bank) numberOf(t *testing.T, name string) string {
	t.Helper()
	a, _ := b.store.account(name)
	require.NotEmpty(t, a.Numbers)
	return a.Numbers[len(a.Numbers)-1].ID
}

// wrong returns another code of the same length.
func wrong(code string) string {
	b := []byte(code)
	for i, c := range b {
		b[i] = '0' + (c-'0'+1)%10
	}
	return string(b)
}
