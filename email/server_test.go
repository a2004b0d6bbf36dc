package email_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"io"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a server may do instead of a reply.
const (
	hangUp  = "hang up"
	keepMum = "keep mum" // until the client goes away
	babble  = "babble"   // without an end of line
)

// A server speaks SMTP as a test scripts it, on loopback.
type server struct {
	host    string
	port    int
	replies map[string]string // by stage: "connect", a verb, "password" or "content"; see script
	offers  []string          // extensions, beside those that need no word
	secure  *tls.Config
	wrap    bool // TLS from the first byte
	roots   *x509.CertPool
	reached map[string]func() // by stage, called before the reply
	stop    func()            // who comes later is not answered

	mu       sync.Mutex
	commands []string // as they came, but for passwords
	inClear  []string // those that came without TLS
	contents []string
	tokens   []string // what AUTH held
	all      sync.WaitGroup
}

// serve starts a server. change sets what it does before the first client comes.
func serve(t testing.TB, change ...func(*server)) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	site := httptest.NewUnstartedServer(nil)
	site.StartTLS()
	t.Cleanup(site.Close)
	s := &server{
		host: "127.0.0.1", port: l.Addr().(*net.TCPAddr).Port, replies: map[string]string{},
		secure: &tls.Config{Certificates: site.TLS.Certificates}, roots: x509.NewCertPool(),
	}
	s.roots.AddCert(site.Certificate())
	for _, f := range change {
		f(s)
	}
	s.all.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.all.Go(func() { s.talk(conn) })
		}
	})
	s.stop = func() { _ = l.Close() }
	t.Cleanup(func() {
		s.stop()
		s.all.Wait() // each client has closed its connection, or this hangs
	})
	return s
}

// script has the next to come to a stage read a reply.
func (s *server) script(stage, reply string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.replies[stage] = reply
}

func (s *server) scripted(stage string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.replies[stage]
}

// says scripts one reply.
func says(stage, reply string) func(*server) {
	return func(s *server) { s.replies[stage] = reply }
}

func offering(extensions ...string) func(*server) {
	return func(s *server) { s.offers = append(s.offers, extensions...) }
}

// A talk is one connection.
type talk struct {
	*server
	conn net.Conn
	in   *bufio.Reader
	tls  bool
}

func (s *server) talk(conn net.Conn) {
	c := &talk{server: s, conn: conn, in: bufio.NewReader(conn)}
	defer func() { _ = c.conn.Close() }()
	if s.wrap && !c.upgrade() {
		return
	}
	if !c.reply("connect", "220 mail.example.com") {
		return
	}
	for {
		line, err := c.in.ReadString('\n')
		if err != nil || !c.answer(strings.TrimRight(line, "\r\n")) {
			return
		}
	}
}

func (c *talk) upgrade() bool {
	secure := tls.Server(c.conn, c.secure)
	if secure.Handshake() != nil {
		return false
	}
	c.conn, c.in, c.tls = secure, bufio.NewReader(secure), true
	return true
}

// answer reports whether the conversation goes on.
func (c *talk) answer(line string) bool {
	c.note(line)
	verb, _, _ := strings.Cut(strings.ToUpper(line), " ")
	switch verb {
	case "EHLO":
		offers := []string{"250-mail.example.com", "250-8BITMIME"}
		for _, o := range c.offers {
			if o != "STARTTLS" || !c.tls {
				offers = append(offers, "250-"+o)
			}
		}
		return c.reply(verb, strings.Join(append(offers, "250 SMTPUTF8"), "\r\n"))
	case "STARTTLS":
		return c.reply(verb, "220 go ahead") && (c.scripted(verb) != "" || c.upgrade())
	case "AUTH":
		return c.auth(line)
	case "DATA":
		if !c.reply(verb, "354 end with a dot") {
			return false
		}
		if r := c.scripted(verb); r != "" && !strings.HasPrefix(r, "354") {
			return true
		}
		content, err := io.ReadAll(dotted(c.in))
		if err != nil {
			return false
		}
		c.mu.Lock()
		c.contents = append(c.contents, string(content))
		c.mu.Unlock()
		return c.reply("content", "250 2.0.0 queued")
	case "QUIT":
		_ = c.reply(verb, "221 bye")
		return false
	}
	return c.reply(verb, "250 ok")
}

func (c *talk) auth(line string) bool {
	if mechanism := strings.Fields(line)[1]; strings.HasSuffix(mechanism, "OAUTH2") || mechanism == "OAUTHBEARER" {
		return c.oauth(line)
	}
	if strings.HasPrefix(strings.ToUpper(line), "AUTH LOGIN") {
		for _, prompt := range []string{"Username:", "Password:"} {
			if !c.send("334 " + base64.StdEncoding.EncodeToString([]byte(prompt))) {
				return false
			}
			if _, err := c.in.ReadString('\n'); err != nil {
				return false
			}
		}
	}
	return c.reply("AUTH", "235 welcome")
}

// oauth takes the token "good", and describes what is wrong with any other: the
// client must say that it has read that (RFC 7628 section 3.2.3).
func (c *talk) oauth(line string) bool {
	raw, _ := base64.StdEncoding.DecodeString(strings.Fields(line)[2])
	c.mu.Lock()
	c.tokens = append(c.tokens, string(raw))
	c.mu.Unlock()
	if strings.Contains(string(raw), "Bearer good\x01\x01") {
		return c.reply("AUTH", "235 welcome")
	}
	if !c.send("334 " + base64.StdEncoding.EncodeToString([]byte(`{"status":"invalid_token"}`))) {
		return false
	}
	read, err := c.in.ReadString('\n')
	if err != nil {
		return false
	}
	want := map[bool]string{true: "AQ==", false: ""}[strings.Fields(line)[1] == "OAUTHBEARER"]
	if strings.TrimRight(read, "\r\n") != want {
		return c.send("501 canary")
	}
	return c.reply("AUTH", "535 5.7.8 canary")
}

// note keeps credentials out of what the tests print.
func (c *talk) note(line string) {
	if strings.HasPrefix(line, "AUTH ") {
		line = strings.Join(strings.Fields(line)[:2], " ")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.commands = append(c.commands, line)
	if !c.tls {
		c.inClear = append(c.inClear, line)
	}
}

// reply says what the script says, or else what a willing server does.
func (c *talk) reply(stage, willing string) bool {
	if f := c.reached[stage]; f != nil {
		f()
	}
	switch script := c.scripted(stage); script {
	case "":
		return c.send(willing)
	case hangUp:
		return false
	case keepMum:
		_, _ = io.Copy(io.Discard, c.in)
		return false
	case babble:
		for c.write(strings.Repeat("250-x", 1000)) {
		}
		return false
	default:
		return c.send(script)
	}
}

func (c *talk) send(line string) bool { return c.write(line + "\r\n") }

func (c *talk) write(s string) bool {
	_, err := io.WriteString(c.conn, s)
	return err == nil
}

// dotted reads a mail up to its dot.
func dotted(in *bufio.Reader) io.Reader {
	out, w := io.Pipe()
	go func() {
		for {
			line, err := in.ReadString('\n')
			if err != nil || line == ".\r\n" {
				_ = w.CloseWithError(err)
				return
			}
			_, _ = io.WriteString(w, strings.TrimPrefix(line, "."))
		}
	}()
	return out
}
