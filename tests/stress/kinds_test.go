package stress

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/authy"
	"github.com/go2fa/verify/authy/authytest"
	"github.com/go2fa/verify/bandwidth"
	"github.com/go2fa/verify/bandwidth/bandwidthtest"
	emulators "github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/gatewayapi"
	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/redisstore"
	"github.com/go2fa/verify/twilio"
	"github.com/go2fa/verify/twilio/twiliotest"
	"github.com/go2fa/verify/vendors"
	"github.com/go2fa/verify/vendors/emulated"
)

// A message is one text that an emulator delivered; it is the same type at every
// vendor.
type message = twiliotest.Message

// An emulator is a vendor in memory.
type emulator interface {
	http.Handler
	Subscribe(tell func(message)) (cancel func())
	Effects() int
	Requests() int
	Advance(time.Duration)
}

// A kind is a vendor: how it is emulated, and who talks to it.
type kind struct {
	name    string
	emulate func(code func(digits int) string) emulator
	open    func(base string, client *http.Client, store otp.Store) (verify.Verifier, io.Closer, error)
	secrets []string
	checks  bool // codes by a request; else otp checks them in its store
}

// kinds are all vendors that are emulated, and Authy twice, since it has two
// products.
func kinds() []kind {
	all := ours()
	for _, v := range emulated.All() {
		if !slices.ContainsFunc(all, func(k kind) bool { return k.name == v.Facts.Scheme }) {
			all = append(all, kindBySample(v))
		}
	}
	return all
}

// kindBySample is a vendor of which nothing is known here.
func kindBySample(v emulators.Vendor) kind {
	_, sample := v.New(emulators.Setup{})
	return kind{
		v.Facts.Scheme,
		func(code func(int) string) emulator {
			e, _ := v.New(emulators.Setup{NewCode: code})
			return e
		},
		func(base string, client *http.Client, store otp.Store) (verify.Verifier, io.Closer, error) {
			if store == nil {
				store = new(otp.MemoryStore)
			}
			dsn := sample.DSN(base)
			if sample.Messenger {
				dsn += "&store=given://&code_key=" + strings.Repeat("k", 32)
			}
			v, err := vendors.Open(dsn, vendors.WithHTTPClient(client),
				vendors.WithStore("given", func(string) (otp.Store, error) { return store, nil }))
			if err != nil {
				return nil, nil, err
			}
			closer, _ := verify.As[io.Closer](v)
			return v, closer, nil
		},
		slices.Collect(maps.Values(sample.Settings)), !sample.Messenger,
	}
}

// ours are the kinds of which more is known than their sample.
func ours() []kind {
	return []kind{
		{
			"twilio", func(code func(int) string) emulator { return twiliotest.New(twiliotest.Options{NewCode: code}) },
			openTwilio, []string{twiliotest.AccountSID, twiliotest.AuthToken, twiliotest.ServiceSID}, true,
		},
		{
			"bandwidth", func(code func(int) string) emulator { return bandwidthtest.New(bandwidthtest.Options{NewCode: code}) },
			openBandwidth, []string{bandwidthtest.ClientID, bandwidthtest.ClientSecret, "emulated."}, true,
		},
		{
			"gatewayapi", func(func(int) string) emulator { return gatewayapitest.New(gatewayapitest.Options{Credit: 1e9}) },
			openGatewayAPI, []string{gatewayapitest.Token}, false,
		},
		{
			"authy", func(code func(int) string) emulator { return authytest.New(authytest.Options{NewCode: code}) },
			openPhone, []string{authytest.APIKey}, true,
		},
		{
			"authy users", func(code func(int) string) emulator { return authytest.New(authytest.Options{NewCode: code}) },
			openUsers, []string{authytest.APIKey}, true,
		},
	}
}

func openTwilio(base string, client *http.Client, _ otp.Store) (verify.Verifier, io.Closer, error) {
	c, err := twilio.New(twilio.Config{
		AccountSID: twiliotest.AccountSID, AuthToken: twiliotest.AuthToken,
		Service: twilio.Service{SID: twiliotest.ServiceSID}, BaseURL: base, HTTPClient: client,
	})
	return c, c, err
}

func openBandwidth(base string, client *http.Client, _ otp.Store) (verify.Verifier, io.Closer, error) {
	c, err := bandwidth.New(bandwidth.Config{
		AccountID: bandwidthtest.AccountID, ClientID: bandwidthtest.ClientID, ClientSecret: bandwidthtest.ClientSecret,
		SMSApplicationID: bandwidthtest.SMSApplicationID, From: bandwidthtest.From, BaseURL: base, HTTPClient: client,
	})
	return c, c, err
}

// openBandwidthWithToken makes a client whose requests for a token are answered
// here: what happens to the others happens to the calls themselves.
func openBandwidthWithToken(base string, client *http.Client, store otp.Store) (verify.Verifier, io.Closer, error) {
	if client == nil {
		client = &http.Client{Transport: &http.Transport{}}
	}
	return openBandwidth(base, &http.Client{Transport: cannedToken{client.Transport}, Timeout: client.Timeout}, store)
}

type cannedToken struct{ http.RoundTripper }

func (t cannedToken) RoundTrip(r *http.Request) (*http.Response, error) {
	if !strings.HasSuffix(r.URL.Path, "/oauth2/token") {
		return t.RoundTripper.RoundTrip(r)
	}
	const body = `{"access_token":"emulated.token","expires_in":3600}`
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r}, nil
}

func openGatewayAPI(base string, client *http.Client, store otp.Store) (verify.Verifier, io.Closer, error) {
	c, err := gatewayapi.New(gatewayapi.Config{
		Token: gatewayapitest.Token, Sender: "Acme", BaseURL: base, HTTPClient: client,
	})
	if err != nil {
		return nil, nil, err
	}
	e, err := newEngine(c, store)
	return e, c, err
}

func openPhone(base string, client *http.Client, _ otp.Store) (verify.Verifier, io.Closer, error) {
	c, err := authy.NewPhone(authy.Config{APIKey: authytest.APIKey, BaseURL: base, HTTPClient: client})
	return c, c, err
}

func openUsers(base string, client *http.Client, _ otp.Store) (verify.Verifier, io.Closer, error) {
	c, err := authy.NewUsers(authy.Config{APIKey: authytest.APIKey, BaseURL: base, HTTPClient: client, Directory: directory{}})
	return c, c, err
}

// newEngine is an engine with limits as they are by default.
func newEngine(c otp.Messenger, store otp.Store) (*otp.Engine, error) {
	if store == nil {
		store = new(otp.MemoryStore)
	}
	return otp.New(otp.Config{Messenger: c, Store: store, Keys: [][]byte{bytes.Repeat([]byte("k"), 32)}, Product: "Acme"})
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
	if k.name != "authy users" {
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
