package stress

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/authy"
	"github.com/go2fa/verify/authy/authytest"
	"github.com/go2fa/verify/twilio/twiliotest"
)

// A question is a call that only an explicit yes of the vendor answers with yes,
// and what the vendor says in truth.
type question struct {
	name    string
	status  int // of yes
	yes, no []byte
	ask     func(status int, body []byte) error
	isYes   func(fields) bool // says whether a body may count as yes
}

// mayBeYes says whether a body may count as yes. One vendor's yes has none.
func (q question) mayBeYes(body []byte) bool {
	if len(q.yes) == 0 {
		return len(body) == 0
	}
	f, whole := fieldsOf(body)
	return whole && q.isYes(f)
}

const (
	asker = "+15005550006"
	typed = "918273"
)

// questions are those of all vendors that check codes, and Authy's OneTouch.
func questions(t testing.TB) []question {
	var all []question
	for _, k := range kinds() {
		if !k.checks {
			continue
		}
		told := truths(t, k)
		isYes := yeses[k.name]
		if isYes == nil {
			isYes = differsFrom(told.yes, told.no)
		}
		all = append(all, question{k.name, told.yesStatus, told.yes, told.no, asking(t, k, told), isYes})
	}
	return append(all, oneTouch(t))
}

// asking answers each check of one client by the body it is given. Where a check
// needs the id that its send returned, that send comes before each check, and is
// answered as the one was whose code is checked: a yes may end the id.
func asking(t testing.TB, k kind, told told) func(int, []byte) error {
	said := new(spoken)
	k = k.withToken()
	v, _ := k.must(t, "http://vendor", &http.Client{Transport: said}, nil)
	code := canaryCode(k.digits())
	return func(status int, body []byte) error {
		if k.byID {
			said.status, said.body = told.status, told.sent
			if _, err := v.Send(context.Background(), asker); err != nil {
				panic(k.name + ": the answer to a send is not read: " + err.Error())
			}
		}
		said.status, said.body = status, body
		said.asked = false
		err := v.Check(context.Background(), asker, code)
		if !said.asked {
			panic(k.name + ": a check did not ask the vendor")
		}
		if err == nil {
			code = nextCode(code) // one that was used may be refused unasked
		}
		return err
	}
}

// nextCode is another code of the same length.
func nextCode(code string) string {
	digits := []byte(code)
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i] = '0' + (digits[i]-'0'+1)%10
		if digits[i] != '0' {
			break
		}
	}
	return string(digits)
}

// digits is how long a code is if nothing else is asked for: a vendor that does not say
// so is asked for one.
func (k kind) digits() int {
	made := 0
	e := k.emulate(func(digits int) string {
		made = digits
		return canaryCode(digits)
	})
	v, c, err := k.open("http://vendor", &http.Client{Transport: line{e}}, nil)
	if err != nil {
		return 0 // must has told why
	}
	defer func() { _ = c.Close() }() // it made no connection
	if v.Capabilities().DefaultDigits == 0 {
		_, _ = v.Send(context.Background(), asker)
	}
	return cmp.Or(v.Capabilities().DefaultDigits, made)
}

// A spoken vendor says what it was told to say.
type spoken struct {
	status int
	body   []byte
	asked  bool
}

// RoundTrip implements http.RoundTripper.
func (s *spoken) RoundTrip(r *http.Request) (*http.Response, error) {
	s.asked = true
	connect(r)
	write(r)
	return &http.Response{
		StatusCode: s.status, Header: http.Header{"X-Correlator": r.Header["X-Correlator"]}, Request: r,
		Body: io.NopCloser(bytes.NewReader(s.body)), ContentLength: int64(len(s.body)),
	}, nil
}

// A recorder remembers the last answer.
type recorder struct {
	vendor http.Handler
	status int
	body   []byte
}

// RoundTrip implements http.RoundTripper.
func (c *recorder) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := line{c.vendor}.RoundTrip(r)
	if err == nil {
		c.status = resp.StatusCode
		c.body, err = io.ReadAll(resp.Body)
		resp.Body = io.NopCloser(bytes.NewReader(c.body))
	}
	return resp, err
}

// told are a vendor's answers to a send, to its code and to a wrong one.
type told struct {
	sent, yes, no []byte
	status        int // of sent
	yesStatus     int
}

func truths(t testing.TB, k kind) told {
	t.Helper()
	e := k.emulate(canaryCode)
	k.register(t, e, asker)
	c := &recorder{vendor: e}
	v, _ := k.must(t, "http://vendor", &http.Client{Transport: c}, nil)
	_, err := v.Send(t.Context(), asker)
	require.NoError(t, err)
	said := told{sent: c.body, status: c.status}
	code := canaryCode(k.digits())
	require.ErrorIs(t, v.Check(t.Context(), asker, wrong(code)), verify.ErrMismatch)
	said.no = c.body
	require.NoError(t, v.Check(t.Context(), asker, code))
	said.yes, said.yesStatus = c.body, c.status
	return said
}

