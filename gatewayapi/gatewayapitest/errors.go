package gatewayapitest

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/go2fa/verify/internal/emulator"
)

// A failure is an error in the shape of either API.
type failure struct {
	status int
	body   any
}

// texts are GatewayAPI's: https://gatewayapi.com/docs/error-codes/.
var texts = map[string]string{
	"0x0210": "Invalid username: %1",
	"0x0213": "Unauthorized IP-address: %1",
	"0x0214": "Temporary blacklist for MSISDN %1 with hash %2",
	"0x0215": "MSISDN %1 blacklisted",
	"0x0216": "Insufficient credit",
	"0x0217": "Unauthorized destination: country %1",
	"0x0218": "Unknown message class id %1",
	"0x0220": "Unsupported parameter %1",
	"0x0221": "Unsupported signature method %1",
	"0x0222": "Missing required parameter %1",
	"0x0223": "Invalid Consumer Key",
	"0x0224": "Invalid signature",
	"0x0225": "Expired timestamp",
	"0x0226": "Invalid / used nonce",
	"0x0229": "Invalid token",
	"0x022A": "Account frozen, contact support",
	"0x0308": "Invalid argument %1",
	"0x0310": "A message contains the same recipient more than once. MSISDNs %1 is duplicated",
	"0x0311": "Priority %1 not available",
}

// A classicError is the body of an error of the REST API. Code and variables are
// left out when empty.
type classicError struct {
	Code      string   `json:"code,omitempty"`
	Incident  string   `json:"incident_uuid"`
	Message   string   `json:"message"`
	Variables []string `json:"variables,omitempty"`
}

// refusal is an error of the REST API, with what stands for %1 and so on.
func refusal(status int, code string, variables ...string) *failure {
	return &failure{status, classicError{code, uuid(), texts[code], variables}}
}

// uncoded is an error of the REST API for which there is no code.
func uncoded(status int) *failure {
	return &failure{status, classicError{Incident: uuid(), Message: http.StatusText(status)}}
}

func uuid() string {
	h := emulator.Hex(16)
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// described is an error of the Messaging API that is about no field.
func described(status int) *failure {
	return &failure{status, map[string]any{"description": http.StatusText(status), "detail": []any{}}}
}

// String returns the body of the answer.
func (f *failure) String() string {
	b, _ := json.Marshal(f.body) // strings and lists always encode
	return string(b)
}
