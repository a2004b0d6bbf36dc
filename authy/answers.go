package authy

import (
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/go2fa/verify/driver"
)

const (
	tokenValid = "is valid"
	maxExpiry  = 24 * time.Hour // of what an answer may say
)

const lostAnswer = "the answer to an earlier try was lost: it may have been an approval"

var (
	errSuccess = errors.New("success is neither true nor false")
	errID      = errors.New("the answer holds no id")
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
