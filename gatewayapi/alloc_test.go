//go:build !race

package gatewayapi_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/go2fa/verify/gatewayapi"
	"github.com/go2fa/verify/otp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// memory answers every request with one body, without a network.
type memory struct {
	status int
	body   string
}

func (m memory) RoundTrip(r *http.Request) (*http.Response, error) {
	_ = r.Body.Close()
	return &http.Response{
		StatusCode: m.status, Header: header, Body: io.NopCloser(strings.NewReader(m.body)),
		ContentLength: int64(len(m.body)), Request: r,
	}, nil
}

var header = http.Header{"Content-Type": {"application/json"}}

const (
	accepted = `{"msg_id":"01AAAAAAAAAAAAAAAAAAAAAAAA","reference":null}`
	billed   = `{"ids":[421332671],"usage":{"countries":{"US":1},"currency":"DKK","total_cost":0.12}}`
)

// inMemory is an engine over one answer.
func inMemory(t testing.TB, cfg gatewayapi.Config, m memory) *otp.Engine {
	cfg.HTTPClient = &http.Client{Transport: m}
	client, err := gatewayapi.New(cfg)
	require.NoError(t, err)
	engine, err := otp.New(otp.Config{
		Messenger: client, Store: new(otp.MemoryStore), Keys: [][]byte{make([]byte, 32)}, Product: "Acme",
	})
	require.NoError(t, err)
	return engine
}

// recipients are as many as one test sends to, once each: a second send would
// have to wait.
func recipients(n int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("+1555%07d", i)
	}
	return all
}

// The goal is 36, with local codes, retries, typed errors and redaction on.
func TestAllocationsStayFew(t *testing.T) {
	for name, tc := range map[string]struct {
		cfg gatewayapi.Config
		memory
	}{
		"Messaging API": {valid(), memory{http.StatusAccepted, accepted}},
		"REST API":      {classic(), memory{http.StatusOK, billed}},
	} {
		engine, to, i := inMemory(t, tc.cfg, tc.memory), recipients(1001), 0
		assert.LessOrEqual(t, testing.AllocsPerRun(1000, func() {
			if _, err := engine.Send(t.Context(), to[i]); err != nil {
				t.Fatal(err)
			}
			i++
		}), 36.0, name)
	}
}

func BenchmarkSend(b *testing.B) {
	for name, bench := range map[string]struct {
		cfg gatewayapi.Config
		memory
	}{
		"Messaging API":            {valid(), memory{http.StatusAccepted, accepted}},
		"REST API":                 {classic(), memory{http.StatusOK, billed}},
		"REST API with signatures": {signed(), memory{http.StatusOK, billed}},
	} {
		b.Run(name, func(b *testing.B) {
			engine, to, i := inMemory(b, bench.cfg, bench.memory), recipients(1_000_000), 0
			b.ReportAllocs()
			for b.Loop() {
				if _, err := engine.Send(b.Context(), to[i]); err != nil {
					b.Fatal(err)
				}
				i++
			}
		})
	}
}
