package authytest

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"sort"
	"strings"
	"time"

	"github.com/go2fa/verify/internal/emulator"
)

const (
	appID    = "000000000000000000000003"
	deviceID = 2
)

// Approve answers a pending question with yes. It reports false if there is no
// such question, or not any more.
func (e *Emulator) Approve(id string) bool { return e.settle(id, "approved") }

// Deny answers a pending question with no, and reports as Approve does.
func (e *Emulator) Deny(id string) bool { return e.settle(id, "denied") }

// Expire ends a pending question, and reports as Approve does.
func (e *Emulator) Expire(id string) bool { return e.settle(id, "expired") }

func (e *Emulator) settle(id, status string) bool {
	now := e.clock.Now()
	e.state.mu.Lock()
	defer e.state.mu.Unlock()
	a := e.state.approvals[id]
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
	e.state.mu.Lock()
	a, known := e.state.approvals[id]
	if !known || a.status == "pending" {
		e.state.mu.Unlock()
		return nil, errors.New("authytest: no question with this id was answered")
	}
	body := callbackBody(*a)
	e.state.mu.Unlock()

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
	nonce := fmt.Sprintf("%d.%s", e.clock.Now().Unix(), emulator.Digits(6))
	mac := hmac.New(sha256.New, []byte(e.key))
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

func callbackBody(a approval) map[string]any {
	return map[string]any{
		"authy_id": a.user.number(), "device_uuid": deviceID, "callback_action": "approval_request_status",
		"uuid": a.uuid, "status": a.status,
		"approval_request": map[string]any{
			"transaction": map[string]any{
				"details": object(a.details), "device_details": map[string]any{}, "device_geolocation": "",
				"device_signing_time": a.updated.Unix(), "encrypted": false, "flagged": false,
				"hidden_details": object(a.hidden), "message": a.message, "reason": "",
				"requester_details": nil, "status": a.status, "uuid": a.uuid,
				"created_at_time": a.created.Unix(), "customer_uuid": 4,
			},
			"expiration_timestamp": a.created.Add(time.Duration(a.seconds) * time.Second).Unix(),
			"logos":                nil,
			"app_id":               appID,
		},
		"signature": base64.StdEncoding.EncodeToString([]byte("by the device, for Authy")),
		"device": map[string]any{
			"id": deviceID, "os_type": "android", "enabled_unlock_methods": []any{"pin", "fingerprint"},
			"city": nil, "country": nil, "ip": "203.0.113.7", "region": nil, "registration_method": "sms",
			"last_account_recovery_at": nil, "last_sync_date": a.updated.Unix(),
		},
	}
}

// object is null for no details, as Authy has it.
func object(details map[string]string) any {
	if len(details) == 0 {
		return nil
	}
	o := map[string]any{}
	for name, value := range details {
		o[name] = value
	}
	return o
}

var index = regexp.MustCompile(`\[[0-9]+\]`)

// canonical is what is signed: all values by their paths, sorted before the
// indexes of lists are dropped.
func canonical(body map[string]any) string {
	values := map[string]string{}
	flatten(values, "", body)
	paths := make([]string, 0, len(values))
	for path := range values {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	for i, path := range paths {
		paths[i] = url.QueryEscape(index.ReplaceAllString(path, "[]")) + "=" + url.QueryEscape(values[path])
	}
	return strings.Join(paths, "&")
}

func flatten(values map[string]string, path string, value any) {
	switch v := value.(type) {
	case map[string]any:
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
