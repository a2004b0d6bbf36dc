package main

import (
	"errors"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/observe"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/recovery"
	"github.com/go2fa/verify/totp"
)

// A config says what the site stands on.
type config struct {
	Store    *store
	Verifier verify.Verifier
	Regions  []string // countries whose numbers may enrol, the default first
	Policy   policy   // of new accounts, or of all if it is always
	Origin   string   // where passkeys work, such as https://bank.example.com; none are offered if it is empty
	Factors  []factor // those that count as a second one; all if it is empty
	Ways     ways     // how codes may come to people; both if it is empty
	Secure   bool     // reached by https, through a proxy that sets X-Forwarded-For
	Limits   limits
	Log      *slog.Logger
	Inbox    *inbox        // of the emulator inside, or nil
	Notices  otp.Messenger // writes to people about changes; nil: the account's page alone tells
}

// A site is the program behind the pages.
type site struct {
	store        *store
	verifier     verify.Verifier
	warming      atomic.Bool // a connection to the vendor is being opened
	capabilities verify.Capabilities
	sessions     *scs.SessionManager
	passwords    *passwords
	limits       limits
	counts       *counts
	answers      answers // to forms that may be posted twice
	regions      []region
	codes        []string // of the regions
	policy       policy
	factors      []factor
	apps         *totp.Authenticator
	appChecks    verify.Checker     // of apps, each in the log
	web          *webauthn.WebAuthn // nil: no passkeys
	origins      string             // where passkeys work
	papers       *recovery.Codes    // for the day the phone is gone
	paperChecks  verify.Checker     // of papers, each in the log
	notices      otp.Messenger
	allowed      ways
	ways         []ways    // of those allowed, what the vendor can prove
	registrar    registrar // of a vendor that knows people by a registration, or nil
	secure       bool
	key          []byte
	log          *slog.Logger
	inbox        *inbox
	pages        pages
}

// newSite returns the site, or says what of cfg is at fault.
func newSite(cfg config) (http.Handler, error) {
	s, err := build(cfg)
	if err != nil {
		return nil, err
	}
	return s.guard(s.routes()), nil
}

func build(cfg config) (*site, error) {
	s := &site{
		store: cfg.Store, capabilities: cfg.Verifier.Capabilities(), passwords: newPasswords(), limits: cfg.Limits.withDefaults(),
		codes: cfg.Regions, policy: cfg.Policy, secure: cfg.Secure, log: cfg.Log, inbox: cfg.Inbox,
		factors: cfg.Factors, notices: cfg.Notices,
	}
	s.verifier = observe.New(cfg.Verifier, observe.Slog(cfg.Log))
	s.counts = newCounts(s.limits)
	if r, ok := verify.As[registrar](cfg.Verifier); ok {
		s.registrar = r
		// A code of the app is good in every scope, and in a scope the app is never
		// asked: the site uses none, and offers nothing that needs one.
		s.capabilities.MaxScope = 0
	}
	if s.allowed = cfg.Ways; s.allowed == "" {
		s.allowed = both
	}
	var err error
	if s.ways, err = offeredWays(s.allowed, s.capabilities); err != nil {
		return nil, err
	}
	if !isPolicy(cfg.Policy) {
		return nil, errors.New("the policy is never, risky or always")
	}
	var unknown string
	if s.regions, unknown = regionList(cfg.Regions); unknown != "" || len(s.regions) == 0 {
		return nil, errors.New("regions are two letters each, such as US,GB,DE,DK")
	}
	if s.key, err = cfg.Store.secret(); err != nil {
		return nil, err
	}
	if err := s.openPasskeys(cfg.Origin); err != nil {
		return nil, err
	}
	if err := s.openFactors(); err != nil {
		return nil, err
	}
	if s.pages, err = readPages(); err != nil {
		return nil, err
	}
	s.sessions = s.newSessions()
	return s, nil
}

