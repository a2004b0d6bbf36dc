package authytest

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	_ "embed" // the facts
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/emulator"
)

const (
	appID         = "000000000000000000000003"
	deviceID      = 2
	maxQuestion   = 144
	defaultExpiry = 86400 // seconds
)

// An approval is a question that was pushed.
type approval struct {
	uuid, status     string
	user             user
	message          string
	details, hidden  map[string]string
	seconds          int
	created, updated time.Time
}

// settle expires a question whose time is over; zero seconds are forever.
func (a *approval) settle(now time.Time) {
	end := a.created.Add(time.Duration(a.seconds) * time.Second)
	if a.status == "pending" && a.seconds > 0 && !now.Before(end) {
		a.status, a.updated = "expired", end
	}
}

// requestApproval pushes a question to the app.
func (c *call) requestApproval() *emulator.Answer {
	seconds, question := defaultExpiry, c.params["message"]
	if text := c.params["seconds_to_expire"]; text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return refuse(http.StatusBadRequest, 60004)
		}
		seconds = n
	}
	u, n := c.users[c.PathValue("id")], utf8.RuneCountInString(question)
	switch {
	case n < 1 || n > maxQuestion:
		return missing("message")
	case u == nil:
		return userNotFound()
	case !u.app:
		return refuse(http.StatusBadRequest, 60051)
	}
	a := &approval{
		uuid: emulator.UUID(), status: "pending", user: *u, message: question, seconds: seconds, created: c.now, updated: c.now,
		details: c.params.under("details"), hidden: c.params.under("hidden_details"),
	}
	c.approvals[a.uuid] = a
	c.sent = &Message{Vendor: "authy", To: u.phone, Channel: "app", Text: question}
	return says(object{"approval_request": object{"uuid": a.uuid}, "success": true})
}

func (c *call) fetchApproval() *emulator.Answer {
	a := c.approvals[c.PathValue("id")]
	if a == nil {
		none := refuseWith(http.StatusNotFound, 60049, "Approval request not found: "+c.PathValue("id"))
		none.Body.(object)["errors"] = object{} // as recorded
		return none
	}
	a.settle(c.now)
	var processed any
	if a.status != "pending" {
		processed = a.updated.Format(time.RFC3339)
	}
	return says(object{"success": true, "approval_request": object{
		"_app_name": c.options.AppName, "_app_serial_id": 1, "_authy_id": number(a.user.id), "_id": "000000000000000000000001",
		"_user_email": a.user.email, "app_id": appID, "user_id": "000000000000000000000002",
		"created_at": a.created.Format(time.RFC3339), "updated_at": a.updated.Format(time.RFC3339),
		"processed_at": processed, "notified": false, "seconds_to_expire": a.seconds, "status": a.status, "uuid": a.uuid,
	}})
}

// Approve answers a pending question with yes. It reports false if there is no
// such question, or not any more.
func (e *Emulator) Approve(id string) bool { return e.settle(id, "approved") }

// Deny answers a pending question with no, and reports as Approve does.
func (e *Emulator) Deny(id string) bool { return e.settle(id, "denied") }

// Expire ends a pending question, and reports as Approve does.
func (e *Emulator) Expire(id string) bool { return e.settle(id, "expired") }

func (e *Emulator) settle(id, status string) bool {
	now := e.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	a := e.approvals[id]
	if a == nil {
		return false
	}
	if a.settle(now); a.status != "pending" {
		return false
	}
	a.status, a.updated = status, now
	return true
}

