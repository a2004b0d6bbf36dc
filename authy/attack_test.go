package authy_test

import (
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/authy"
	"github.com/go2fa/verify/authy/authytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// paths are texts that change a path, or that some parser takes for a number.
// In 2015 the first of them approved anybody at this vendor:
// https://sakurity.com/blog/2015/03/15/authy_bypass.html.
var paths = []string{
	"../sms", "..%2fsms", "..%2Fsms", "%2e%2e%2f", "%2e%2e/sms", "1/2#", "1/2", "1#", "1?x=", "1;", "1&x=1", "1\n", "1\r\n", "1\x00",
	"1%00", "1%0a", " 1", "1 ", "+1", "-1", "1.0", "1e9", "0x1", "1_0", ".", "..", "/", "//", `1\..\2`, "1%", "１", "١", "1\u200b",
	"VALID/OTHER#", "", "123456789012345678901",
}

func TestNoCodeChangesThePath(t *testing.T) {
	t.Parallel()
	users, srv := emulated(t)
	number, phones := emulatedPhone(t)
	before := srv.Requests()
	for _, text := range paths {
		// As long as a code is, too: the length alone must not be what saves us.
		for _, code := range []string{text, pad(text, 7), pad("1234567"+text, 7), "123456" + text} {
			err := users.Check(t.Context(), phone, code)
			require.ErrorIs(t, err, verify.ErrMismatch, "%q", code)
			err = number.Check(t.Context(), phone, code+"x")
			require.ErrorIs(t, err, verify.ErrMismatch, "%q", code)
		}
	}
	assert.Equal(t, before, srv.Requests(), "none reaches the vendor")
	assert.Zero(t, phones.Requests(), "none reaches the vendor")
}

// pad makes text n bytes long or longer, and never a code.
func pad(text string, n int) string {
	for len(text) < n-1 {
		text += "1"
	}
	return text[:n-1] + "/"
}

func TestNoIDChangesThePath(t *testing.T) {
	t.Parallel()
	directory := new(authy.MemoryDirectory)
	users, srv := emulated(t, func(c *authy.Config) { c.Directory = directory })
	before := srv.Requests()
	for _, id := range paths {
		require.NoError(t, directory.SetAuthyID(t.Context(), phone, id))
		_, err := users.Send(t.Context(), phone)
		require.ErrorIs(t, err, verify.ErrUnavailable, "%q", id)
		require.ErrorIs(t, users.Check(t.Context(), phone, "1234567"), verify.ErrUnavailable, "%q", id)
		_, err = users.Status(t.Context(), phone)
		require.ErrorIs(t, err, verify.ErrUnavailable, "%q", id)
		require.ErrorIs(t, users.Delete(t.Context(), phone), verify.ErrUnavailable, "%q", id)
		_, err = users.RequestApproval(t.Context(), phone, authy.Approval{Message: "?"})
		require.ErrorIs(t, err, verify.ErrUnavailable, "%q", id)
	}
	require.NoError(t, directory.SetAuthyID(t.Context(), phone, "1000"))
	for _, id := range paths {
		if id == "-1" || id == "1e9" || id == "0x1" || id == "123456789012345678901" {
			continue // what an approval may be called
		}
		_, err := users.FetchApproval(t.Context(), phone, id)
		require.ErrorIs(t, err, verify.ErrNotPending, "%q", id)
		require.ErrorIs(t, users.AwaitApproval(t.Context(), phone, id), verify.ErrNotPending, "%q", id)
	}
	assert.Equal(t, before, srv.Requests(), "none reaches the vendor")
}

// V-15: what looks like a yes to a lenient reader.
var falseYes = []string{
	``, `true`, `"true"`, `[]`, `null`, `{}`, `<html>true</html>`, `{"success":true`, `{"success":true}{}`, `{"success":true}x`,
	`{"success":"True"%s}`, `{"success":"TRUE"%s}`, `{"success":"yes"%s}`, `{"success":"1"%s}`, `{"success":""%s}`, `{"success":" true"%s}`,
	`{"success":"true\u0000"%s}`, `{"success":"tru\u0065"%s}`, `{"success":1%s}`, `{"success":0%s}`, `{"success":1.0%s}`, `{"success":null%s}`,
	`{"success":[true]%s}`, `{"success":{"success":true}%s}`, `{"success":["true"]%s}`,
	`{"success":"false"%s}`, `{"success":false%s}`, `{"success":"False"%s}`,
	`{"SUCCESS":true%s}`, `{"Success":"true"%s}`, `{"succeſſ":true%s}`, `{"success ":true%s}`,
	`{"success":true,"success":false%s}`, `{"success":false,"success":true%s}`, `{"success":true,"success":true%s}`,
	`{"success":false,"SUCCESS":"true"%s}`, `{"errors":{"success":true}%s}`, `{"data":{"success":true,"token":"is valid"}%s}`,
	`{"success":true,"error_code":"60020"%s}`, `{"success":true,"error_code":60022%s}`, `{"success":true,"error_code":true%s}`,
	`{"message":"Verification code is correct."%s}`, `{"message":"Token is valid."%s}`, `{"status":"approved"%s}`, `{"valid":true%s}`,
}

// To users a token says yes as well, and both must.
var falseTokens = []string{
	`{"success":true}`, `{"success":"true"}`, `{"success":"true","token":"is invalid"}`, `{"success":true,"token":"valid"}`,
	`{"success":true,"token":true}`, `{"success":true,"token":""}`, `{"success":true,"token":null}`, `{"success":true,"token":"Is Valid"}`,
	`{"success":true,"token":"is valid "}`, `{"success":true,"Token":"is valid"}`, `{"success":true,"token":["is valid"]}`,
	`{"success":true,"token":"is valid","token":"is invalid"}`, `{"success":true,"token":"is invalid","token":"is valid"}`,
	`{"success":true,"token":"is valid","token":"is valid"}`, `{"success":false,"token":"is valid"}`, `{"token":"is valid"}`,
}

// answering is an emulator that answers every check with a status and body.
func answering(srv *authytest.Server, status int, body string) {
	srv.Heal()
	srv.Fail(authytest.Fault{On: "check", Times: -1, Status: status, Body: body})
}

func fill(shape, more string) string {
	if n := len(shape); n > 3 && shape[n-3:] == "%s}" {
		return fmt.Sprintf(shape, more)
	}
	return shape
}

func TestNothingButAnExplicitYesApproves(t *testing.T) {
	t.Parallel()
	users, srv := emulated(t)
	number, phones := emulatedPhone(t)
	for _, status := range []int{200, 201, 202, 206} {
		bodies := append([]string{}, falseTokens...)
		for _, shape := range falseYes {
			bodies = append(bodies, fill(shape, `,"token":"is valid"`))
		}
		for _, body := range bodies {
			answering(srv, status, body)
			err := users.Check(t.Context(), phone, "1234567")
			require.Error(t, err, "%d %s", status, body)
			assert.NotEqual(t, verify.ErrNotPending, verify.OutcomeOf(err))
		}
		for _, shape := range append(falseYes, `{"success":"true"%s}`) {
			answering(phones, status, fill(shape, ""))
			require.Error(t, number.Check(t.Context(), phone, "123456"), "%d %s", status, shape)
		}
	}
}

func TestNoStatusApproves(t *testing.T) {
	t.Parallel()
	users, srv := emulated(t)
	number, phones := emulatedPhone(t)
	for _, status := range []int{203, 204, 205, 300, 301, 302, 304, 307, 400, 401, 403, 404, 418, 500, 501} {
		body := `{"message":"Token is valid.","token":"is valid","success":"true"}`
		if status == 203 || status == 204 || status == 205 {
			body = ""
		}
		answering(srv, status, body)
		require.Error(t, users.Check(t.Context(), phone, "1234567"), status)
		answering(phones, status, body)
		require.Error(t, number.Check(t.Context(), phone, "123456"), status)
	}
}

func TestBothSpellingsOfSuccessApprove(t *testing.T) {
	t.Parallel()
	users, srv := emulated(t)
	for _, body := range []string{`{"token":"is valid","success":true}`, `{"token":"is valid","success":"true","error_code":null}`} {
		answering(srv, 200, body)
		require.NoError(t, users.Check(t.Context(), phone, "1234567"), body)
	}
}

func TestNoRedirectIsFollowed(t *testing.T) {
	t.Parallel()
	var hits atomic.Int32
	canary, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	thief := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		hits.Add(1)
		_, _ = w.Write([]byte(`{"message":"Token is valid.","token":"is valid","success":true,"cellphone":"+1"}`))
	})}
	go func() { _ = thief.Serve(canary) }()
	t.Cleanup(func() { _ = thief.Close() })

	users, srv := emulated(t)
	number, phones := emulatedPhone(t)
	for _, status := range []int{301, 302, 303, 307, 308} {
		away := authytest.Fault{
			Times: -1, Status: status, Header: http.Header{"Location": {"http://" + canary.Addr().String() + "/protected/json/verify"}},
		}
		srv.Heal()
		srv.Fail(away)
		phones.Heal()
		phones.Fail(away)
		_, err := users.Send(t.Context(), phone)
		require.ErrorIs(t, err, verify.ErrOutcomeUnknown, status)
		require.ErrorIs(t, users.Check(t.Context(), phone, "1234567"), verify.ErrOutcomeUnknown, status)
		_, err = number.Send(t.Context(), phone)
		require.ErrorIs(t, err, verify.ErrOutcomeUnknown, status)
		require.ErrorIs(t, number.Check(t.Context(), phone, "123456"), verify.ErrOutcomeUnknown, status)
		_, err = users.FetchApproval(t.Context(), phone, "1")
		require.ErrorIs(t, err, verify.ErrOutcomeUnknown, status)
	}
	assert.Zero(t, hits.Load(), "F11: key and code went to a stranger")
}
