package bench

import (
	"context"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/otp"
)

// void is a messenger that costs nothing.
type void struct{}

func (void) Deliver(context.Context, otp.Message) (string, error) { return "", nil }

func (void) Capabilities() verify.Capabilities {
	return verify.Capabilities{Vendor: "void", Channels: []verify.Channel{verify.ChannelSMS}}
}

// recipient writes one of a million numbers into room. A recipient comes with a
// request and is at hand: one from a table of a million would have to be fetched
// from memory first, and that would be counted.
func recipient(room *[12]byte, n uint64) string {
	copy(room[:], "+15550000000")
	for at := len(room) - 1; n > 0; n /= 10 {
		room[at] = '0' + byte(n%10)
		at--
	}
	return unsafe.String(&room[0], len(room))
}

// opened is an engine that has sent a code to a million recipients.
var opened = sync.OnceValues(func() (*otp.Engine, error) {
	engine, err := otp.New(otp.Config{
		Messenger: void{}, Store: new(otp.MemoryStore), Keys: [][]byte{make([]byte, 32)},
		Product: "Acme", Origin: "login.example.com", Limits: otp.Limits{Window: 1, Cooldown: []time.Duration{0}},
	})
	if err != nil {
		return nil, err
	}
	var room [12]byte
	for n := range uint64(million) {
		if _, err := engine.Send(background, recipient(&room, n)); err != nil {
			return nil, err
		}
	}
	return engine, nil
})

// secret is one of an authenticator app, as pquerna/otp wants it.
const secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"

// grounded is the floor, with its million.
var grounded = sync.OnceValue(newFloor)

// local measures our engine among a million live codes, and the least that a code of
// one's own costs.
func local(b *testing.B, ours func(e *otp.Engine, to string) error, theirs func(f *floor, to string)) {
	all := map[string]func(*testing.B) func() error{
		"ours": func(b *testing.B) func() error {
			engine, err := opened()
			if err != nil {
				b.Fatal(err)
			}
			var room [12]byte
			return func() error { return ours(engine, recipient(&room, somewhere(turns.Add(1)))) }
		},
		"floor": func(*testing.B) func() error {
			f := grounded()
			return to(func(to string) { theirs(f, to) })
		},
	}
	b.Run("live=1M/callers=1", func(b *testing.B) {
		for _, name := range shuffled(all) {
			b.Run("by="+name, func(b *testing.B) { measure(b, 1, all[name](b)) })
		}
	})
}

// BenchmarkLocalSend makes a code, keeps it and writes its message.
func BenchmarkLocalSend(b *testing.B) {
	local(b, func(e *otp.Engine, to string) error {
		_, err := e.Send(background, to)
		return err
	}, (*floor).send)
}

// BenchmarkLocalCheck checks a wrong code.
func BenchmarkLocalCheck(b *testing.B) {
	local(b, func(e *otp.Engine, to string) error {
		_ = e.Check(background, to, typed) // right by chance, once in a million
		return nil
	}, func(f *floor, to string) { f.check(to, typed) })
}