// Callback returns the request that Authy would make to a public URL once a
// question was answered: POST with JSON, or GET with a query, signed. It is for
// http.Client.Do and for a handler alike, and signed anew each time.
func (e *Emulator) Callback(method, to, id string) (*http.Request, error) {
	e.mu.Lock()
	a, known := e.approvals[id]
	if !known || a.status == "pending" {
		e.mu.Unlock()
		return nil, errors.New("authytest: no question with this id was answered")
	}
	body := callbackBody(*a)
	e.mu.Unlock()

	params := canonical(body)
	content, address := "", to+"?"+params
	if method == http.MethodPost {
		text, _ := json.Marshal(body) // a map of texts and numbers always encodes
		content, address = string(text), to
	}
	r, err := http.NewRequest(method, address, strings.NewReader(content))
	if err != nil {
		return nil, err
	}
	nonce := fmt.Sprintf("%d.%s", e.Now().Unix(), emulator.Digits(6))
	mac := hmac.New(sha256.New, []byte(e.options.APIKey))
	_, _ = fmt.Fprintf(mac, "%s|%s|%s|%s", nonce, method, to, params) // a hash takes everything
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Authy-Signature-Nonce", nonce)
	r.Header.Set("X-Authy-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	return r, nil
}

// SendCallback makes the request of Callback by POST and returns the status of
// the answer.
func (e *Emulator) SendCallback(ctx context.Context, to, id string) (status int, err error) {
	r, err := e.Callback(http.MethodPost, to, id)
	if err != nil {
		return 0, err
	}
	res, err := http.DefaultClient.Do(r.WithContext(ctx))
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}

func callbackBody(a approval) object {
	return object{
		"authy_id": number(a.user.id), "device_uuid": deviceID, "callback_action": "approval_request_status",
		"uuid": a.uuid, "status": a.status,
		"approval_request": object{
			"transaction": object{
				"details": detailed(a.details), "device_details": object{}, "device_geolocation": "",
				"device_signing_time": a.updated.Unix(), "encrypted": false, "flagged": false,
				"hidden_details": detailed(a.hidden), "message": a.message, "reason": "",
				"requester_details": nil, "status": a.status, "uuid": a.uuid,
				"created_at_time": a.created.Unix(), "customer_uuid": 4,
			},
			"expiration_timestamp": a.created.Add(time.Duration(a.seconds) * time.Second).Unix(),
			"logos":                nil,
			"app_id":               appID,
		},
		"signature": base64.StdEncoding.EncodeToString([]byte("by the device, for Authy")),
		"device": object{
			"id": deviceID, "os_type": "android", "enabled_unlock_methods": []any{"pin", "fingerprint"},
			"city": nil, "country": nil, "ip": "203.0.113.7", "region": nil, "registration_method": "sms",
			"last_account_recovery_at": nil, "last_sync_date": a.updated.Unix(),
		},
	}
}

// detailed is null for no details, as Authy has it.
func detailed(details map[string]string) any {
	if len(details) == 0 {
		return nil
	}
	o := object{}
	for name, value := range details {
		o[name] = value
	}
	return o
}

var index = regexp.MustCompile(`\[[0-9]+\]`)

// canonical is what is signed: all values by their paths, sorted before the
// indexes of lists are dropped.
func canonical(body object) string {
	values := map[string]string{}
	flatten(values, "", body)
	paths := slices.Sorted(maps.Keys(values))
	for i, path := range paths {
		paths[i] = url.QueryEscape(index.ReplaceAllString(path, "[]")) + "=" + url.QueryEscape(values[path])
	}
	return strings.Join(paths, "&")
}

func flatten(values map[string]string, path string, value any) {
	switch v := value.(type) {
	case object:
		for name, member := range v {
			if path == "" {
				flatten(values, name, member)
				continue
			}
			flatten(values, path+"["+name+"]", member)
		}
	case []any:
		for i, member := range v {
			flatten(values, fmt.Sprintf("%s[%d]", path, i), member)
		}
	case nil:
		values[path] = ""
	default:
		values[path] = fmt.Sprint(v)
	}
}

//go:embed facts.txt
var facts string

// Facts are what is documented about phone verification. A zero Fact is not
// documented.
func Facts() emulator.Facts { return emulator.ReadFacts(facts) }

// Vendors are what this package emulates, for programs that range over all
// vendors. Of a Setup's settings api_key, digits and product count. With the
// product users, or with People, there are users.
func Vendors() []emulator.Vendor {
	return []emulator.Vendor{{Facts: Facts(), New: open}}
}

func open(s emulator.Setup) (emulator.Emulator, emulator.Sample) {
	opts, settings := emulator.Configure(s, defaults)
	settings["product"] = cmp.Or(s.Settings["product"], "phone")
	e, sample := New(opts), emulator.Sample{Scheme: "authy", Settings: settings, User: "api_key", Host: "product"}
	for _, to := range s.People {
		if sample.Directory == nil {
			sample.Directory = map[string]string{}
		}
		sample.Directory[to] = e.Register("a@example.com", verify.CallingCode(to), to)
	}
	return e, sample
}
