package stress

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/authy"
	"github.com/go2fa/verify/authy/authytest"
	emulated "github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/redisstore"
	"github.com/go2fa/verify/references"
	list "github.com/go2fa/verify/tests/all"
	"github.com/go2fa/verify/vendors"
)

// A message is one text that an emulator delivered; it is the same type at every
// vendor.
type message = emulated.Message

// An emulator is a vendor in memory.
type emulator = emulated.Emulator

// A kind is a vendor: how it is emulated, and who talks to it.
type kind struct {
	name     string
	vendor   emulated.Vendor
	settings map[string]string // that choose one of a vendor's products
	secrets  []string
	checks   bool                  // codes by a request; else otp checks them in its store
	people   bool                  // it sends to people only who were registered before
	asks     string                // a part of the path of what a client asks before: see emulator.Sample
	oauth2   bool                  // each client asks for an access token first
	token    bool                  // the request for it is answered here: see withToken
	byID     bool                  // a check needs the id that its send returned
	single   bool                  // a check whose answer is lost is not made again
	refs     references.References // keep these ids for several clients of one run
}

// kinds are all vendors that are emulated. One that knows people is there twice,
// since it also has a product for people whom nobody registered.
func kinds() []kind {
	var all []kind
	for _, v := range list.Emulated() {
		k, people := newKind(v, nil)
		all = append(all, k)
		if people {
			k, _ = newKind(v, map[string]string{"product": "users"})
			k.name, k.people = k.name+" users", true
			all = append(all, k)
		}
	}
	return all
}

// newKind finds what is secret in a vendor's settings: all that is long, but names.
func newKind(v emulated.Vendor, settings map[string]string) (k kind, people bool) {
	_, sample := v.New(emulated.Setup{Settings: settings, People: []string{asker}})
	k = kind{name: sample.Scheme, vendor: v, settings: settings, checks: !sample.Messenger, asks: sample.Asks, oauth2: sample.Settings["client_secret"] != ""}
	for _, value := range sample.Settings {
		if len(value) >= 16 {
			k.secrets = append(k.secrets, value)
		}
	}
	k.byID = checksByID(k.name)
	k.single = k.checks && k.asksOnce()
	if k.oauth2 {
		k.secrets = append(k.secrets, "emulated.") // as access tokens begin
	}
	return k, len(sample.Directory) > 0
}

// asksOnce has a vendor's client check a code, and counts how often it asks if no
// answer comes: a vendor to whom the second request is a second attempt is asked
// once. Where a check needs the id of its send, that send is answered.
func (k kind) asksOnce() bool {
	if known, ok := asked.Load(k.name); ok {
		return known.(bool)
	}
	d := new(deaf)
	opened := k.withToken()
	if k.byID {
		opened = k // its vendor answers for the token, before the send
	}
	v, c, err := opened.open("http://vendor", &http.Client{Transport: d}, nil)
	if err != nil {
		return false // must tells why
	}
	if k.byID {
		d.vendor = k.emulate(nil)
		if _, err := v.Send(context.Background(), asker); err != nil {
			panic(k.name + ": nothing was sent that could be checked: " + err.Error())
		}
		d.vendor, d.requests = nil, 0
	}
	_ = v.Check(context.Background(), asker, "123456")
	_ = c.Close() // it made no connection
	asked.Store(k.name, d.requests == 1)
	return d.requests == 1
}

// anyBody reports whether any body of class 2xx is a yes to a send, unless it is a page
// or an object that is broken or says no.
func (k kind) anyBody() bool { return k.name == "webhook" }

// bodiless reports whether a vendor's yes has no body.
func (k kind) bodiless() bool { return k.name == "camara" }

// asked are the answers of asksOnce, by the kinds' names.
var asked sync.Map

// A deaf vendor reads every request and answers none, unless it has a vendor.
type deaf struct {
	requests int
	vendor   http.Handler
}

// RoundTrip implements http.RoundTripper.
func (d *deaf) RoundTrip(r *http.Request) (*http.Response, error) {
	d.requests++
	if d.vendor != nil {
		return line{d.vendor}.RoundTrip(r)
	}
	connect(r)
	write(r)
	return nil, io.EOF
}

// checksByID reports whether a vendor has a setting for where the ids are kept.
func checksByID(scheme string) bool {
	return slices.ContainsFunc(list.Vendors(), func(v vendors.Vendor) bool {
		return v.Scheme == scheme && slices.ContainsFunc(v.Configs, func(c reflect.Type) bool {
			f, ok := c.FieldByName("ReferencesURL")
			return ok && f.Tag.Get("dsn") == "references"
		})
	})
}

// replays reports whether the vendor documents that a request with the same key of
// idempotency gets the same answer. A repeated check is then no second attempt.
func (k kind) replays() bool { return k.vendor.Facts.Repeat.Is != "" }

// emulate makes a vendor, whose codes are random if code is nil.
func (k kind) emulate(code func(digits int) string) emulator {
	e, _ := k.vendor.New(emulated.Setup{NewCode: code, Settings: k.settings})
	return e
}

