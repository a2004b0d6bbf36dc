package whatsapptest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/whatsapp/whatsapptest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	to    = "+15005550006"
	other = "+15017122661"
	sends = "/v25.0/" + whatsapptest.PhoneNumberID + "/messages"
	good  = `{"messaging_product":"whatsapp","recipient_type":"individual","to":"+15005550006","type":"template","template":` +
		`{"name":"verification_code","language":{"code":"en_US"},"components":[` +
		`{"type":"body","parameters":[{"type":"text","text":"123456"}]},` +
		`{"type":"button","sub_type":"url","index":"0","parameters":[{"type":"text","text":"123456"}]}]}}`
)

// An answer is what came back.
type answer struct {
	status   int
	Contacts []struct{ Input, WaID string }
	Messages []struct{ ID string }
	Error    struct {
		Message, Type string
		Code          int
	}
}

func ask(t *testing.T, e http.Handler, method, path, body string) (a answer) {
	t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+whatsapptest.Token)
	return answered(t, e, r)
}

func answered(t *testing.T, e http.Handler, r *http.Request) (a answer) {
	t.Helper()
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	require.NoError(t, json.Unmarshal([]byte(strings.ReplaceAll(w.Body.String(), "wa_id", "waid")), &a), w.Body.String())
	a.status = w.Code
	return a
}

func but(t *testing.T, old, changed string) string {
	t.Helper()
	require.Contains(t, good, old)
	return strings.ReplaceAll(good, old, changed)
}

func TestAMessageOfTheTemplate(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	e := whatsapptest.New(whatsapptest.Options{Start: start})
	for name, body := range map[string]string{
		"as documented":       good,
		"no recipient type":   but(t, `"recipient_type":"individual",`, ""),
		"an index as number":  but(t, `"index":"0"`, `"index":0`),
		"a number with signs": but(t, "+15005550006", "+1 (500) 555-0006"),
		"an echo of ours":     but(t, `"to"`, `"biz_opaque_callback_data":"x","to"`),
	} {
		sent := ask(t, e, http.MethodPost, sends, body)
		require.Equal(t, http.StatusOK, sent.status, name)
		assert.Equal(t, "15005550006", sent.Contacts[0].WaID)
		assert.True(t, strings.HasPrefix(sent.Messages[0].ID, "wamid.HBgLMTUwMDU1NTAwMDYV"), "the number is in it: %s", sent.Messages[0].ID)
		m := e.Messages()[len(e.Messages())-1]
		assert.Equal(t, "123456", e.Code(to))
		assert.Equal(t, to, m.To)
		assert.True(t, m.At.Equal(start))
		assert.NotContains(t, m.ID, "wamid")
	}
	assert.Equal(t, 5, e.Effects())
}

// Without a plus Meta puts the calling code of the business in front: another number.
func TestANumberWithoutItsPlusIsAnotherNumber(t *testing.T) {
	e := whatsapptest.New(whatsapptest.Options{})
	require.Equal(t, http.StatusOK, ask(t, e, http.MethodPost, sends, but(t, "+15005550006", "4512345678")).status)
	assert.Equal(t, "+14512345678", e.Messages()[0].To)
	assert.Empty(t, e.Code("+4512345678"))
}

