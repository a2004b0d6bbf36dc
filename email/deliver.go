package email

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strconv"
	"time"

	"github.com/wneessen/go-mail/smtp"

	"github.com/go2fa/verify"
)

const (
	totalTime   = 15 * time.Second
	connectTime = 3 * time.Second // for the connection, and for TLS
	quitTime    = time.Second     // for a farewell that changes nothing

	// maxRead bounds what a server may say in one connection, certificates
	// included.
	maxRead = 256 << 10
)

// deliver makes one attempt over a connection of its own.
func (c *Messenger) deliver(ctx context.Context, to string, content []byte) *verify.Error {
	return c.visit(ctx, "send", func(client *smtp.Client) (stage, error) { return hand(client, to, content) })
}

// visit opens a connection for one call, and says farewell if it went well.
func (c *Messenger) visit(ctx context.Context, op string, talk func(*smtp.Client) (stage, error)) *verify.Error {
	ctx, cancel := context.WithTimeout(ctx, totalTime)
	defer cancel()

	conn, err := c.dial(ctx)
	if err != nil {
		return failure(ctx, op, atConnect, err)
	}
	defer func() { _ = conn.Close() }()
	// A deadline of the connection would not notice a caller who gives up earlier.
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()

	client, at, err := c.introduce(ctx, conn)
	if err == nil {
		at, err = talk(client)
	}
	if err != nil {
		return failure(ctx, op, at, err)
	}
	_ = conn.SetDeadline(time.Now().Add(quitTime))
	_ = client.Quit() // it is done, whatever the server says now
	return nil
}

// dial opens the connection, which is not TLS yet.
func (c *Messenger) dial(ctx context.Context) (net.Conn, error) {
	dialer := net.Dialer{Timeout: connectTime}
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort(c.cfg.Host, strconv.Itoa(c.cfg.Port)))
	if err != nil {
		return nil, err
	}
	if c.cfg.Security == None && !onLoopback(conn.RemoteAddr()) {
		_ = conn.Close()
		return nil, errElsewhere
	}
	return &bounded{conn, maxRead}, nil
}

// onLoopback does not take a name's word for it: a resolver may send "localhost"
// anywhere.
func onLoopback(remote net.Addr) bool {
	tcp, ok := remote.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// introduce comes as far as the server's leave to send for From, and returns
// where it ended if it failed.
func (c *Messenger) introduce(ctx context.Context, conn net.Conn) (*smtp.Client, stage, error) {
	client, at, err := c.greet(ctx, conn)
	if err != nil {
		return nil, at, err
	}
	if err := c.authenticate(ctx, client); err != nil {
		return nil, atAuth, err
	}
	return client, atMail, client.Mail("<" + c.from.Address + ">")
}

// ask asks whether the server would take a mail, and takes the question back.
// Many a server says here what it holds against the greeting or the sender. Its
// no to the mailbox itself is no fault: nobody need read what comes to From.
func (c *Messenger) ask(client *smtp.Client) (stage, error) {
	err := client.Rcpt("<" + c.from.Address + ">")
	if err != nil && !blamesMailbox(err) {
		return atRcpt, err
	}
	return atReset, client.Reset()
}

// hand gives the server one mail.
func hand(client *smtp.Client, to string, content []byte) (stage, error) {
	if err := client.Rcpt("<" + to + ">"); err != nil {
		return atRcpt, err
	}
	w, err := client.Data()
	if err != nil {
		return atData, err
	}
	_, err = w.Write(content)
	if err == nil {
		err = w.Close()
	}
	return atContent, err
}

// greet returns once both sides know each other and nobody else listens.
func (c *Messenger) greet(ctx context.Context, conn net.Conn) (*smtp.Client, stage, error) {
	if c.cfg.Security == Implicit {
		secure := tls.Client(conn, c.cfg.tls())
		ctx, cancel := context.WithTimeout(ctx, connectTime)
		defer cancel()
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, atTLS, err
		}
		conn = secure
	}
	client, err := smtp.NewClient(conn, c.cfg.Host)
	if err != nil {
		return nil, atConnect, err
	}
	client.SkipSMTPUTF8(true) // no address of ours needs it
	if err := client.Hello(c.cfg.Hello); err != nil {
		return nil, atConnect, err
	}
	if c.cfg.Security == StartTLS {
		if offered, _ := client.Extension("STARTTLS"); !offered {
			return nil, atTLS, errNoStartTLS
		}
		if err := client.StartTLS(c.cfg.tls()); err != nil {
			return nil, atTLS, err
		}
	}
	return client, 0, nil
}

// What we find out ourselves.
var (
	errElsewhere   = errors.New("localhost is not this machine")
	errNoStartTLS  = errors.New("no STARTTLS")
	errNoMechanism = errors.New("no mechanism")
	errNoToken     = errors.New("no token")
	errTalkative   = errors.New("too many bytes")
)

// A bounded connection keeps a server that never ends a line from filling our
// memory.
type bounded struct {
	net.Conn
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, errTalkative
	}
	n, err := b.Conn.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
