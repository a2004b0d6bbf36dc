//go:build !race

package driver_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/driver"
)

// An instant transport answers from memory at the least cost, so that what is
// counted is ours.
type instant struct {
	resp http.Response
	body *strings.Reader
}

func newInstant(body string) *instant {
	return &instant{body: strings.NewReader(body), resp: http.Response{
		StatusCode: 201, Header: http.Header{}, ContentLength: int64(len(body)),
	}}
}

func (i *instant) RoundTrip(r *http.Request) (*http.Response, error) {
	connect(r)
	i.body.Seek(0, 0) //nolint:errcheck // of memory
	i.resp.Body = noClose{i.body}
	return &i.resp, nil
}

type noClose struct{ *strings.Reader }

func (noClose) Close() error { return nil }

// What a call allocates, policy, trace, deadline and strict reading included:
// measured here, and an upper bound from now on.
func TestAllocations(t *testing.T) {
	const body = `{"sid":"VE00","service_sid":"VA00","to":"+15005550006","channel":"sms","status":"pending","valid":false}`
	sends := kinds()["send"].call
	tests := map[string]struct {
		call driver.Call
		most float64
	}{
		"a send with a form":   {sends, 20},
		"a check with a form":  {kinds()["check"].call, 21},
		"a check by GET":       {kinds()["check by GET"].call, 22},
		"a send without token": {driver.Call{Op: "send", Route: "/v2/{id}", Args: sends.Args, Form: sends.Form}, 19},
	}
	c := newClient(t, "https://canary.example", &http.Client{Transport: newInstant(body)})
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			ctx := context.Background() // one with a deadline costs the caller more
			got := testing.AllocsPerRun(1000, func() {
				if _, err := c.Do(ctx, test.call); err != nil {
					t.Error(err)
				}
			})
			assert.LessOrEqual(t, got, test.most)
		})
	}
	t.Run("a strict reading", func(t *testing.T) {
		answer := []byte(body)
		var sid, status string
		var service []byte
		var valid bool
		got := testing.AllocsPerRun(1000, func() {
			err := driver.Scan(answer,
				driver.Field{Key: "sid", To: &sid}, driver.Field{Key: "status", To: &status, Need: true},
				driver.Field{Key: "service_sid", To: &service}, driver.Field{Key: "valid", To: &valid})
			if err != nil {
				t.Error(err)
			}
		})
		require.Equal(t, "pending", status)
		assert.LessOrEqual(t, got, 2.0, "a string that is stored")
	})
}
