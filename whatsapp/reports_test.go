package whatsapp_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/delivery"
	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/verifytest"
	"github.com/go2fa/verify/whatsapp"
	"github.com/go2fa/verify/whatsapp/whatsapptest"
)

const callback = "https://login.example.com/hooks/whatsapp"

func TestReports(t *testing.T) {
	t.Parallel()
	client, srv := emulated(t)
	event := func(status delivery.Status, code string) delivery.Event {
		return delivery.Event{Vendor: "whatsapp", Status: status, VendorCode: code}
	}
	verifytest.RunReports(t, verifytest.ReportsSuite{
		New: func(cfg delivery.Config, handle delivery.Handle) (http.Handler, error) {
			return whatsapp.NewReports(whatsapp.ReportsConfig{
				AppSecrets: []string{"older", whatsapptest.AppSecret}, VerifyToken: "chosen", Delivery: cfg,
			}, handle)
		},
		Signature: "X-Hub-Signature-256", Secret: []string{phone[1:]}, MaxBody: 3 << 20,
	}.Emulated(t, srv, callback, map[string]delivery.Event{
		emulator.Sent: event(delivery.Sent, ""), emulator.Delivered: event(delivery.Delivered, ""),
		emulator.Undelivered: event(delivery.Undelivered, "131026"), emulator.Failed: event(delivery.Failed, "131000"),
	}, func() string {
		id, err := client.DeliverCode(t.Context(), code("482913"))
		require.NoError(t, err)
		return id
	}))
}

// A written handler keeps what it was told of.
type written struct {
	http.Handler
	events  []delivery.Event
	refused []error
	fail    map[string]bool // ids
}

func newWritten(t *testing.T) *written {
	w := &written{fail: map[string]bool{}}
	h, err := whatsapp.NewReports(whatsapp.ReportsConfig{
		AppSecrets: []string{"secret"}, VerifyToken: "chosen token",
		Delivery: delivery.Config{OnRefused: func(_ context.Context, err error) { w.refused = append(w.refused, err) }},
	}, func(_ context.Context, e delivery.Event) error {
		if w.fail[e.ID] {
			return errors.New("the database is away")
		}
		w.events = append(w.events, e)
		return nil
	})
	require.NoError(t, err)
	w.Handler = h
	return w
}

// post signs a body as Meta's page says.
func (w *written) post(body string) int {
	mac := hmac.New(sha256.New, []byte("secret"))
	mac.Write([]byte(body))
	return w.posted(body, "sha256="+hex.EncodeToString(mac.Sum(nil)))
}

func (w *written) posted(body, signature string) int {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Hub-Signature-256", signature)
	answer := httptest.NewRecorder()
	w.ServeHTTP(answer, r)
	return answer.Code
}

// account is a body with these changes.
func account(changes ...string) string {
	return `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[` + strings.Join(changes, ",") + `]}]}`
}

// told is a change with these statuses.
func told(statuses ...string) string {
	return `{"field":"messages","value":{"messaging_product":"whatsapp","statuses":[` + strings.Join(statuses, ",") + `]}}`
}

func status(id, word, more string) string {
	return `{"id":"wamid.` + id + `","status":"` + word + `","timestamp":"1790000000","recipient_id":"15005550006"` + more + `}`
}

