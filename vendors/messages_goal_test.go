package vendors_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify/twilio/twiliotest"
)

// mishaps are what may become of the requests of a send: of all of them, or of
// the first one if Times says so. Each is as unlucky as can be: a vendor that may
// have acted has acted, each time that it was asked.
var mishaps = map[string]twiliotest.Fault{
	"a refusal":                   page(400),
	"a throttle":                  throttle(),
	"a throttle of a minute":      throttle("Retry-After", "60"),
	"a throttle, then a yes":      atFirst(throttle()),
	"500":                         page(500),
	"500, then a yes":             atFirst(page(500)),
	"501":                         page(501),
	"502":                         page(502),
	"503":                         page(503),
	"503 for a second":            page(503, "Retry-After", "1"),
	"503, then a yes":             atFirst(page(503)),
	"504, then a yes":             atFirst(page(504)),
	"408, then a yes":             atFirst(page(408)),
	"reset":                       {Break: twiliotest.Reset, Effect: true},
	"reset, then a yes":           atFirst(twiliotest.Fault{Break: twiliotest.Reset, Effect: true}),
	"closed":                      {Break: twiliotest.Close, Effect: true},
	"closed, then a yes":          atFirst(twiliotest.Fault{Break: twiliotest.Close, Effect: true}),
	"garbage, then a yes":         atFirst(twiliotest.Fault{Break: twiliotest.Garbage, Effect: true}),
	"a yes that is cut off":       {Break: twiliotest.Truncate, Effect: true},
	"a yes that is a page":        page(200),
	"no answer":                   {Delay: time.Minute},
	"a yes too late":              {Delay: time.Second},
	"a redirect to the same call": page(307, "Location", "?again"),
	"a permanent one":             page(308, "Location", "?again"),
}

func page(status int, header ...string) twiliotest.Fault {
	f := twiliotest.Fault{Status: status, Body: "<html>", Header: http.Header{"Content-Type": {"text/html"}}, Effect: true}
	for i := 0; i < len(header); i += 2 {
		f.Header.Set(header[i], header[i+1])
	}
	return f
}

// throttle is the one answer of a vendor that surely did nothing.
func throttle(header ...string) twiliotest.Fault {
	f := page(http.StatusTooManyRequests, header...)
	f.Effect = false
	return f
}

func atFirst(f twiliotest.Fault) twiliotest.Fault {
	f.Times = 1
	return f
}

// One Send is one message at most, whatever becomes of its requests, on a new
// connection and on one from before.
func TestOneMessageInEveryMishap(t *testing.T) {
	t.Parallel()
	for vendor := range pairable {
		for name := range mishaps {
			for how, warm := range map[string]bool{"a new connection": false, "one from before": true} {
				t.Run(vendor+", "+name+", "+how, func(t *testing.T) {
					t.Parallel()
					sendInto(t, pairable[vendor](t), mishaps[name], warm)
				})
			}
		}
	}
}

func sendInto(t *testing.T, p paired, f twiliotest.Fault, warm bool) {
	if warm {
		_ = p.Check(t.Context(), person, "123456") // nothing was sent: any answer will do
	}
	if f.Times == 0 {
		f.Times = -1
	}
	p.fail(f)
	patience := 5 * time.Second
	if f.Delay > 0 {
		patience = 100 * time.Millisecond
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, err := p.Send(ctx, person)
	assert.LessOrEqual(t, p.effects(), 1, "messages; the caller was told: %v", err)
	if err == nil {
		assert.Equal(t, 1, p.effects(), "a yes is a message")
	}
}