// oneTouch asks what became of an approval request.
func oneTouch(t testing.TB) question {
	t.Helper()
	e := authytest.New(authytest.Options{})
	kindOf("authy users").register(t, e, asker)
	e.InstallApp(asker)
	c := &recorder{vendor: e}
	open := func(base http.RoundTripper) *authy.Users {
		u, err := authy.NewUsers(authy.Config{
			APIKey: authytest.APIKey, BaseURL: "http://vendor", HTTPClient: &http.Client{Transport: base}, Directory: directory{},
		})
		require.NoError(t, err)
		return u
	}
	users := open(c)
	id, err := users.RequestApproval(t.Context(), asker, authy.Approval{Message: "Log in?"})
	require.NoError(t, err)
	require.True(t, e.Approve(id))
	status, err := users.FetchApproval(t.Context(), asker, id)
	require.NoError(t, err)
	require.Equal(t, authy.Approved, status)

	said := new(spoken)
	asked := open(said)
	return question{
		name: "authy onetouch", status: http.StatusOK, yes: c.body, no: bytes.Replace(c.body, []byte("approved"), []byte("denied"), 1),
		ask: func(status int, body []byte) error {
			said.status, said.body = status, body
			got, err := asked.FetchApproval(context.Background(), asker, id)
			if err == nil && got != authy.Approved {
				err = verify.ErrRejected
			}
			return err
		},
		isYes: func(f fields) bool {
			request, ok := fieldsOf([]byte(f.raw("approval_request")))
			who := strings.Trim(request.raw("_authy_id"), `"`)
			return ok && f.isTrue("success") && request.text("uuid") == id && request.text("status") == "approved" && who == "1000"
		},
	}
}

// differsFrom says what may count as a yes of a vendor that yeses does not know: of
// the words and truth values in which its yes differs from its no, one is there as
// in the yes, and none as in the no.
func differsFrom(yes, no []byte) func(fields) bool {
	right, _ := fieldsOf(yes)
	wrong, _ := fieldsOf(no)
	right, wrong = right.flat(), wrong.flat()
	var words []string
	for key := range right {
		if was, is := wrong.raw(key), right.raw(key); is != was && !strings.ContainsAny(is+was, "0123456789") {
			words = append(words, key)
		}
	}
	return func(f fields) bool {
		f = f.flat()
		isNo := func(key string) bool { return len(wrong[key]) > 0 && f.raw(key) == wrong.raw(key) }
		return slices.ContainsFunc(words, func(key string) bool { return f.raw(key) == right.raw(key) }) && !slices.ContainsFunc(words, isNo)
	}
}

// yeses say, by kind, whether an answer to a check of asker may count as a yes.
var yeses = map[string]func(fields) bool{
	"twilio": func(f fields) bool {
		to, service := f.text("to"), f.text("service_sid")
		return f.text("status") == "approved" && (f.none("valid") || f.raw("valid") == "true") &&
			(f.none("service_sid") || service == twiliotest.ServiceSID) &&
			(f.none("to") || verify.IsPhone(to) && to[len(to)-7:] == asker[len(asker)-7:])
	},
	"bandwidth": func(f fields) bool {
		return f.raw("valid") == "true" && (f.none("error") || f.text("error") == "")
	},
	"authy": func(f fields) bool {
		return f.raw("success") == "true" && (f.none("error_code") || f.text("error_code") == "")
	},
	"auth0": func(f fields) bool {
		return f.text("access_token") != "" && (f.none("error") || f.text("error") == "")
	},
	"authy users": func(f fields) bool {
		return f.isTrue("success") && f.text("token") == "is valid" && (f.none("error_code") || f.text("error_code") == "")
	},
}

// fields are the top level of one JSON object: each key as it is written, with
// all its values.
type fields map[string][]json.RawMessage

// fieldsOf reads by encoding/json alone, since what is tested has its own reader.
func fieldsOf(body []byte) (fields, bool) {
	if !json.Valid(body) {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(body))
	if token, _ := d.Token(); token != json.Delim('{') {
		return nil, false
	}
	f := fields{}
	for d.More() {
		from := d.InputOffset()
		_, _ = d.Token() // the whole body is valid
		key := strings.TrimLeft(string(body[from:d.InputOffset()]), ", \t\r\n")
		var value json.RawMessage
		_ = d.Decode(&value)
		f[strings.Trim(key, `"`)] = append(f[strings.Trim(key, `"`)], value)
	}
	return f, true
}

// flat has the fields of objects within beside their own, under "key.".
func (f fields) flat() fields {
	all := fields{}
	for key, values := range f {
		all[key] = values
		for _, value := range values {
			inner, _ := fieldsOf(value) // nothing, if it is no object
			for name, found := range inner.flat() {
				all[key+"."+name] = append(all[key+"."+name], found...)
			}
		}
	}
	return all
}

// raw is the one value of a key, as it is written.
func (f fields) raw(key string) string {
	if len(f[key]) != 1 {
		return ""
	}
	return string(f[key][0])
}

// text is that of a string.
func (f fields) text(key string) (s string) {
	_ = json.Unmarshal([]byte(f.raw(key)), &s) // what is none is empty
	return s
}

func (f fields) none(key string) bool { return len(f[key]) == 0 || f.raw(key) == "null" }

// isTrue takes both of Authy's spellings.
func (f fields) isTrue(key string) bool { return f.raw(key) == "true" || f.raw(key) == `"true"` }
