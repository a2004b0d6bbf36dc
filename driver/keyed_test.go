package driver_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/driver"
)

// With an idempotency key net/http believes that a POST may be repeated. Wherever the
// key comes from, a send that was read is one request, with a body and without.
func TestNetHTTPNeverReplaysASendWithAKey(t *testing.T) {
	t.Parallel()
	key := map[string]string{"Idempotency-Key": "k"}
	withBody := kinds()["send"].call
	withoutBody := driver.Call{Op: "send", Route: "/" + folder + "/VA00"}
	for which, call := range map[string]driver.Call{"with a body": withBody, "without a body": withoutBody} {
		for whose, change := range map[string]func(*driver.Config, *driver.Call){
			"of the signature": func(cfg *driver.Config, _ *driver.Call) {
				cfg.Sign = func(r *http.Request, _ []byte) error {
					r.Header.Set("Idempotency-Key", "k")
					return nil
				}
			},
			"of the client": func(cfg *driver.Config, _ *driver.Call) { cfg.Header = key },
			"of the call":   func(_ *driver.Config, call *driver.Call) { call.Header = key },
		} {
			t.Run(which+", "+whose, func(t *testing.T) {
				t.Parallel()
				keepsConnection(t, func() bool {
					s := newServer(t, answer(200, accepted))
					cfg, call := driver.Config{Vendor: "acme", BaseURL: s.URL}, call
					change(&cfg, &call)
					c, err := driver.New(cfg)
					require.NoError(t, err)
					t.Cleanup(func() { assert.NoError(t, c.Close()) })
					_, err = c.Do(t.Context(), call)
					require.NoError(t, err)

					s.restart(broken(""), answer(200, accepted))
					_, err = c.Do(t.Context(), call)
					assertOutcome(t, err, unknown)
					saw := s.now()
					assert.Equal(t, 1, saw.requests)
					return saw.reused
				})
			})
		}
	}
}
