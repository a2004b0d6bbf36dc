package bench

import (
	"context"
	"fmt"
	"net/http"
	"testing"
)

// A caller is one way to have a code sent and checked.
type caller struct{ send, check operation }

// An operation is one of the two calls.
type operation = func(context.Context) error

// A road is what lies between a caller and the vendor. Over a network each
// caller has the transport that it comes with.
type road struct {
	transport http.RoundTripper // nil: its own
	address   string            // of the vendor, if it is its own
	secure    bool              // by TLS
}

// base is where the vendor answers.
func (r road) base() string {
	if r.transport != nil {
		return "https://verify.twilio.com"
	}
	if r.secure {
		return "https://" + r.address
	}
	return "http://" + r.address
}

// wide is the transport of a careful application: the idle connections of
// http.DefaultTransport are two a host, and 16 callers would dial all the time.
func (r road) wide() http.RoundTripper {
	if r.transport != nil {
		return r.transport
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 32
	return t
}

// plain is the transport of everyone who chooses none.
func (r road) plain() http.RoundTripper {
	if r.transport != nil {
		return r.transport
	}
	return http.DefaultTransport.(*http.Transport).Clone()
}

// callers are those compared, by name. A file of its own adds each.
var callers = map[string]func(testing.TB, road) caller{}

// roads are the ways that are measured: a vendor in memory shows what is the
// client's own, one on loopback what is left of it beside the kernel's work.
var roads = map[string]func(*testing.B) road{
	"memory": func(*testing.B) road { return road{transport: memory{}} },
	"loopback": func(b *testing.B) road {
		address, err := loopback()
		if err != nil {
			b.Fatal(err)
		}
		return road{address: address}
	},
}

func BenchmarkSend(b *testing.B) { calls(b, func(c caller) operation { return c.send }) }

func BenchmarkCheck(b *testing.B) { calls(b, func(c caller) operation { return c.check }) }

// calls measures one of the two calls of each caller, one at a time and by 16 at
// a time, with a context that can end, as an application has it.
func calls(b *testing.B, which func(caller) operation) {
	for over, open := range roads {
		b.Run("over="+over, func(b *testing.B) {
			r := open(b)
			for _, n := range []int{1, 16} {
				b.Run(fmt.Sprintf("callers=%d", n), func(b *testing.B) {
					for _, name := range shuffled(callers) {
						b.Run("by="+name, func(b *testing.B) {
							call := which(callers[name](b, r))
							measure(b, n, func() error { return call(b.Context()) })
						})
					}
				})
			}
		})
	}
}
