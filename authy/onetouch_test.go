package authy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/authy"
	"github.com/go2fa/verify/authy/authytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// asked returns the id of a question that was pushed to a person with the app.
func asked(t *testing.T, changes ...func(*authy.Config)) (*authy.Users, *authytest.Server, string) {
	users, srv := emulated(t, changes...)
	srv.InstallApp(phone)
	id, err := users.RequestApproval(t.Context(), phone, authy.Approval{
		Message: "Log in to Acme?",
		Details: map[string]string{"Where": "Aarhus * ~ é"},
		Hidden:  map[string]string{"session": "7"},
	})
	require.NoError(t, err)
	return users, srv, id
}

func TestApprovalIsPushed(t *testing.T) {
	t.Parallel()
	users, srv, id := asked(t)
	messages := srv.Messages()
	require.Len(t, messages, 1)
	assert.Equal(t, "app", messages[0].Channel)
	assert.Equal(t, "Log in to Acme?", messages[0].Text)

	status, err := users.FetchApproval(t.Context(), phone, id)
	require.NoError(t, err)
	assert.Equal(t, authy.Pending, status)
}

func TestAnswersOfThePerson(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		answer func(*authytest.Server, string)
		status authy.ApprovalStatus
		want   verify.Outcome
	}{
		"yes":     {func(s *authytest.Server, id string) { s.Approve(id) }, authy.Approved, ""},
		"no":      {func(s *authytest.Server, id string) { s.Deny(id) }, authy.Denied, verify.ErrRejected},
		"expired": {func(s *authytest.Server, id string) { s.Expire(id) }, authy.Expired, verify.ErrNotPending},
		"silence": {func(s *authytest.Server, _ string) { s.Advance(2 * time.Minute) }, authy.Expired, verify.ErrNotPending},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			users, srv, id := asked(t)
			tc.answer(srv, id)
			status, err := users.FetchApproval(t.Context(), phone, id)
			require.NoError(t, err)
			require.Equal(t, tc.status, status)
			err = users.AwaitApproval(t.Context(), phone, id)
			assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
		})
	}
}

// R41: the yes of one person opens no door for another.
func TestApprovalOfAnotherPerson(t *testing.T) {
	t.Parallel()
	users, srv, id := asked(t)
	require.NoError(t, users.Register(t.Context(), "b@example.com", other))
	srv.Approve(id)
	_, err := users.FetchApproval(t.Context(), other, id)
	require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
	require.NoError(t, users.AwaitApproval(t.Context(), phone, id))
}

func TestAnswersAboutAnApproval(t *testing.T) {
	t.Parallel()
	users, srv, id := asked(t)
	about := func(fields string) string { return `{"success":true,"approval_request":{` + fields + `}}` }
	yes := `"status":"approved","uuid":"` + id + `","_authy_id":`
	for name, tc := range map[string]struct {
		body string
		want authy.ApprovalStatus
	}{
		"the id as a number":        {about(yes + `1000`), authy.Approved},
		"the id as text":            {about(yes + `"1000"`), authy.Approved},
		"pending, and nothing else": {about(`"status":"pending"`), authy.Pending},
		"denied, and nothing else":  {about(`"status":"denied"`), authy.Denied},
		"a yes that names nobody":   {about(`"status":"approved"`), ""},
		"a yes without its id":      {about(`"status":"approved","_authy_id":1000`), ""},
		"a yes without the person":  {about(`"status":"approved","uuid":"` + id + `"`), ""},
		"another request":           {about(`"status":"denied","uuid":"7"`), ""},
		"another person":            {about(yes + `1001`), ""},
		"a person in a list":        {about(yes + `[1000]`), ""},
		"a status of its own":       {about(strings.Replace(yes, "approved", "Approved", 1) + `1000`), ""},
		"no status":                 {about(`"uuid":"` + id + `"`), ""},
		"a status twice":            {about(`"status":"pending",` + yes + `1000`), ""},
		"no request":                {`{"success":true}`, ""},
		"the status outside":        {`{"success":true,"status":"approved","approval_request":{}}`, ""},
		"no success":                {`{"approval_request":{` + yes + `1000}}`, ""},
		"success of another kind":   {`{"success":1,"approval_request":{` + yes + `1000}}`, ""},
	} {
		srv.Fail(authytest.Fault{Status: 200, Body: tc.body})
		status, err := users.FetchApproval(t.Context(), phone, id)
		assert.Equal(t, tc.want, status, name)
		if tc.want == "" {
			require.ErrorIs(t, err, verify.ErrOutcomeUnknown, name)
		}
	}
	srv.Fail(authytest.Fault{Status: 200, Body: `{"success":false,"approval_request":{` + yes + `1000},"error_code":"60049"}`})
	_, err := users.FetchApproval(t.Context(), phone, id)
	require.ErrorIs(t, err, verify.ErrNotPending)
}

