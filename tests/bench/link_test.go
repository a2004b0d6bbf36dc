package bench

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"flag"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/go2fa/verify/twilio"
)

const (
	oneWay  = 20 * time.Millisecond
	samples = 15
	settle  = 60 * time.Millisecond // for an end, or a connection that is opened ahead
)

var silence = flag.Duration("silence", 35*time.Second, "with -ratios: how long nobody sends")

// A link stands between a client and a vendor, and takes 20 ms each way. On loopback a
// connection is there at once: what the client says first is held for the round trip
// that it takes over a network.
type link struct {
	net.Listener
	vendor string
	mu     sync.Mutex
	conns  []net.Conn
}

func newLink(t *testing.T, vendor string) *link {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &link{Listener: listener, vendor: vendor}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			vendor, err := net.Dial("tcp", l.vendor)
			if err != nil {
				_ = client.Close()
				continue
			}
			l.mu.Lock()
			l.conns = append(l.conns, vendor)
			l.mu.Unlock()
			go carry(vendor, client, time.Now().Add(3*oneWay))
			go carry(client, vendor, time.Time{})
		}
	}()
	return l
}

// carry moves bytes, and the end, 20 ms later, and none before a time.
func carry(to, from net.Conn, before time.Time) {
	type piece struct {
		due   time.Time
		bytes []byte
	}
	pieces := make(chan piece, 1000)
	go func() {
		defer close(pieces)
		for {
			room := make([]byte, 32<<10)
			n, err := from.Read(room)
			due := time.Now().Add(oneWay)
			if due.Before(before) {
				due = before
			}
			pieces <- piece{due, room[:n]}
			if err != nil {
				return
			}
		}
	}()
	for p := range pieces {
		time.Sleep(time.Until(p.due))
		_, _ = to.Write(p.bytes) // an end shows at the next read
	}
	_ = to.Close()
}

// end has the vendor close every connection.
func (l *link) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.conns {
		_ = c.Close()
	}
	l.conns = nil
}

// farVendor is the vendor by TLS, 40 ms away, which keeps an idle connection for 60 s.
func farVendor(t *testing.T, version uint16) (*link, road) {
	t.Helper()
	vendor := httptest.NewUnstartedServer(http.HandlerFunc(reply))
	vendor.TLS = &tls.Config{MaxVersion: version}
	vendor.Config.IdleTimeout = time.Minute
	vendor.Config.ErrorLog = log.New(io.Discard, "", 0)
	vendor.StartTLS()
	t.Cleanup(vendor.Close)
	trust(t, vendor)
	l := newLink(t, vendor.Listener.Addr().String())
	return l, road{address: l.Addr().String(), secure: true}
}

// trust makes the certificate of httptest, which is the same in every server, the one
// of this machine for this process: they are read once.
func trust(t *testing.T, vendor *httptest.Server) {
	trusted.Do(func() {
		dir, err := os.MkdirTemp("", "bench")
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, "ca.pem")
		block := &pem.Block{Type: "CERTIFICATE", Bytes: vendor.Certificate().Raw}
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		_ = os.Setenv("SSL_CERT_FILE", file) // it never fails
	})
}

var trusted sync.Once

// timed is how long a Send takes, in milliseconds.
func timed(t *testing.T, send func(context.Context) error) float64 {
	t.Helper()
	began := time.Now()
	if err := send(background); err != nil {
		t.Fatal(err)
	}
	return float64(time.Since(began)) / 1e6
}

func farClient(t *testing.T, r road) (*twilio.Client, func(context.Context) error) {
	t.Helper()
	client, err := twilio.New(twilio.Config{
		AccountSID: account, AuthToken: token, Service: twilio.Service{SID: service}, BaseURL: r.base(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return client, func(ctx context.Context) error {
		_, err := client.Send(ctx, phone)
		return err
	}
}

// A farPair pairs what two sends take.
type farPair struct{ one, other []float64 }

func (f *farPair) add(one, other float64) {
	f.one, f.other = append(f.one, one), append(f.other, other)
}

func (f *farPair) tell(what string, target float64) {
	var all []float64
	for i := range f.one {
		all = append(all, f.one[i]/f.other[i])
	}
	tell(what, quartiles(all), target)
	tell(what+", the first in ms", quartiles(f.one), 0)
	tell(what+", the second in ms", quartiles(f.other), 0)
}

// TestFarSends times single Sends behind a link of 40 ms.
func TestFarSends(t *testing.T) {
	needRatios(t)
	_, r := farVendor(t, 0)
	var cold, warm farPair
	_, _ = timedRaw(t, r), timedRaw(t, r) // the certificates of the machine are read
	for range samples {
		_, send := farClient(t, r)
		first := timed(t, send)
		cold.add(first, timedRaw(t, r))
		client, send := farClient(t, r)
		if err := client.Warm(background); err != nil {
			t.Fatal(err)
		}
		time.Sleep(settle)
		warm.add(timed(t, send), first)
	}
	cold.tell("first Send of a fresh client / raw net/http", 0)
	warm.tell("first Send after Warm / a cold one", 0.35)

	farReconnects(t)
}

// farReconnects has the vendor end a connection, after which TLS 1.2 is resumed.
func farReconnects(t *testing.T) {
	var again farPair
	l, r := farVendor(t, tls.VersionTLS12)
	_, ours := farClient(t, r)
	theirs := newRaw(r, r.wide()).send
	timed(t, ours)
	timed(t, theirs)
	for range samples {
		l.end()
		time.Sleep(settle)
		again.add(timed(t, ours), timed(t, theirs))
	}
	again.tell("reconnect to a TLS 1.2 vendor / raw net/http, which keeps no sessions", 0.78)
}

func timedRaw(t *testing.T, r road) float64 {
	t.Helper()
	return timed(t, newRaw(r, r.wide()).send)
}

// TestFarSendsAfterSilence times a Send after 35 s in which nobody sent.
func TestFarSendsAfterSilence(t *testing.T) {
	needRatios(t)
	for name, version := range map[string]uint16{"": 0, ", TLS 1.2": tls.VersionTLS12} {
		t.Run("silence"+name, func(t *testing.T) {
			t.Parallel()
			_, r := farVendor(t, version)
			var ours, theirs [samples]func(context.Context) error
			for i := range samples {
				_, ours[i] = farClient(t, r)
				theirs[i] = newRaw(r, r.wide()).send
				timed(t, ours[i])
				timed(t, theirs[i])
			}
			time.Sleep(*silence)
			var row farPair
			for i := range samples {
				row.add(timed(t, ours[i]), timed(t, theirs[i]))
			}
			row.tell("Send after "+silence.String()+" of silence"+name+" / raw net/http", 1.05)
		})
	}
}
