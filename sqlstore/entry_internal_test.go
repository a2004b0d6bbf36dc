package sqlstore

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/failover"
)

// A check that was charged before the calls had ids is still known, and nobody's first.
func TestOldCheckOfALedgerIsNobodysFirst(t *testing.T) {
	var e entry
	require.NoError(t, json.Unmarshal([]byte(`{"v":1,"checks":[{"id":"03","at":1,"serial":1,"backends":["a"],"left":4}]}`), &e))
	for _, by := range []string{"03", strings.Repeat("0", 32)} {
		a, o := e.attempt("03", by, failover.Limits{}.WithDefaults(), 2)
		assert.Equal(t, failover.Attempt{Backends: []string{"a"}, Left: 4, Progress: failover.Pending}, a)
		assert.Equal(t, kept, o)
	}
}
