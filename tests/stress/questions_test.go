package stress

import (
	"bytes"
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
	yes, no []byte
	ask     func(status int, body []byte) error
	isYes   func(fields) bool // says whether a body may count as yes
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
		yes, no := truths(t, k)
		isYes := yeses[k.name]
		if isYes == nil {
			isYes = differsFrom(yes, no)
		}
		all = append(all, question{k.name, yes, no, asking(t, k), isYes})
	}
	return append(all, oneTouch(t))
}

// asking answers each check of one client by the body it is given.
func asking(t testing.TB, k kind) func(int, []byte) error {
	said := new(spoken)
	k = k.withToken()
	v, _ := k.must(t, "http://vendor", &http.Client{Transport: said}, nil)
	code := canaryCode(k.digits())
	return func(status int, body []byte) error {
		said.status, said.body = status, body
		return v.Check(context.Background(), asker, code)
	}
}

// digits is how long a code is if nothing else is asked for.
func (k kind) digits() int {
	v, c, err := k.open("http://vendor", nil, nil)
	if err != nil {
		return 0 // must has told why
	}
	_ = c.Close() // it made no connection
	return v.Capabilities().DefaultDigits
}

// A spoken vendor says what it was told to say.
type spoken struct {
	status int
	body   []byte
}

// RoundTrip implements http.RoundTripper.
func (s *spoken) RoundTrip(r *http.Request) (*http.Response, error) {
	connect(r)
	write(r)
	return &http.Response{
		StatusCode: s.status, Header: http.Header{}, Request: r,
		Body: io.NopCloser(bytes.NewReader(s.body)), ContentLength: int64(len(s.body)),
	}, nil
}

// A recorder remembers the last answer.
type recorder struct {
	vendor http.Handler
	body   []byte
}

// RoundTrip implements http.RoundTripper.
func (c *recorder) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := line{c.vendor}.RoundTrip(r)
	if err == nil {
		c.body, err = io.ReadAll(resp.Body)
		resp.Body = io.NopCloser(bytes.NewReader(c.body))
	}
	return resp, err
}

// truths are a vendor's answers to the right code and to a wrong one.
func truths(t testing.TB, k kind) (yes, no []byte) {
	t.Helper()
	e := k.emulate(canaryCode)
	k.register(t, e, asker)
	c := &recorder{vendor: e}
	v, _ := k.must(t, "http://vendor", &http.Client{Transport: c}, nil)
	_, err := v.Send(t.Context(), asker)
	require.NoError(t, err)
	code := canaryCode(k.digits())
	require.ErrorIs(t, v.Check(t.Context(), asker, wrong(code)), verify.ErrMismatch)
	no = c.body
	require.NoError(t, v.Check(t.Context(), asker, code))
	return c.body, no
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
		name: "authy onetouch", yes: c.body, no: bytes.Replace(c.body, []byte("approved"), []byte("denied"), 1),
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
