//go:build !race

package gatewayapi_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/go2fa/verify/gatewayapi"
	"github.com/go2fa/verify/internal/fixture"
	"github.com/go2fa/verify/otp"
	"github.com/stretchr/testify/require"
)

var header = http.Header{"Content-Type": {"application/json"}}

const (
	accepted = `{"msg_id":"01AAAAAAAAAAAAAAAAAAAAAAAA","reference":null}`
	billed   = `{"ids":[421332671],"usage":{"countries":{"US":1},"currency":"DKK","total_cost":0.12}}`
)

// inMemory is an engine over one answer.
func inMemory(t testing.TB, cfg gatewayapi.Config, status int, body string) *otp.Engine {
	cfg.HTTPClient = fixture.InMemory(fixture.Always(status, body), header)
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
		cfg    gatewayapi.Config
		status int
		body   string
	}{
		"Messaging API": {valid(), http.StatusAccepted, accepted},
		"REST API":      {classic(), http.StatusOK, billed},
	} {
		engine, to, i := inMemory(t, tc.cfg, tc.status, tc.body), recipients(1001), 0
		fixture.Allocates(t, name, 36, func() error {
			_, err := engine.Send(t.Context(), to[i])
			i++
			return err
		})
	}
}

func BenchmarkSend(b *testing.B) {
	for name, bench := range map[string]struct {
		cfg    gatewayapi.Config
		status int
		body   string
	}{
		"Messaging API":            {valid(), http.StatusAccepted, accepted},
		"REST API":                 {classic(), http.StatusOK, billed},
		"REST API with signatures": {signed(), http.StatusOK, billed},
	} {
		b.Run(name, func(b *testing.B) {
			engine, to, i := inMemory(b, bench.cfg, bench.status, bench.body), recipients(1_000_000), 0
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
