package email

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go2fa/verify"
)

// A Security is how a connection is kept from eavesdroppers.
type Security string

// The ways. Never does a connection fall back from one to another.
const (
	StartTLS Security = "starttls" // begins in the clear and insists on STARTTLS (RFC 3207)
	Implicit Security = "implicit" // is TLS from the first byte (RFC 8314)
	None     Security = "none"     // stays in the clear: on loopback only
)

// The usual ports of submission (RFC 6409, RFC 8314).
const (
	portStartTLS = 587
	portImplicit = 465
)

const (
	maxHost    = 253 // bytes, as are the others
	maxName    = 64  // of the person or product in From
	maxSubject = 150
	maxSecret  = 1024
)

// A Config says through which server mail is sent, and as whom.
type Config struct {
	// Host is the server's name or address, with or without a port behind a colon.
	// Required.
	Host string `dsn:"host,host,required" example:"mail.example.com:587"`
	// Port is the server's port. Defaults to that of Host, or else to 465 with
	// Implicit, and to 587.
	Port int `dsn:"port" example:"465"`
	// Security is how the connection is kept private. Defaults to None on loopback,
	// to Implicit on port 465, and else to StartTLS.
	Security Security `dsn:"security,oneof=starttls|implicit|none" example:"implicit"`
	// RootCAs replace the system's certificate authorities, for a server with a
	// private one. Defaults to the system's.
	RootCAs *x509.CertPool `json:"-"`

	// Username is the name that the server knows. Defaults to none.
	Username string `dsn:"username,user" example:"env:SMTP_USERNAME"`
	// Password goes with Username. Defaults to none.
	Password string `json:"-" dsn:"password,pass" example:"env:SMTP_PASSWORD"`
	// Token returns an OAuth2 access token for Username, in the place of a
	// password. It is asked for each connection, under that connection's context,
	// and must be safe for concurrent use: an oauth2.TokenSource caches and renews
	// tokens by itself. The token goes by OAUTHBEARER (RFC 7628) or XOAUTH2.
	// Defaults to none.
	Token func(context.Context) (string, error) `json:"-"`

	// From is the sender, as "login@example.com" or "Acme <login@example.com>".
	// Required.
	From string `dsn:"from,required" example:"a@example.com"`
	// Subject is that of every mail, in one line of at most 150 bytes. Defaults to
	// "Your code", in the languages of package otp: da, de, en, es, fr, it and pt.
	Subject string `dsn:"subject" example:"Your%20code"`
	// Subjects go before Subject, by BCP 47 tag, where "pt" serves "pt-BR" too and
	// "zh-TW" serves "zh-Hant-TW"; the tag is that of verify.WithLocale. Defaults to
	// none.
	Subjects map[string]string `dsn:"subject.NAME" example:"Ihr%20Code"`

	// Hello is the name by which the server is greeted. Many servers refuse one
	// that is not qualified, or that DNS does not know. Defaults to the machine's
	// name if that is qualified and not a private one, or else to the domain of
	// From.
	Hello string `dsn:"hello" example:"login.example.com"`
}

// Format keeps the password out of every print.
func (Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("email.Config{[hidden]}")) }

func (cfg Config) withDefaults() Config {
	if host, port, err := net.SplitHostPort(cfg.Host); err == nil && cfg.Port == 0 {
		if n, err := strconv.ParseUint(port, 10, 16); err == nil && n > 0 {
			cfg.Host, cfg.Port = host, int(n)
		}
	}
	switch {
	case cfg.Security != "":
	case isLoopback(cfg.Host):
		cfg.Security = None
	case cfg.Port == portImplicit:
		cfg.Security = Implicit
	default:
		cfg.Security = StartTLS
	}
	if cfg.Port == 0 && cfg.Security == Implicit {
		cfg.Port = portImplicit
	}
	cfg.Port = cmp.Or(cfg.Port, portStartTLS)
	cfg.Subjects = lowered(cfg.Subjects)
	return cfg
}

func (cfg Config) validate() (from *mail.Address, err error) {
	switch {
	case !isHost(cfg.Host):
		return nil, errors.New("email: Host must be a name or an address, and Port is given once")
	case cfg.Port < 1 || cfg.Port > 65535:
		return nil, errors.New("email: Port must be 1 to 65535")
	case cfg.Security != StartTLS && cfg.Security != Implicit && cfg.Security != None:
		return nil, errors.New("email: Security must be starttls, implicit or none")
	case cfg.Security == None && !isLoopback(cfg.Host):
		return nil, errors.New("email: Security may be none on loopback only: use starttls or implicit")
	case cfg.Token != nil && (cfg.Username == "" || cfg.Password != ""):
		return nil, errors.New("email: Token goes with Username, and without Password")
	case cfg.Token == nil && (cfg.Username == "") != (cfg.Password == ""):
		return nil, errors.New("email: give both Username and Password, or neither")
	case !isSecret(cfg.Username) || !isSecret(cfg.Password):
		return nil, errors.New("email: Username and Password must be at most 1024 bytes of UTF-8 without control characters")
	case cfg.Hello != "" && !isHost(cfg.Hello):
		return nil, errors.New("email: Hello must be a host name")
	case cfg.Subject != "" && !isLine(cfg.Subject, maxSubject):
		return nil, errors.New("email: Subject must be one line of at most 150 bytes of printable UTF-8")
	}
	for tag, subject := range cfg.Subjects {
		if !isTag(tag) || !isLine(subject, maxSubject) {
			return nil, errors.New("email: Subjects must have BCP 47 tags such as pt-BR, and lines of at most 150 bytes of printable UTF-8")
		}
	}
	return parseFrom(cfg.From)
}

// parseFrom keeps to what needs no quoting in an SMTP command.
func parseFrom(s string) (*mail.Address, error) {
	from, err := mail.ParseAddress(s)
	if err != nil || !verify.IsEmail(from.Address) || from.Name != "" && !isLine(from.Name, maxName) {
		return nil, errors.New("email: From must read login@example.com or Acme <login@example.com>, with at most 64 bytes of name")
	}
	return from, nil
}

// greeting is the default of Hello. name is the machine's own.
func greeting(name string, from *mail.Address) string {
	_, domain, _ := strings.Cut(from.Address, "@")
	own, under, qualified := strings.Cut(strings.ToLower(strings.TrimSuffix(name, ".")), ".")
	top := under[strings.LastIndexByte(under, '.')+1:]
	private := []string{"local", "localdomain", "internal", "intranet", "lan", "home", "corp", "private", "arpa", "test", "invalid", "example"}
	if !qualified || own == "" || top == "" || net.ParseIP(name) != nil || !isHost(name) || slices.Contains(private, top) {
		return domain
	}
	return strings.TrimSuffix(name, ".")
}

// tls is what both kinds of TLS have in common.
func (cfg Config) tls() *tls.Config {
	return &tls.Config{ServerName: cfg.Host, RootCAs: cfg.RootCAs, MinVersion: tls.VersionTLS12}
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func isHost(s string) bool {
	strange := func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_", r)
	}
	return net.ParseIP(s) != nil || s != "" && len(s) <= maxHost && s[0] != '-' && !strings.ContainsFunc(s, strange)
}

// isLine keeps a header from growing into two.
func isLine(s string, most int) bool {
	return s != "" && len(s) <= most && utf8.ValidString(s) &&
		!strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

func isSecret(s string) bool {
	return len(s) <= maxSecret && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}
