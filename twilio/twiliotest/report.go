package twiliotest

import (
	"cmp"
	"crypto/sha1" //nolint:gosec // Twilio's rule
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/go2fa/verify/emulator"
)

// report is a status callback of Messaging, or an event of Verify as Event Streams
// posts it.
func (e *Emulator) report(address string, m Message, status string) *http.Request {
	if status == emulator.Expired {
		return nil // Twilio has no such status
	}
	number := map[string]string{emulator.Undelivered: "30003", emulator.Failed: "30007"}[status]
	if strings.HasPrefix(m.ID, "VE") {
		return e.event(address, m, status, number)
	}
	form := url.Values{
		"MessageSid": {m.ID}, "SmsSid": {m.ID}, "MessageStatus": {status}, "SmsStatus": {status}, "To": {m.To}, "From": {"+15017122661"},
		"AccountSid": {e.options.AccountSID}, "ApiVersion": {"2010-04-01"},
	}
	if number != "" {
		form.Set("ErrorCode", number)
	}
	text := address
	for _, name := range slices.Sorted(maps.Keys(form)) {
		text += name + form.Get(name)
	}
	return emulator.NewReport(address, form.Encode(), e.sign(text)...)
}

func (e *Emulator) event(address string, m Message, status, number string) *http.Request {
	now := e.Now().Format("2006-01-02T15:04:05.000Z")
	body := emulator.ReportBody([]any{map[string]any{
		"specversion": "1.0", "type": "com.twilio.accountsecurity.verify.message." + status, "source": "AB" + emulator.Hex(16),
		"id": "NO" + emulator.Hex(16), "dataschema": "https://events-schemas.twilio.com/AccountSecurity.MessageStatusEvent/2",
		"datacontenttype": "application/json", "time": now,
		"data": map[string]any{
			"created_at": now, "account_sid": e.options.AccountSID, "service_sid": cmp.Or(m.Scope, e.first), "verification_sid": m.ID, "attempt_sid": "VL" + emulator.Hex(16),
			"error_code": number, "channel": strings.ToUpper(m.Channel), "message_status": strings.ToUpper(status), "has_fallback": false,
			"is_fallback": false, "to": m.To, "number_segments": 1,
		},
	}})
	sum, separator := sha256.Sum256(body), "?"
	if strings.Contains(address, "?") {
		separator = "&"
	}
	address += separator + "bodySHA256=" + hex.EncodeToString(sum[:])
	return emulator.NewReport(address, body, e.sign(address)...)
}

// sign returns the headers of a signature.
func (e *Emulator) sign(text string) []string {
	if e.options.SharedKey != "" {
		return []string{
			"X-Twilio-Signature", base64.StdEncoding.EncodeToString(emulator.MAC(sha256.New, e.options.SharedKey, text)),
			"X-Twilio-Webhooks-Signature-Settings", "key=webhooks_sharedkey_00000000000000000000000001,algorithm=HMAC_SHA256",
		}
	}
	return []string{"X-Twilio-Signature", base64.StdEncoding.EncodeToString(emulator.MAC(sha1.New, e.secrets[e.options.AccountSID], text))}
}
