package contract_test

import (
	"os"
	"path"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/tests/all"
)

// without are the vendors that have no contract here, and why.
var without = map[string]string{
	"authy":      "closed to new customers, and never described by its vendor",
	"twilio-sms": "twilio/testdata/contract.yaml describes Twilio Verify only",
}

// Every vendor that package vendors lists sends and checks within its contract,
// which is beside its recordings. A new vendor is found here by itself.
func TestEveryVendorKeepsItsContract(t *testing.T) {
	folders := map[string]string{}
	for _, v := range all.Vendors() {
		folders[v.Scheme] = path.Base(v.Configs[0].PkgPath())
	}
	for _, v := range all.Emulated() {
		t.Run(v.Facts.Scheme, func(t *testing.T) {
			if why := without[v.Facts.Scheme]; why != "" {
				t.Skip(why)
			}
			file := "../../" + folders[v.Facts.Scheme] + "/testdata/contract.yaml"
			_, err := os.Stat(file)
			require.NoError(t, err, "write the vendor's contract, or say in this test why there is none")
			e, sample := v.New(emulator.Setup{})
			dsn := sample.DSN(newStrict(t, file, e).URL)
			if sample.Messenger {
				dsn += "&store=memory&code_key=" + strings.Repeat("k", 32)
			}
			client, err := all.Open(dsn)
			require.NoError(t, err)
			_, err = client.Send(t.Context(), "+15005550006")
			require.NoError(t, err)
			sent := e.Messages()
			require.Len(t, sent, 1)
			wrong := strings.Map(func(r rune) rune { return '0' + (r-'0'+1)%10 }, sent[0].Code)
			require.Error(t, client.Check(t.Context(), "+15005550006", wrong))
			require.NoError(t, client.Check(t.Context(), "+15005550006", sent[0].Code))
		})
	}
	for scheme := range without {
		assert.Contains(t, folders, scheme, "a vendor that there is not")
	}
}
