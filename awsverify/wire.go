package awsverify

import (
	"cmp"
	_ "embed" // the table of errors
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

//go:embed codes.txt
var codesText string

var codes = driver.Codes{Text: codesText}

// failure is what the first word that is listed means: a reason, or the name of an
// exception. A server's fault may come after the message went, whatever it is called.
func failure(status int, words ...string) driver.Failure {
	f := driver.Unlisted(status)
	for _, word := range words {
		listed, known := codes.Find(word)
		if known && (status < http.StatusInternalServerError || listed.Outcome == verify.ErrRateLimited || listed.Outcome == verify.ErrOutcomeUnknown) {
			f = listed
			break
		}
	}
	f.Code = cmp.Or(words...)
	return f
}

// nameOf returns the name of an exception, without the namespace in front of it and the
// address behind it: https://smithy.io/2.0/aws/protocols/aws-json-1_0-protocol.html#operation-error-serialization.
func nameOf(kind string) string {
	name, _, _ := strings.Cut(kind, ":")
	return name[strings.IndexByte(name, '#')+1:]
}

// readJSONError reads {"__type":"ConflictException","Message":"...","Reason":
// "DESTINATION_PHONE_NUMBER_OPTED_OUT"}. The name may stand in the header alone. Which
// field is at fault says "Fields" of End User Messaging SMS, and "fieldList" of Notify.
func readJSONError(status int, header http.Header, body []byte) driver.Failure {
	var kind, reason string
	var fields, list json.RawMessage
	if driver.Scan(body,
		driver.Field{Key: "__type", To: &kind}, driver.Field{Key: "Reason", To: &reason},
		driver.Field{Key: "Fields", To: &fields}, driver.Field{Key: "fieldList", To: &list},
	) != nil {
		return driver.Failure{}
	}
	if kind == "" {
		kind = header.Get("X-Amzn-Errortype")
	}
	name := nameOf(kind)
	if name == "" { // no error of AWS is without
		return driver.Failure{}
	}
	f := failure(status, reason, name)
	if f.Outcome == verify.ErrRejected && name == "ValidationException" && (isRecipient(fields) || isRecipient(list)) {
		return driver.Failure{Outcome: verify.ErrInvalidRecipient, Code: f.Code, Detail: "AWS takes the number for none"}
	}
	return f
}

// isRecipient reports whether all fields at fault are the recipient.
func isRecipient(list json.RawMessage) bool {
	var fields []struct{ Name, Path string }
	return json.Unmarshal(list, &fields) == nil && len(fields) > 0 && !slices.ContainsFunc(fields, func(f struct{ Name, Path string }) bool {
		return f.Name != "DestinationPhoneNumber" && f.Path != "/destinationIdentity"
	})
}