// open makes a client as an application does, by a line of configuration.
func (k kind) open(base string, client *http.Client, store otp.Store) (verify.Verifier, io.Closer, error) {
	if client == nil && k.token {
		client = &http.Client{Transport: &http.Transport{}}
	}
	if k.token {
		client = &http.Client{Transport: cannedToken{client.Transport}, Timeout: client.Timeout}
	}
	if store == nil {
		store = new(otp.MemoryStore)
	}
	_, sample := k.vendor.New(emulated.Setup{Settings: k.settings})
	dsn := sample.DSN(base)
	if sample.Messenger {
		dsn += "&code_key=" + engineKey + "&store=stress://&product=Acme"
	}
	if k.byID && k.refs != nil {
		dsn += "&key=" + engineKey + "&references=stress://"
	}
	v, err := list.Open(dsn, vendors.WithReferences("stress", func(string) (references.References, error) { return k.refs, nil }),
		vendors.WithHTTPClient(client), vendors.WithDirectory(directory{}),
		vendors.WithStore("stress", func(string) (otp.Store, error) { return kept{store}, nil }))
	if err != nil {
		return nil, nil, err
	}
	c, _ := verify.As[io.Closer](v)
	return v, c, nil
}

const engineKey = "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"

// A kept store is not closed with the client.
type kept struct{ otp.Store }

// withToken makes a kind whose requests for a token are answered here: what
// happens to the others happens to the calls themselves.
func (k kind) withToken() kind {
	k.token = k.oauth2
	return k
}

type cannedToken struct{ http.RoundTripper }

func (t cannedToken) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(r.URL.Path, "/oauth2/token") {
		return t.RoundTripper.RoundTrip(r)
	}
	const body = `{"access_token":"emulated.token","expires_in":3600}`
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r}, nil
}

// newEngine is an engine with limits as they are by default.
func newEngine(c otp.Messenger, store otp.Store) (*otp.Engine, error) {
	if store == nil {
		store = new(otp.MemoryStore)
	}
	return otp.New(otp.Config{Messenger: c, Store: store, Keys: [][]byte{[]byte(engineKey)}, Product: "Acme"})
}

// directory knows the ids that register gets: the person who was registered first is
// 1000, as authytest numbers people.
type directory struct{}

// AuthyID implements authy.Directory for a world in which one person is known.
func (directory) AuthyID(context.Context, string) (string, bool, error) { return "1000", true, nil }

// SetAuthyID implements authy.Directory.
func (directory) SetAuthyID(context.Context, string, string) error { return nil }

// DeleteAuthyID implements authy.Directory.
func (directory) DeleteAuthyID(context.Context, string) error { return nil }

// register makes one person known to an emulator of Authy, and does nothing at
// any other.
func (k kind) register(t testing.TB, e emulator, to string) {
	t.Helper()
	if !k.people {
		return
	}
	users, err := authy.NewUsers(authy.Config{
		APIKey: authytest.APIKey, BaseURL: "http://authy", HTTPClient: &http.Client{Transport: line{e}},
	})
	require.NoError(t, err)
	require.NoError(t, users.Register(context.Background(), "a@example.com", to))
}

// must opens a client that is closed when the test ends.
func (k kind) must(t testing.TB, base string, client *http.Client, store otp.Store) (verify.Verifier, io.Closer) {
	t.Helper()
	v, c, err := k.open(base, client, store)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, c.Close()) })
	return v, c
}

// phone is the n-th person: +1 500 and seven digits.
func phone(n int) string { return fmt.Sprintf("+1500%07d", n%10_000_000) }

// A post remembers what was delivered to whom.
type post struct {
	mu    sync.Mutex
	codes map[string][]string
}

func newPost(e emulator) *post {
	p := &post{codes: map[string][]string{}}
	e.Subscribe(func(m message) { p.deliver(m.To, m.Code) })
	return p
}

func (p *post) deliver(to, code string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.codes[to] = append(p.codes[to], code)
}

// newest is the code that came last, and count how many came.
func (p *post) newest(to string) (code string, count int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if all := p.codes[to]; len(all) > 0 {
		return all[len(all)-1], len(all)
	}
	return "", 0
}

// take removes what came last, so that a million people need no room.
func (p *post) take(to string) (code string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if all := p.codes[to]; len(all) > 0 {
		code = all[len(all)-1]
	}
	delete(p.codes, to)
	return code
}

// wrong is another code of the same length.
func wrong(code string) string {
	last := len(code) - 1
	return code[:last] + string('0'+(code[last]-'0'+1)%10)
}

// redisStore is a store with a prefix of its own on the real server.
func redisStore(t testing.TB) (s *redisstore.Store, prefix string) {
	t.Helper()
	prefix = "stress-" + rand.Text() + ":"
	s, err := redisstore.New(redisClient(t), redisstore.Config{Prefix: prefix})
	require.NoError(t, err)
	return s, prefix
}
