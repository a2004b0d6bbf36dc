package authytest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/authy/authytest"
)

func nopCloser(s string) io.ReadCloser { return io.NopCloser(strings.NewReader(s)) }

func TestKey(t *testing.T) {
	a := newAccount(t)
	for name, tt := range map[string]struct {
		path   string
		header string
		want   int
	}{
		"in the header":               {users + "/7/status", authytest.APIKey, 404},
		"in the query":                {users + "/7/status?api_key=" + authytest.APIKey, "", 404},
		"wrong":                       {users + "/7/status", "wrong", 401},
		"wrong in the query":          {users + "/7/status?api_key=wrong", "", 401},
		"none":                        {users + "/7/status", "", 401},
		"wrong, and right in a query": {users + "/7/status?api_key=" + authytest.APIKey, "wrong", 401},
	} {
		t.Run(name, func(t *testing.T) {
			got := a.do(http.MethodGet, tt.path, "", func(r *http.Request) { r.Header.Set("X-Authy-API-Key", tt.header) })
			assert.Equal(t, tt.want, got.status)
			if tt.want == 401 {
				got.refused(t, 401, 60001)
			}
		})
	}
}

func TestUnknownPathIsAnsweredInWords(t *testing.T) {
	a := newAccount(t)
	for _, path := range []string{
		"/", "/protected/json/sms", "/protected/json/sms/", "/protected/xml/sms/1", "/protected/json/verify//1", "/protected/json/verify/../sms/1",
		"/protected/json/verify/..%2Fsms/1", "/onetouch/json/approval_requests", users + "/7",
	} {
		got := a.get(path, "")
		assert.Contains(t, []int{404}, got.status, path)
		if !strings.Contains(path, "%2F") {
			assert.True(t, strings.HasPrefix(got.text, "Requested URL was not found"), path)
		}
	}
	assert.Equal(t, 404, a.post("/protected/json/sms/1", "").status, "another method")
}

func TestMalformedBody(t *testing.T) {
	a := newAccount(t)
	for _, body := range []string{`{"user":`, `%`, `a=%zz`} {
		got := a.do(http.MethodPost, users+"/new", "", func(r *http.Request) { r.Body, r.ContentLength = nopCloser(body), int64(len(body)) })
		got.refused(t, 400, 60002)
	}
	got := a.do(http.MethodPost, users+"/new", "", func(r *http.Request) {
		body := "a=" + strings.Repeat("x", 2<<20)
		r.Body, r.ContentLength = nopCloser(body), int64(len(body))
	})
	got.refused(t, 400, 60002)
}

func TestFaultsPickOperations(t *testing.T) {
	a := newAccount(t)
	a.InstallApp(to)
	id := a.register()
	for on, call := range map[string]func() answer{
		"register":         func() answer { return a.post(users+"/new", person) },
		"status":           func() answer { return a.get(users+"/"+id+"/status", "") },
		"send":             func() answer { return a.get("/protected/json/call/"+id, "") },
		"check":            func() answer { return a.verify("1234567", id, "force=true") },
		"request approval": func() answer { return a.post("/onetouch/json/users/"+id+"/approval_requests", "message=?") },
		"fetch approval":   func() answer { return a.get(approvals+"7", "") },
		"delete":           func() answer { return a.post(users+"/8/remove", "") },
	} {
		a.Fail(authytest.Fault{On: on, Status: 503})
		assert.Equal(t, 503, call().status, on)
		assert.NotEqual(t, 503, call().status, on)
	}
	for on, call := range map[string]func() answer{
		"send":   func() answer { return a.post(phones+"/start", phone+"&via=sms") },
		"check":  func() answer { return a.attempt("1234") },
		"status": func() answer { return a.get(phones+"/status", phone) },
	} {
		a.Fail(authytest.Fault{On: on, Status: 503})
		assert.Equal(t, 503, call().status, "of a phone: "+on)
	}
	a.Fail(authytest.Fault{Times: -1, Status: 503})
	a.Heal()
	assert.Equal(t, 200, a.get(users+"/"+id+"/status", "").status)
}

func TestRefusalHasTheShapeOfAuthy(t *testing.T) {
	a := newAccount(t)
	a.Fail(authytest.Refusal(503, 60060))
	got := a.post(users+"/new", person)
	got.refused(t, 503, 60060)
	assert.Equal(t, "Your account is suspended", got.body["message"])
}

func TestUnsentSaysSuccess(t *testing.T) {
	a := newAccount(t)
	id := a.register()
	a.Fail(authytest.Unsent())
	got := a.get("/protected/json/sms/"+id, "")
	assert.Equal(t, 200, got.status)
	assert.Equal(t, true, got.body["success"])
	assert.NotContains(t, got.body, "cellphone")
	assert.Zero(t, a.Effects())
}

func TestSubscribersGetAMessageBeforeTheAnswer(t *testing.T) {
	a := newAccount(t)
	id := a.register()
	var mu sync.Mutex
	var received []string
	cancel := a.Subscribe(func(m authytest.Message) {
		mu.Lock()
		defer mu.Unlock()
		received = append(received, m.Code+" "+a.Code(m.To, m.Scope))
	})
	a.get("/protected/json/sms/"+id, "")
	cancel()
	a.get("/protected/json/sms/"+id, "")
	mu.Lock()
	defer mu.Unlock()
	require.Len(t, received, 1)
	code := a.Messages()[0].Code
	assert.Equal(t, code+" "+code, received[0])
	assert.Equal(t, 3, a.Requests())
}

func TestTheNewestOfTwoProducts(t *testing.T) {
	a := newAccount(t)
	id := a.register()
	a.get("/protected/json/sms/"+id, "")
	assert.Len(t, a.Code(to, ""), 7)
	a.Advance(1)
	a.post(phones+"/start", phone+"&via=sms&code_length=6")
	assert.Len(t, a.Code(to, ""), 6)
	a.Advance(1)
	a.get("/protected/json/sms/"+id, "")
	assert.Len(t, a.Code(to, ""), 7)
	assert.Empty(t, a.Code(other, ""))
}

func TestOptions(t *testing.T) {
	e := authytest.New(authytest.Options{
		APIKey: "k", AppName: "Umbrella", Digits: 8, NewCode: func(n int) string { return strings.Repeat("1", n) },
	})
	r := httptest.NewRequest(http.MethodPost, users+"/new", strings.NewReader(person))
	r.Header.Set("X-Authy-API-Key", "k")
	e.ServeHTTP(httptest.NewRecorder(), r)
	r = httptest.NewRequest(http.MethodGet, "/protected/json/sms/1000", nil)
	r.Header.Set("X-Authy-API-Key", "k")
	e.ServeHTTP(httptest.NewRecorder(), r)
	require.Len(t, e.Messages(), 1)
	assert.Equal(t, "Your Umbrella verification code is: 11111111", e.Messages()[0].Text)
}

func TestServerMayCloseEarly(t *testing.T) {
	srv := authytest.NewServer(t)
	srv.Close()
	_, err := http.Get(srv.URL)
	require.Error(t, err)
}
