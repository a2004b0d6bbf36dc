// Command login is a small web site with a second factor: a person signs up,
// proves a phone number, logs in with a code, and confirms a transfer with one.
//
//	go run ./examples/login
//	VERIFY_DSN=... go run ./examples/login -regions US,DK
//
// Without VERIFY_DSN it needs no account and no network: a vendor is emulated
// inside (-vendor says which), and the site links to an inbox that shows what it would have sent. A DSN
// of a vendor that only delivers text names a store: store=memory is enough, since
// sessions and limits are in memory, too, so that the site is one process;
// store=redis://..., postgres://..., mysql://... and sqlite:FILE open as well.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/redisstore"
	"github.com/go2fa/verify/sqlstore/mysql"
	"github.com/go2fa/verify/sqlstore/postgres"
	"github.com/go2fa/verify/sqlstore/sqlite"
	"github.com/go2fa/verify/vendors"
)

const defaultAddr = "127.0.0.1:8000"

type flags struct {
	addr, db, regions, policy, factors, channels, vendor, origin string
	secure                                                       bool
}

func main() {
	var f flags
	flag.StringVar(&f.addr, "addr", defaultAddr, "where to listen; if that port is taken, another one is chosen")
	flag.StringVar(&f.db, "db", "", "the database file; without one everything is forgotten at the end")
	flag.StringVar(&f.regions, "regions", "US,CA,GB,IE,DE,AT,CH,FR,NL,BE,DK,SE,NO,FI,ES,IT,PT,PL", "countries whose numbers may enrol, the default first; a country admits those that share its numbers, as GB does with the Isle of Man")
	flag.StringVar(&f.policy, "policy", string(risky), "when new accounts are asked for a code: never, risky or always; always holds for all, and nothing opens without a second factor")
	flag.StringVar(&f.origin, "origin", "", "where browsers find the site, such as https://bank.example.com: passkeys are bound to it; on loopback it is http://localhost and the port")
	flag.StringVar(&f.factors, "factors", "phone,app,passkey", "the second factors that count, one or more of these; who has one that counts is asked for no other")
	flag.StringVar(&f.channels, "channels", string(both), "how codes may come to people: sms, voice or both, which leaves the choice to them")
	flag.StringVar(&f.vendor, "vendor", "twilio", "without VERIFY_DSN, the vendor to emulate: "+emulatedSchemes())
	flag.BoolVar(&f.secure, "secure", false, "the site is reached by https, through a proxy that sets X-Forwarded-For")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, f, os.Getenv("VERIFY_DSN"), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "login:", err)
		os.Exit(1)
	}
}

// run serves the site until ctx is done, and tells out where.
func run(ctx context.Context, f flags, dsn string, out io.Writer) error {
	cfg := config{
		Regions: strings.Split(f.regions, ","), Policy: policy(f.policy), Ways: ways(f.channels), Secure: f.secure,
		Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}
	var err error
	if cfg.Factors, err = readFactors(f.factors); err != nil {
		return err
	}
	listener, err := listen(ctx, f.addr)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }() // the server has closed it, or never had it
	if cfg.Origin = f.origin; cfg.Origin == "" && isLoopback(listener) {
		_, port, _ := net.SplitHostPort(listener.Addr().String()) // it is one of ours
		cfg.Origin = "http://localhost:" + port
	}
	if dsn == "" {
		if !isLoopback(listener) {
			return errors.New("without VERIFY_DSN every code can be read in the inbox: -addr must be on loopback")
		}
		if dsn, cfg.Inbox, err = emulate(f.vendor); err != nil {
			return err
		}
		cfg.Notices = cfg.Inbox
	}
	if cfg.Store, err = openStore(f.db); err != nil {
		return err
	}
	defer cfg.Store.close()
	if cfg.Verifier, err = vendors.Open(dsn, hand(cfg.Store)...); err != nil {
		return err
	}
	if cfg.Notices == nil {
		cfg.Notices = openNotices(dsn, cfg.Store)
	}
	handler, err := newSite(cfg)
	if err != nil {
		return err
	}
	return serve(ctx, listener, handler, cfg, out)
}

// openNotices is what writes to people about changes: the DSN's messenger, if it has
// one for text messages. A vendor of codes sends nothing else. A guard around the DSN
// stays out of it: only people who are logged in cause a notice.
func openNotices(dsn string, s *store) otp.Messenger {
	if c, err := vendors.ParseDSN(dsn, hand(s)...); err == nil && c.Vendor == "guard" {
		dsn = c.Backends[0].DSN()
	}
	m, err := vendors.OpenMessenger(dsn, hand(s)...)
	if err != nil || !slices.Contains(m.Capabilities().Channels, verify.ChannelSMS) {
		return nil
	}
	return m
}

// hand gives what a line of configuration can name and only a program can make:
// Redis and SQL databases for codes, ledgers and references, and the directory of Authy's users.
func hand(s *store) []vendors.Option {
	opts := []vendors.Option{vendors.WithDirectory(directory{s})}
	opts = append(opts,
		vendors.WithStore("postgres", postgres.Open), vendors.WithLedger("postgres", postgres.OpenLedger), vendors.WithReferences("postgres", postgres.OpenReferences), vendors.WithGuardStore("postgres", postgres.OpenGuard),
		vendors.WithStore("mysql", mysql.Open), vendors.WithLedger("mysql", mysql.OpenLedger), vendors.WithReferences("mysql", mysql.OpenReferences), vendors.WithGuardStore("mysql", mysql.OpenGuard),
		vendors.WithStore("sqlite", sqlite.Open), vendors.WithLedger("sqlite", sqlite.OpenLedger), vendors.WithReferences("sqlite", sqlite.OpenReferences), vendors.WithGuardStore("sqlite", sqlite.OpenGuard))
	for _, scheme := range []string{"redis", "rediss"} {
		opts = append(opts, vendors.WithStore(scheme, redisstore.Open), vendors.WithLedger(scheme, redisstore.OpenLedger),
			vendors.WithReferences(scheme, redisstore.OpenReferences), vendors.WithGuardStore(scheme, redisstore.OpenGuard))
	}
	return opts
}

func serve(ctx context.Context, listener net.Listener, handler http.Handler, cfg config, out io.Writer) error {
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: sendTimeout + 10*time.Second, IdleTimeout: time.Minute,
	}
	at := "http://" + listener.Addr().String()
	_, _ = fmt.Fprintln(out, "The site is at", at) // nobody reads it: it serves all the same
	if cfg.Inbox != nil {
		_, _ = fmt.Fprintln(out, "Its codes are at", at+"/inbox")
	}
	go tidy(ctx, cfg)
	ended := make(chan struct{})
	context.AfterFunc(ctx, func() {
		defer close(ended)
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendTimeout)
		defer cancel()
		_ = server.Shutdown(last) // what is still under way then is cut off
	})
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	<-ended // requests that are under way still use the database
	return nil
}

// tidy removes now and then what has ended.
func tidy(ctx context.Context, cfg config) {
	for {
		if err := cfg.Store.sweep(); err != nil {
			cfg.Log.Error("sweep failed", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Hour):
		}
	}
}

// listen takes another port only if nobody asked for this one.
func listen(ctx context.Context, addr string) (net.Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", addr)
	if err != nil && addr == defaultAddr {
		return config.Listen(ctx, "tcp", "127.0.0.1:0")
	}
	return listener, err
}

func isLoopback(l net.Listener) bool {
	addr, ok := l.Addr().(*net.TCPAddr)
	return ok && addr.IP.IsLoopback()
}