func TestWhatABodyTells(t *testing.T) {
	t.Parallel()
	failed := func(errors string) string { return account(told(status("a", "failed", `,"errors":`+errors))) }
	for name, tc := range map[string]struct {
		body string
		code int
		want []string // id, status and code of each event
	}{
		"read":                   {account(told(status("a", "read", ""))), 200, []string{"a delivered "}},
		"with a price":           {account(told(status("a", "sent", `,"pricing":{"category":"authentication"}`))), 200, []string{"a sent "}},
		"many in one list":       {account(told(status("a", "sent", ""), status("b", "delivered", ""), status("c", "read", ""))), 200, []string{"a sent ", "b delivered ", "c delivered "}},
		"many in many changes":   {account(told(status("a", "sent", "")), told(status("b", "sent", ""))), 200, []string{"a sent ", "b sent "}},
		"a status and a message": {account(`{"field":"messages","value":{"messages":[{"from":"15005550006"}],"statuses":[` + status("a", "sent", "") + `]}}`), 200, []string{"a sent "}},
		"an opt-out":             {failed(`[{"code":131050,"title":"x"}]`), 200, []string{"a blocked 131050"}},
		"not on it":              {failed(`[{"code":131026}]`), 200, []string{"a undelivered 131026"}},
		"a code not listed":      {failed(`[{"code":139999}]`), 200, []string{"a failed 139999"}},
		"the first of two codes": {failed(`[{"code":131026},{"code":131050}]`), 200, []string{"a undelivered 131026"}},
		"a failure without why":  {account(told(status("a", "failed", ""))), 200, []string{"a failed "}},

		"played":                  {account(told(status("a", "played", ""))), 200, nil},
		"an unknown status":       {account(told(status("a", "15005550006", ""))), 200, nil},
		"a message of a person":   {account(`{"field":"messages","value":{"messages":[{"from":"15005550006","text":{"body":"hi"}}]}}`), 200, nil},
		"another field":           {account(`{"field":"message_template_status_update","value":{"event":"PAUSED"}}`), 200, nil},
		"another object":          {`{"object":"page","entry":[{"changes":[{"field":"feed","value":{}}]}]}`, 200, nil},
		"no entry":                {`{"object":"whatsapp_business_account"}`, 200, nil},
		"no object":               {strings.Replace(account(told(status("a", "sent", ""))), `"object"`, `"o"`, 1), 400, nil},
		"a list":                  {`[]`, 400, nil},
		"an entry that is none":   {`{"object":"whatsapp_business_account","entry":{}}`, 400, nil},
		"a status without an id":  {account(told(`{"status":"sent"}`)), 400, nil},
		"an id that is none":      {account(told(`{"id":"+15005550006","status":"sent"}`)), 400, nil},
		"a status that is a list": {account(told(`{"id":"wamid.a","status":["sent"]}`)), 400, nil},
		"two ids":                 {account(told(`{"id":"wamid.a","id":"wamid.b","status":"sent"}`)), 400, nil},
		"a number as the code":    {failed(`[{"code":15005550006}]`), 400, nil},
		"a text as the code":      {failed(`[{"code":"x"}]`), 400, nil},
		"some unreadable":         {account(told(`{"status":"sent"}`, status("a", "sent", "")), `[]`, told(status("b", "sent", ""))), 400, []string{"a sent ", "b sent "}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newWritten(t)
			assert.Equal(t, tc.code, h.post(tc.body))
			var got []string
			for _, e := range h.events {
				assert.Equal(t, int64(1790000000), e.At.Unix())
				assert.NotContains(t, fmt.Sprint(e), "5005550006")
				for _, id := range []string{"a", "b", "c"} {
					if e.ID == whatsapp.ID("wamid."+id) {
						got = append(got, fmt.Sprintf("%s %s %s", id, e.Status, e.VendorCode))
					}
				}
			}
			assert.Equal(t, tc.want, got)
			assert.Equal(t, tc.code >= 400, len(h.refused) == 1)
		})
	}
}

// A body may tell of 1000 messages. One that fails keeps no other back, and the rest has
// its effect once however often the body comes.
func TestAFailureAmongManyKeepsNoOtherBack(t *testing.T) {
	t.Parallel()
	h := newWritten(t)
	var statuses []string
	for i := range 1000 {
		statuses = append(statuses, status(fmt.Sprintf("m%d", i), "delivered", `,"pricing":{"billable":true,"pricing_model":"PMP","type":"regular","category":"authentication"}`))
	}
	body := account(told(statuses...))
	require.Greater(t, len(body), delivery.MaxBody)
	away := whatsapp.ID("wamid.m7")
	h.fail[away] = true
	assert.Equal(t, http.StatusServiceUnavailable, h.post(body))
	assert.Len(t, h.events, 999)
	assert.Equal(t, http.StatusServiceUnavailable, h.post(body))
	assert.Len(t, h.events, 999, "those that had their effect have it once")
	delete(h.fail, away)
	assert.Equal(t, http.StatusOK, h.post(body))
	require.Len(t, h.events, 1000)
	assert.Equal(t, away, h.events[999].ID)
}