func TestApprovalIsRefusedBeforeAnyRequest(t *testing.T) {
	t.Parallel()
	users, srv := emulated(t)
	srv.InstallApp(phone)
	before := srv.Requests()
	for name, a := range map[string]authy.Approval{
		"no message":                     {},
		"a message of 145 characters":    {Message: strings.Repeat("é", 145)},
		"a message of two lines":         {Message: "a\nb"},
		"a message that is no text":      {Message: "\xff"},
		"a life of 11 minutes":           {Message: "?", Expiry: 11 * time.Minute},
		"a life of no time":              {Message: "?", Expiry: -time.Second},
		"a life of half a second":        {Message: "?", Expiry: time.Second / 2},
		"a life of a second and a half":  {Message: "?", Expiry: 3 * time.Second / 2},
		"logos without the default":      {Message: "?", Logos: map[string]string{"low": "https://example.com/a.png"}},
		"a logo of another kind":         {Message: "?", Logos: map[string]string{"default": "https://example.com/a.png", "big": "https://example.com/b.png"}},
		"a logo in the clear":            {Message: "?", Logos: map[string]string{"default": "http://example.com/a.png"}},
		"a logo that is no URL":          {Message: "?", Logos: map[string]string{"default": "https://["}},
		"a logo without a host, too low": {Message: "?", Logos: map[string]string{"default": "https:///a.png"}},
	} {
		_, err := users.RequestApproval(t.Context(), phone, a)
		require.ErrorIs(t, err, verify.ErrUnsupported, name)
	}
	_, err := users.RequestApproval(t.Context(), "12345", authy.Approval{Message: "?"})
	require.ErrorIs(t, err, verify.ErrInvalidRecipient)
	_, err = users.FetchApproval(t.Context(), "12345", "1")
	require.ErrorIs(t, err, verify.ErrInvalidRecipient)
	assert.Equal(t, before, srv.Requests())
}

func TestRequestApprovalFails(t *testing.T) {
	t.Parallel()
	users, srv := emulated(t)
	question := authy.Approval{
		Message: strings.Repeat("é", 144), Expiry: 10 * time.Minute,
		Logos: map[string]string{"default": "https://example.com/a.png", "high": "https://example.com/b.png?c=d"},
	}
	_, err := users.RequestApproval(t.Context(), phone, question)
	require.ErrorIs(t, err, verify.ErrInvalidRecipient, "without the app")
	assert.Contains(t, detail(err), "send a code")

	srv.InstallApp(phone)
	_, err = users.RequestApproval(t.Context(), phone, question)
	require.NoError(t, err)
	for body, want := range map[string]verify.Outcome{
		`{"success":true,"approval_request":{}}`:                verify.ErrOutcomeUnknown,
		`{"success":true,"approval_request":{"uuid":"../sms"}}`: verify.ErrOutcomeUnknown,
		`{"success":true}`:                       verify.ErrOutcomeUnknown,
		`{}`:                                     verify.ErrOutcomeUnknown,
		`{"success":false,"error_code":"60065"}`: verify.ErrUnauthorized,
		`{"success":false,"approval_request":{"uuid":1}}`: verify.ErrRejected,
	} {
		srv.Fail(authytest.Fault{Status: 200, Body: body})
		_, err = users.RequestApproval(t.Context(), phone, question)
		require.ErrorIs(t, err, want, body)
	}
	before := srv.Requests()
	srv.Fail(authytest.Fault{On: "request approval", Break: authytest.Close, Effect: true})
	_, err = users.RequestApproval(t.Context(), phone, question)
	require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
	assert.Equal(t, before+1, srv.Requests(), "a push reaches a person: it is not repeated")
}
