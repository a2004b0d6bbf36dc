package driver_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

func TestCodesAreReadALineEach(t *testing.T) {
	codes := driver.Codes{Text: "# limits\n60203 too_many_sends 10m 5 messages within 10 minutes\n\nno-such-app rejected check the application\n"}
	f, known := codes.Find("60203")
	assert.True(t, known)
	assert.Equal(t, driver.Failure{Code: "60203", Outcome: verify.ErrTooManySends, Detail: "5 messages within 10 minutes", RetryAfter: 10 * time.Minute}, f)
	f, known = codes.Find("no-such-app")
	assert.True(t, known)
	assert.Equal(t, driver.Failure{Code: "no-such-app", Outcome: verify.ErrRejected, Detail: "check the application"}, f)
	_, known = codes.Find("#")
	assert.False(t, known)
	assert.Len(t, codes.All(), 2)
	f, _ = (&driver.Codes{Text: "20404 not_pending\n"}).Find("20404")
	assert.Equal(t, driver.Failure{Code: "20404", Outcome: verify.ErrNotPending}, f, "the outcome says all")
}

func TestALineThatIsNoneIsFoundByTheVendorsTest(t *testing.T) {
	for name, text := range map[string]string{
		"an outcome that there is not": "1 mismatched a detail",
		"no detail":                    "1 rejected",
		"only a wait":                  "1 rejected 10m",
		"the same code twice":          "1 rejected a\n1 blocked b",
	} {
		t.Run(name, func(t *testing.T) {
			codes := driver.Codes{Text: text}
			assert.Panics(t, func() { codes.All() })
		})
	}
}

// One code may mean something else to a check than to a send, and in a parameter than
// in general.
func TestACodeMeansWhatTheNearestLineSays(t *testing.T) {
	t.Parallel()
	codes := driver.Codes{
		Text: "20404 not_pending it is over\nsend:20404 rejected check the Service\n60200 rejected a parameter\nsend:60200.To invalid_recipient not a number\n",
		Else: &driver.Codes{Text: "20404 blocked not asked\n21211 invalid_recipient not in use\ncheck:7 mismatch wrong\n"},
	}
	for name, test := range map[string]struct {
		op, code string
		status   int
		want     verify.Outcome
	}{
		"the line of the operation":            {"send", "20404", 404, verify.ErrRejected},
		"the line of the code":                 {"check", "20404", 404, verify.ErrNotPending},
		"a line of the other table":            {"send", "21211", 400, verify.ErrInvalidRecipient},
		"a line of the operation there":        {"check", "7", 400, verify.ErrMismatch},
		"no line for this operation":           {"send", "7", 400, verify.ErrRejected},
		"no line at all, by its status":        {"send", "99999", 401, verify.ErrUnauthorized},
		"an operation that the vendor says":    {"check", "send:20404", 500, verify.ErrOutcomeUnknown},
		"an operation that is said of a table": {"send", "check:7", 500, verify.ErrOutcomeUnknown},
	} {
		f := codes.Failure(test.op, test.status, test.code)
		assert.Equal(t, test.want, f.Outcome, name)
		assert.Equal(t, test.code, f.Code, name)
	}

	f := codes.Failure("send", 400, "60200")
	assert.Equal(t, driver.Failure{Code: "60200", Outcome: verify.ErrInvalidRecipient, Detail: "not a number"}, codes.OfParameter(f, "send", "To"))
	assert.Equal(t, f, codes.OfParameter(f, "send", "Tomorrow"))
	assert.Equal(t, f, codes.OfParameter(f, "check", "To"), "a line of the send is about sends")
}

func TestAnErrorIsReadByThePathOfItsCode(t *testing.T) {
	t.Parallel()
	codes := driver.Codes{Text: "10005 rejected check the profile\ncheck:10005 not_pending it is over\n"}
	read := codes.ReadError("errors", "0", "code")
	assert.Equal(t, verify.ErrRejected, read("send", 404, []byte(`{"errors":[{"code":"10005"},{"code":"2"}]}`)).Outcome)
	assert.Equal(t, verify.ErrNotPending, read("check", 404, []byte(`{"errors":[{"code":10005}]}`)).Outcome, "a number is a code too")
	for _, body := range []string{`{"errors":[]}`, `{"errors":{"code":"10005"}}`, `{"errors":[{}]}`, `{"code":"10005"}`, `[]`, `<html>`, ``} {
		assert.Zero(t, read("check", 404, []byte(body)), "a proxy's: %s", body)
	}
}