// openFactors makes what checks authenticator apps and recovery codes. Their keys
// come of the site's own.
func (s *site) openFactors() (err error) {
	if len(s.factors) == 0 {
		s.factors = []factor{phoneFactor, appFactor, passkeyFactor}
	}
	s.apps, err = totp.New(totp.Config{
		Store: appStore{s.store, time.Now}, Keys: [][]byte{[]byte(s.mac("apps"))}, Issuer: "Acme Bank",
	})
	if err != nil {
		return err
	}
	s.papers, err = recovery.New(recovery.Config{
		Store: paperStore{s.store, time.Now}, Keys: [][]byte{[]byte(s.mac("papers"))},
	})
	if err != nil {
		return err
	}
	s.appChecks = observe.Checker(s.apps, observe.Slog(s.log))
	s.paperChecks = observe.Checker(s.papers, observe.Slog(s.log))
	return nil
}

// newSessions are kept in memory, and end with the process: scs has stores for
// several. Their cookie is HttpOnly and SameSite=Lax by default.
func (s *site) newSessions() *scs.SessionManager {
	m := scs.New()
	m.Lifetime = fullLife
	m.HashTokenInStore = true
	m.Cookie.Name = s.cookie("session")
	m.Cookie.Persist = false
	m.Cookie.Secure = s.secure
	m.ErrorFunc = s.fail
	return m
}

// cookie returns the name of a cookie, which over https no other host and no
// plain http can set.
func (s *site) cookie(name string) string {
	if s.secure {
		return "__Host-" + name
	}
	return name
}

func (s *site) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.open(s.home))
	mux.HandleFunc("GET /signup", s.open(s.signupForm))
	mux.HandleFunc("POST /signup", s.open(s.signup))
	mux.HandleFunc("GET /login", s.open(s.loginForm))
	mux.HandleFunc("POST /login", s.open(s.login))
	mux.HandleFunc("POST /logout", s.open(s.logout))

	mux.HandleFunc("GET /code/{id}", s.half(s.code))
	mux.HandleFunc("POST /code/{id}/number", s.half(s.chooseNumber))
	mux.HandleFunc("POST /code/{id}/send", s.half(s.sendCode))
	mux.HandleFunc("POST /code/{id}/check", s.once(s.half(s.checkCode)))
	mux.HandleFunc("POST /code/{id}/app", s.once(s.half(s.checkApp)))
	mux.HandleFunc("GET /code/{id}/passkey", s.half(s.askForPasskey))
	mux.HandleFunc("POST /code/{id}/passkey", s.half(s.checkPasskey))
	mux.HandleFunc("GET /passkeys", s.full(s.passkeyForm))
	mux.HandleFunc("POST /passkeys", s.full(s.takePasskey))
	mux.HandleFunc("GET /code/{id}/recovery", s.half(s.recovery))
	mux.HandleFunc("POST /code/{id}/recovery", s.once(s.half(s.recover)))

	mux.HandleFunc("GET /enrol", s.enrolling(s.enrol))
	mux.HandleFunc("POST /enrol", s.enrolling(s.takeNumber))
	mux.HandleFunc("GET /app", s.full(s.app))
	mux.HandleFunc("POST /app", s.full(s.takeApp))
	mux.HandleFunc("GET /recovery", s.full(s.newCodes))
	mux.HandleFunc("POST /recovery", s.full(s.makeCodes))
	mux.HandleFunc("POST /settings", s.full(s.ask))
	mux.HandleFunc("POST /devices", s.full(s.revoke))
	mux.HandleFunc("GET /password", s.full(s.passwordForm))
	mux.HandleFunc("POST /password", s.full(s.changePassword))
	mux.HandleFunc("GET /transfer", s.full(s.transferForm))
	mux.HandleFunc("POST /transfer", s.full(s.prepare))
	if s.inbox != nil {
		mux.HandleFunc("GET /inbox", s.open(s.showInbox))
	}
	mux.HandleFunc("/", s.open(func(http.ResponseWriter, *http.Request) error { return errGone }))

	root := http.NewServeMux() // what needs no session starts none
	root.Handle("GET "+staticPath(), serveStatic())
	root.Handle("/", s.sessions.LoadAndSave(mux))
	return root
}