func TestTheSignatureIsThatOfThePage(t *testing.T) {
	t.Parallel()
	body := account(told(status("a", "sent", "")))
	mac := hmac.New(sha256.New, []byte("secret"))
	mac.Write([]byte(body))
	right := hex.EncodeToString(mac.Sum(nil))
	for name, tc := range map[string]struct {
		signature string
		code      int
	}{
		"right":          {"sha256=" + right, 200},
		"in capitals":    {"sha256=" + strings.ToUpper(right), 403},
		"without prefix": {right, 403},
		"another prefix": {"sha1=" + right, 403},
		"cut":            {"sha256=" + right[:62], 403},
		"prefix alone":   {"sha256=", 403},
	} {
		h := newWritten(t)
		assert.Equal(t, tc.code, h.posted(body, tc.signature), name)
		assert.Equal(t, tc.code == 200, len(h.events) == 1, name)
	}
}

func TestMetaVerifiesTheURLByItsToken(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		mode, token, challenge string
		code                   int
	}{
		"right":               {"subscribe", "chosen token", "1158201444", 200},
		"another token":       {"subscribe", "chosen", "1158201444", 403},
		"no token":            {"subscribe", "", "1158201444", 403},
		"another mode":        {"unsubscribe", "chosen token", "1158201444", 403},
		"no challenge":        {"subscribe", "chosen token", "", 403},
		"a challenge of HTML": {"subscribe", "chosen token", "<script>", 403},
		"a long challenge":    {"subscribe", "chosen token", strings.Repeat("1", 129), 403},
	} {
		h := newWritten(t)
		query := url.Values{"hub.mode": {tc.mode}, "hub.verify_token": {tc.token}, "hub.challenge": {tc.challenge}}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/?"+query.Encode(), nil))
		assert.Equal(t, tc.code, w.Code, name)
		if tc.code == 200 {
			assert.Equal(t, tc.challenge, w.Body.String())
			assert.Equal(t, "text/plain; charset=utf-8", w.Header().Get("Content-Type"))
			assert.Empty(t, h.refused)
			continue
		}
		assert.Empty(t, w.Body.String(), name)
		assert.Equal(t, []error{delivery.ErrForged}, h.refused, name)
	}
	w := httptest.NewRecorder()
	newWritten(t).ServeHTTP(w, httptest.NewRequest(http.MethodPut, "/", nil))
	assert.Equal(t, "GET, POST", w.Header().Get("Allow"))
}

func TestReportsConfigRefuses(t *testing.T) {
	t.Parallel()
	handle := func(context.Context, delivery.Event) error { return nil }
	for _, secrets := range [][]string{nil, {""}, {"a", ""}, {"a", "b", "c"}} {
		_, err := whatsapp.NewReports(whatsapp.ReportsConfig{AppSecrets: secrets, VerifyToken: "x"}, handle)
		require.EqualError(t, err, "whatsapp: AppSecrets must be one or two")
	}
	_, err := whatsapp.NewReports(whatsapp.ReportsConfig{AppSecrets: []string{"a"}}, handle)
	require.EqualError(t, err, "whatsapp: VerifyToken is missing")
	_, err = whatsapp.NewReports(whatsapp.ReportsConfig{AppSecrets: []string{"a"}, VerifyToken: "x"}, nil)
	require.Error(t, err)
	assert.NotContains(t, fmt.Sprintf("%v", whatsapp.ReportsConfig{AppSecrets: []string{"hidden-one"}, VerifyToken: "hidden-one"}), "hidden-one")
}
