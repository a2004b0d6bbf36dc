package authy

import (
	_ "embed" // the table of codes
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// The calls: https://www.twilio.com/docs/authy/api/users,
// https://www.twilio.com/docs/authy/api/one-time-passwords,
// https://www.twilio.com/docs/authy/api/push-authentications and
// https://www.twilio.com/docs/verify/api/v1/verification.
const (
	newRoute    = "/protected/json/users/new"
	removeRoute = "/protected/json/users/{id}/remove"
	statusRoute = "/protected/json/users/{id}/status"
	smsRoute    = "/protected/json/sms/{id}"
	callRoute   = "/protected/json/call/{id}"
	verifyRoute = "/protected/json/verify/{token}/{id}"

	startRoute = "/protected/json/phones/verification/start"
	checkRoute = "/protected/json/phones/verification/check"

	approvalsRoute = "/onetouch/json/users/{id}/approval_requests"
	approvalRoute  = "/onetouch/json/approval_requests/{uuid}"
)

const (
	maxScope  = 64 // an action may be longer, a scope may not
	minDigits = 4  // of phone verification
	maxUUID   = 64
)

func channels() []verify.Channel {
	return []verify.Channel{verify.ChannelSMS, verify.ChannelVoice}
}

// locales are the languages of Authy's messages:
// https://www.twilio.com/docs/verify/api/v1/verification.
var locales = [...]string{
	"af", "ar", "ca", "zh", "zh-CN", "zh-HK", "hr", "cs", "da", "nl", "en", "fi", "fr",
	"de", "el", "he", "hi", "hu", "id", "it", "ja", "ko", "ms", "nb", "pl", "pt-BR", "pt",
	"ro", "ru", "es", "sv", "tl", "th", "tr", "vi",
}

// localeName finds the nearest language of Authy's, or "" for its own default: a
// hint must not fail a send.
func localeName(tag string) string {
	language, _, _ := strings.Cut(tag, "-")
	for _, want := range [...]string{tag, language} {
		for _, l := range locales {
			if strings.EqualFold(l, want) {
				return l
			}
		}
	}
	return ""
}

// split takes the calling code from a number in E.164 form, as Authy wants it.
func split(phone string) (country, number string) {
	country = verify.CallingCode(phone)
	return country, phone[1+len(country):]
}

// isUUID knows an id of a verification or an approval, which cannot change a
// path.
func isUUID(s string) bool {
	for i := range len(s) {
		letter, digit := 'a' <= s[i]|0x20 && s[i]|0x20 <= 'z', '0' <= s[i] && s[i] <= '9'
		if !letter && !digit && s[i] != '-' {
			return false
		}
	}
	return s != "" && len(s) <= maxUUID
}

const (
	tokenValid = "is valid"
	maxExpiry  = 24 * time.Hour // of what an answer may say
)

var (
	errSuccess = errors.New("success is neither true nor false")
	errID      = errors.New("the answer holds no id")

	errContradiction = errors.New("the answer contradicts itself")
)

// scan reads an answer strictly: fields, and success, which Authy writes as true
// and as "true".
func scan(body []byte, fields ...driver.Field) (success bool, err error) {
	var raw json.RawMessage
	fields = append(fields, driver.Field{Key: "success", To: &raw, Need: true})
	if err := driver.Scan(body, fields...); err != nil {
		return false, err
	}
	switch string(raw) {
	case `true`, `"true"`:
		return true, nil
	case `false`, `"false"`:
		return false, nil
	}
	return false, errSuccess
}

func readSuccess(body []byte) (bool, error) { return scan(body) }

// sent is the answer to a send to a user.
type sent struct {
	success, ignored bool
	cellphone        string
}

func readSent(body []byte) (a sent, err error) {
	a.success, err = scan(body,
		driver.Field{Key: "ignored", To: &a.ignored},
		driver.Field{Key: "cellphone", To: &a.cellphone},
	)
	return a, err
}

// checked is the answer to a check; token is for users only.
type checked struct {
	success bool
	refused bool // an error code stands beside
	token   string
}

func readVerified(body []byte) (a checked, err error) {
	var code string
	a.success, err = scan(body,
		driver.Field{Key: "token", To: &a.token},
		driver.Field{Key: "error_code", To: &code, Number: true},
	)
	a.refused = code != ""
	return a, err
}

// readChecked takes no "true" for true: this call was never seen to write it,
// and there is no second field that says yes.
func readChecked(body []byte) (a checked, err error) {
	var code string
	err = driver.Scan(body,
		driver.Field{Key: "success", To: &a.success, Need: true},
		driver.Field{Key: "error_code", To: &code, Number: true},
	)
	a.refused = code != ""
	return a, err
}

// started is the answer to the start of a phone verification.
type started struct {
	success bool
	uuid    string
	seconds json.RawMessage
}

func readStarted(body []byte) (a started, err error) {
	a.success, err = scan(body,
		driver.Field{Key: "uuid", To: &a.uuid},
		driver.Field{Key: "seconds_to_expire", To: &a.seconds},
	)
	if !isUUID(a.uuid) {
		a.uuid = "" // it decides nothing
	}
	return a, err
}

// expiry is zero if the answer does not say.
func (a started) expiry(now time.Time) time.Time {
	n, err := strconv.Atoi(string(a.seconds))
	if err != nil || n <= 0 || n > int(maxExpiry/time.Second) {
		return time.Time{}
	}
	return now.Add(time.Duration(n) * time.Second)
}

// registered is the answer to a registration.
type registered struct {
	success bool
	id      string
}

func readRegistered(body []byte) (a registered, err error) {
	var user json.RawMessage
	a.success, err = scan(body, driver.Field{Key: "user", To: &user})
	if err != nil || !a.success {
		return a, err
	}
	a.id, err = readID(user, "id")
	return a, err
}

// readID takes an id of a user that stands as a number or as a string.
func readID(object []byte, key string) (string, error) {
	var raw json.RawMessage
	if driver.Scan(object, driver.Field{Key: key, To: &raw, Need: true}) != nil {
		return "", errID
	}
	id := string(raw)
	if len(id) > 2 && id[0] == '"' {
		id = id[1 : len(id)-1]
	}
	if !isID(id) {
		return "", errID
	}
	return id, nil
}

func readStatus(body []byte) (s Status, success bool, err error) {
	var status, devices json.RawMessage
	success, err = scan(body, driver.Field{Key: "status", To: &status})
	if err != nil || !success {
		return s, success, err
	}
	err = driver.Scan(status,
		driver.Field{Key: "confirmed", To: &s.Confirmed, Need: true},
		driver.Field{Key: "registered", To: &s.Registered, Need: true},
		driver.Field{Key: "account_disabled", To: &s.Disabled},
		driver.Field{Key: "has_hard_token", To: &s.HardToken},
		driver.Field{Key: "devices", To: &devices},
	)
	_ = json.Unmarshal(devices, &s.Devices) // decides nothing: empty if it is no list
	return s, success, err
}

// approval is the answer to every call about an approval request.
type approval struct {
	success    bool
	uuid, user string
	status     ApprovalStatus
}

func readApproval(body []byte) (a approval, err error) {
	var request, user json.RawMessage
	a.success, err = scan(body, driver.Field{Key: "approval_request", To: &request})
	if err != nil || !a.success {
		return a, err
	}
	var status string
	err = driver.Scan(request,
		driver.Field{Key: "uuid", To: &a.uuid},
		driver.Field{Key: "status", To: &status},
		driver.Field{Key: "_authy_id", To: &user},
	)
	a.status, a.user = ApprovalStatus(status), strings.Trim(string(user), `"`) // a number or a string
	return a, err
}

// isAbout insists on both names for a yes. An answer that is no yes need not
// have them.
func (a approval) isAbout(id, user string) bool {
	if a.status == Approved {
		return a.uuid == id && a.user == user
	}
	return (a.uuid == "" || a.uuid == id) && (a.user == "" || a.user == user)
}

// maxVendorCode is the length of a vendor code in digits: too short for a phone
// number or a code of ours.
const maxVendorCode = 5

// goneCodes say that a user is not there, or is on the way out.
var goneCodes = [...]string{"60016", "60026", "60127", "60128", "60130"}

//go:embed codes.txt
var codesText string

var codes = driver.Codes{Text: codesText}

// readError reads {"error_code":"60020","message":"...","success":false}. The
// message is never read: it quotes the recipient.
func readError(op string, status int, body []byte) driver.Failure {
	var (
		code, token string
		errs        json.RawMessage
	)
	err := driver.Scan(body,
		driver.Field{Key: "error_code", To: &code, Number: true},
		driver.Field{Key: "token", To: &token},
		driver.Field{Key: "errors", To: &errs},
	)
	switch {
	case err != nil, len(code) > maxVendorCode || code != "" && !isID(code):
		return driver.Failure{}
	case code != "":
		return codes.Failure(op, status, code)
	case op == "check" && (isInvalid(token) || isInvalid(tokenIn(errs))):
		return driver.Failure{Outcome: verify.ErrMismatch} // as older answers have it
	}
	return driver.Failure{}
}

func isInvalid(token string) bool { return token == "is invalid" }

// tokenIn reads {"token":"is invalid"}.
func tokenIn(errs json.RawMessage) (token string) {
	if driver.Scan(errs, driver.Field{Key: "token", To: &token}) != nil {
		return ""
	}
	return token
}

// doubted corrects what is made of a 401 to a check whose body is cut off or not
// Authy's: with that status Authy refuses a wrong code as well as a wrong key.
func doubted(err error) error {
	var e *verify.Error
	if !errors.As(err, &e) || e.Outcome != verify.ErrUnauthorized || e.VendorCode != "" {
		return err
	}
	d := *e
	d.Outcome, d.Detail = verify.ErrOutcomeUnknown, "refused without a reason: either the code is wrong or the API key"
	return &d
}

// noIn reads the no in an answer of class 2xx that says success false.
func noIn(op string, reply driver.Reply) driver.Failure {
	f := readError(op, reply.Status, reply.Body)
	if f.Outcome == "" {
		f = driver.Failure{Outcome: verify.ErrRejected, Detail: "Authy refused and gave no reason"}
	}
	return f
}
