package vendors_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/authy"
	"github.com/go2fa/verify/bandwidth"
	"github.com/go2fa/verify/gatewayapi"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/twilio"
	"github.com/go2fa/verify/webhook"
)

// TestSecretsStayOutOfTheirOwnersPrints: what holds a secret hides it wherever fmt
// can ask it to. It cannot in an unexported field, as SECURITY.md says: a pointer
// there is safe, and a value is not.
func TestSecretsStayOutOfTheirOwnersPrints(t *testing.T) {
	t.Parallel()
	const secret = "hunter2hunter2"
	for name, holder := range map[string]any{
		"twilio.Config":          twilio.Config{AuthToken: secret},
		"twilio.MessagingConfig": twilio.MessagingConfig{AuthToken: secret},
		"bandwidth.Config":       bandwidth.Config{ClientSecret: secret},
		"gatewayapi.Config":      gatewayapi.Config{Token: secret},
		"authy.Config":           authy.Config{APIKey: secret},
		"webhook.Config":         webhook.Config{Secrets: []string{secret}},
		"otp.Config":             otp.Config{Product: secret},
		"otp.Message":            otp.Message{Text: secret},
		"verify.SendRequest":     verify.SendRequest{Transaction: verify.Transaction{Payee: secret}},
		"verify.CheckRequest":    verify.CheckRequest{Code: secret},
		"verify.Transaction":     verify.Transaction{Payee: secret},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			for where, x := range map[string]any{
				"by itself":               holder,
				"in an exported field":    struct{ Holder any }{holder},
				"in a slice":              []any{holder},
				"in a map":                map[string]any{"x": holder},
				"behind a pointer inside": struct{ holder *any }{&holder},
			} {
				assert.NotContains(t, fmt.Sprintf(verb, x), secret, "%s, %s, %s", name, where, verb)
			}
		}
		open := fmt.Sprintf("%+v", struct{ holder any }{holder})
		assert.Contains(t, open, secret, "%s: if fmt hides this now, SECURITY.md can promise more", name)
	}
}