func TestRefusals(t *testing.T) {
	e := whatsapptest.New(whatsapptest.Options{Absent: []string{other}})
	for name, tc := range map[string]struct {
		body         string
		code, status int
	}{
		"no JSON":                   {"x", 100, 400},
		"no product":                {but(t, `"messaging_product":"whatsapp",`, ""), 131008, 400},
		"another product":           {but(t, `"whatsapp"`, `"instagram"`), 100, 400},
		"a group":                   {but(t, `"individual"`, `"group"`), 100, 400},
		"nobody":                    {but(t, `"to":"+15005550006",`, ""), 131008, 400},
		"no type":                   {but(t, `"type":"template",`, ""), 131008, 400},
		"a free text":               {`{"messaging_product":"whatsapp","to":"+15005550006","type":"text","text":{"body":"123456"}}`, 131047, 400},
		"another type":              {but(t, `"type":"template"`, `"type":"image"`), 100, 400},
		"a field that is not known": {but(t, `"to"`, `"ttl":60,"to"`), 100, 400},
		"no number":                 {but(t, "+15005550006", "+12"), 131009, 400},
		"the business itself":       {but(t, "+15005550006", whatsapptest.Number), 131021, 400},
		"not on WhatsApp":           {but(t, "+15005550006", other), 131026, 400},
		"another template":          {but(t, "verification_code", "hello_world"), 132001, 404},
		"another language":          {but(t, "en_US", "de"), 132001, 404},
		"a language as a tag":       {but(t, "en_US", "en-US"), 132001, 404},
		"no language":               {but(t, `"code":"en_US"`, ""), 131008, 400},
		"no button":                 {but(t, `,{"type":"button","sub_type":"url","index":"0","parameters":[{"type":"text","text":"123456"}]}`, ""), 132000, 400},
		"another button":            {but(t, `"sub_type":"url"`, `"sub_type":"quick_reply"`), 132000, 400},
		"the second button":         {but(t, `"index":"0"`, `"index":"1"`), 132000, 400},
		"two parameters":            {but(t, `"parameters":[`, `"parameters":[{"type":"text","text":"1"},`), 132000, 400},
		"a parameter of currency":   {but(t, `{"type":"text"`, `{"type":"currency"`), 132000, 400},
		"a code of 16":              {but(t, "123456", "1234567890123456"), 100, 400},
		"no code":                   {but(t, "123456", ""), 100, 400},
		"two codes":                 {strings.Replace(good, "123456", "123457", 1), 132012, 400},
	} {
		a := ask(t, e, http.MethodPost, sends, tc.body)
		assert.Equal(t, tc.code, a.Error.Code, name)
		assert.Equal(t, tc.status, a.status, name)
		assert.Equal(t, "OAuthException", a.Error.Type, name)
	}
	assert.Zero(t, e.Effects())
	e.Fail(whatsapptest.Refusal(130429))
	a := ask(t, e, http.MethodPost, sends, good)
	assert.Equal(t, []any{429, "(#130429) Rate limit hit"}, []any{a.status, a.Error.Message}, "as on the page")
}

func TestPathsAndTheToken(t *testing.T) {
	e := whatsapptest.New(whatsapptest.Options{})
	for path, want := range map[string][2]int{
		"/v25.0/1/messages":       {100, 404},
		"/v25.0/1":                {100, 404},
		"/25.0/106540352242922":   {100, 400},
		"/v25.0/1065/x/y":         {100, 404},
		"/v25.0/106540352242922":  {0, 200},
		"/v100.1/106540352242922": {0, 200},
	} {
		method := http.MethodGet
		if strings.HasSuffix(path, "messages") {
			method = http.MethodPost
		}
		a := ask(t, e, method, path, "")
		assert.Equal(t, want, [2]int{a.Error.Code, a.status}, path)
	}
	for _, authorization := range []string{"", "Bearer another", "Basic " + whatsapptest.Token} {
		r := httptest.NewRequest(http.MethodPost, sends, strings.NewReader(good))
		r.Header.Set("Authorization", authorization)
		a := answered(t, e, r)
		assert.Equal(t, [2]int{190, 401}, [2]int{a.Error.Code, a.status})
	}
}

func TestReportsAreOfMessagesThatWereSent(t *testing.T) {
	e := whatsapptest.New(whatsapptest.Options{})
	require.Equal(t, http.StatusOK, ask(t, e, http.MethodPost, sends, good).status)
	id := e.Messages()[0].ID
	_, err := e.Report("https://login.example.com/", id, emulator.Expired)
	require.ErrorIs(t, err, emulator.ErrNoReport, "Meta reports nothing of what it drops")
	_, err = e.Report("https://login.example.com/", "wa_x", emulator.Sent)
	require.ErrorIs(t, err, emulator.ErrNoMessage)
	e.Deliver(emulator.Message{ID: "x", To: to})
	_, err = e.Report("https://login.example.com/", "x", emulator.Sent)
	require.ErrorIs(t, err, emulator.ErrNoReport, "a message of nobody's")
	_, err = e.Report("https://login.example.com/", id, emulator.Sent)
	require.NoError(t, err)
}

func ExampleNew() {
	e := whatsapptest.New(whatsapptest.Options{})

	r := httptest.NewRequest(http.MethodPost, sends, strings.NewReader(good))
	r.Header.Set("Authorization", "Bearer "+whatsapptest.Token)
	e.ServeHTTP(httptest.NewRecorder(), r)

	fmt.Println(e.Code("+15005550006"))
	// Output: 123456
}
