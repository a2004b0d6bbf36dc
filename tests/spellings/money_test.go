package spellings

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

// An amount is formatted for a language before it is bound to a code. No
// language's form may be refused: the developer's own never is.
func TestAmountsOfAllFormattersFit(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("needs node")
	}
	out, err := exec.CommandContext(t.Context(), "node", "money.mjs").Output()
	require.NoError(t, err)
	amounts := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	assert.Greater(t, len(amounts), 1000)

	capabilities := verify.Capabilities{Vendor: "test", Channels: []verify.Channel{verify.ChannelSMS}, Transaction: true}
	for _, amount := range amounts {
		sent, err := capabilities.SendRequest("+15005550006", verify.WithTransaction(amount, "Acme"))
		if assert.NoError(t, err, "%+q", amount) {
			assert.NotContains(t, sent.Transaction.Amount, "\u00a0", "%+q", amount)
		}
	}
}
