package email

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/go2fa/verify/otp"
)

const maxDSN = 16 << 10 // bytes

// Open returns a Messenger that one line of configuration describes:
//
//	smtp://USER:PASS@HOST:PORT?from=Acme%20<login@example.com>&subject=Your%20code
//
// The keys behind the question mark are from, which is required, and username,
// password, security (starttls, implicit or none), subject, subject.TAG (such as
// subject.de) and hello, each as in [Config]. Percent-escapes are decoded and a
// plus is a plus. Always escaped are spaces, parentheses and what is not
// printable ASCII, in USER and PASS also / ? # @ : %, and in values & # %.
//
// It makes no connection. An error says which character is at fault, and holds
// no part of the line.
func Open(dsn string) (otp.Messenger, error) {
	cfg, err := parse(dsn)
	if err != nil {
		return nil, err
	}
	c, err := New(cfg)
	if err != nil {
		return nil, err
	}
	return c, nil
}

func faultAt(at int, text string) error {
	return fmt.Errorf("email: character %d: %s", at+1, text)
}

// A reader takes a line apart. It keeps the first fault it meets.
type reader struct {
	cfg  Config
	seen map[string]bool
	err  error
}

func (r *reader) fault(at int, text string) {
	if r.err == nil {
		r.err = faultAt(at, text)
	}
}

const scheme = "smtp://"

// parse reads a line by hand: the errors of net/url quote their input.
func parse(dsn string) (Config, error) {
	if !strings.HasPrefix(dsn, scheme) || len(dsn) > maxDSN {
		return Config{}, faultAt(0, "the line must open with smtp:// and have at most 16384 characters")
	}
	for i := range len(dsn) {
		if c := dsn[i]; c <= ' ' || c > '~' || strings.IndexByte("()#", c) >= 0 {
			return Config{}, faultAt(i, "a space, a parenthesis, a number sign and what is not printable ASCII are percent-escaped")
		}
	}
	r := reader{seen: map[string]bool{}}
	authority, pairs, query := strings.Cut(dsn[len(scheme):], "?")
	r.authority(len(scheme), authority)
	if query {
		r.pairs(len(scheme)+len(authority)+1, pairs)
	}
	return r.cfg, r.err
}

func (r *reader) authority(at int, s string) {
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		r.credentials(at, s[:i])
		at, s = at+i+1, s[i+1:]
	}
	host, port := s, ""
	if i := strings.LastIndexByte(s, ':'); i >= 0 && !strings.HasSuffix(s, "]") {
		host, port = s[:i], s[i+1:]
		n, err := strconv.Atoi(port)
		if err != nil || len(port) > 5 || port[0] < '0' || port[0] > '9' {
			r.fault(at+i+1, "the port must be a number; in USER and PASS / ? # @ : % are percent-escaped")
		}
		r.cfg.Port = n
	}
	if bare, ok := strings.CutPrefix(host, "["); ok {
		host = strings.TrimSuffix(bare, "]")
	}
	if !isHost(host) {
		r.fault(at, "behind smtp:// and the credentials stands HOST:PORT; in USER and PASS / ? # @ : % are percent-escaped")
	}
	r.cfg.Host = host
}

func (r *reader) credentials(at int, s string) {
	user, pass, ok := strings.Cut(s, ":")
	if !ok || strings.ContainsAny(s, "/@") || strings.Contains(pass, ":") {
		r.fault(at, "in front of the @ stands USER:PASS, and / ? # @ : % in them are percent-escaped")
		return
	}
	r.set(at, "username", r.decode(at, user))
	r.set(at+len(user)+1, "password", r.decode(at+len(user)+1, pass))
}

func (r *reader) pairs(at int, s string) {
	for pair := range strings.SplitSeq(s, "&") {
		key, value, ok := strings.Cut(pair, "=")
		if !ok {
			r.fault(at, "here stands key=value; in values & # % are percent-escaped")
			return
		}
		r.set(at, key, r.decode(at+len(key)+1, value))
		at += len(pair) + 1
	}
}

func (r *reader) set(at int, key, value string) {
	tag, isSubject := strings.CutPrefix(key, "subject.")
	into := map[string]*string{
		"username": &r.cfg.Username, "password": &r.cfg.Password, "from": &r.cfg.From,
		"subject": &r.cfg.Subject, "hello": &r.cfg.Hello, "security": (*string)(&r.cfg.Security),
	}[key]
	id := strings.ToLower(key)
	switch {
	case into == nil && !isSubject:
		r.fault(at, "the keys are from, username, password, security, subject, subject.TAG and hello")
	case r.seen[id]:
		r.fault(at, "this is given twice")
	case value == "":
		r.fault(at, "this has no value")
	case strings.HasPrefix(value, "env:") || strings.HasPrefix(value, "file:"):
		r.fault(at, "env: and file: are not read here, but can stand for the whole line where it is given")
	case isSubject:
		if r.cfg.Subjects == nil {
			r.cfg.Subjects = map[string]string{}
		}
		r.cfg.Subjects[tag] = value
	default:
		*into = value
	}
	r.seen[id] = true
}

func (r *reader) decode(at int, raw string) string {
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		if c == '%' {
			n, err := hexByte(raw[i+1:])
			if err != nil {
				r.fault(at+i, "a % is written %25, or stands before two hexadecimal digits")
				return ""
			}
			c, i = n, i+2
		}
		b.WriteByte(c)
	}
	return b.String()
}

func hexByte(s string) (byte, error) {
	if len(s) < 2 {
		return 0, errors.New("too short")
	}
	n, err := strconv.ParseUint(s[:2], 16, 8)
	return byte(n), err
}
