package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/twilio/twiliotest"
	"github.com/go2fa/verify/vendors"
)

const to = "+15005550006"

// dsnOf is the line that reaches srv.
func dsnOf(srv *twiliotest.Server) string {
	_, sample := twiliotest.Vendors()[0].New(emulator.Setup{})
	return sample.DSN(srv.URL)
}

// A result is what a run leaves behind.
type result struct {
	status   int
	out, err string
}

func start(t *testing.T, env map[string]string, args ...string) result {
	t.Helper()
	var out, err bytes.Buffer
	status := run(context.Background(), args, strings.NewReader(""), &out, &err, func(k string) string { return env[k] })
	return result{status, out.String(), err.String()}
}

func (r result) object(t *testing.T) map[string]any {
	t.Helper()
	require.Equal(t, 1, strings.Count(r.out, "\n"), "one line: %q", r.out)
	var o map[string]any
	require.NoError(t, json.Unmarshal([]byte(r.out), &o))
	return o
}

func TestSendAndCheck(t *testing.T) {
	srv := twiliotest.NewServer(t)
	dsn := dsnOf(srv)

	sent := start(t, nil, "send", "-dsn", dsn, "-to", to, "-channel", "voice", "-digits", "6", "-locale", "da")
	require.Equal(t, 0, sent.status, sent.err)
	assert.Regexp(t, `^sent by twilio over voice, 6 digits, id VE[0-9a-f]{32}\n$`, sent.out)
	assert.Empty(t, sent.err)

	code := srv.Code(to, "")
	wrong := start(t, nil, "check", "-dsn", dsn, "-to", to, "-code", spoil(code))
	assert.Equal(t, 1, wrong.status)
	assert.Empty(t, wrong.out)
	assert.Equal(t, "verify: twilio: check: mismatch\n", wrong.err)

	right := start(t, map[string]string{"VERIFY_DSN": dsn}, "check", "-to", to, "-code", code)
	assert.Equal(t, result{0, "approved\n", ""}, right)
	again := start(t, map[string]string{"VERIFY_DSN": dsn}, "check", "-to", to, "-code", code)
	assert.Equal(t, 1, again.status)
}

// What forgets the code with the command is said at once, and not by the check that
// finds nothing.
func TestSendTellsWhatItsStoreForgets(t *testing.T) {
	dsn := emulateForTest(t, "gatewayapi")["gatewayapi"].DSN
	dsn = dsn[:strings.Index(dsn, "&store=")]
	for store, note := range map[string]string{"memory": forgotten, "sqlite:" + t.TempDir() + "/codes.db": ""} {
		sent := start(t, nil, "send", "-dsn", dsn+"&store="+store, "-to", to)
		require.Equal(t, 0, sent.status, sent.err)
		assert.Equal(t, note, sent.err)
	}
}

func TestSendAndCheckInJSON(t *testing.T) {
	srv := twiliotest.NewServer(t)
	env := map[string]string{"VERIFY_DSN": dsnOf(srv)}

	sent := start(t, env, "send", "-to", "a@example.com", "-json")
	require.Equal(t, 0, sent.status, sent.err)
	receipt := sent.object(t)
	assert.Equal(t, "twilio", receipt["vendor"])
	assert.Equal(t, "email", receipt["channel"])
	assert.EqualValues(t, 6, receipt["digits"])
	assert.NotEmpty(t, receipt["id"])

	code := srv.Code("a@example.com", "")
	wrong := start(t, env, "check", "-to", "a@example.com", "-code", spoil(code), "-json")
	assert.Equal(t, 1, wrong.status)
	assert.Equal(t, "mismatch", wrong.object(t)["outcome"])
	assert.Equal(t, "verify: twilio: check: mismatch\n", wrong.err)

	right := start(t, env, "check", "-to", "a@example.com", "-code", code, "-json")
	assert.Equal(t, 0, right.status)
	assert.Equal(t, map[string]any{"outcome": "approved", "vendor": "twilio"}, right.object(t))
}

func TestFlagBeatsEnvironment(t *testing.T) {
	srv := twiliotest.NewServer(t)
	env := map[string]string{"VERIFY_DSN": "twilio://"}
	assert.Equal(t, 0, start(t, env, "send", "-dsn", dsnOf(srv), "-to", to).status)
	assert.Equal(t, 2, start(t, env, "send", "-to", to).status)
	assert.Equal(t, 1, srv.Effects())
}

func TestScopeIsItsOwn(t *testing.T) {
	const sid = "VA00000000000000000000000000000001"
	srv := twiliotest.NewServer(t, twiliotest.Options{Services: []twiliotest.Service{{}, {SID: sid}}})
	env := map[string]string{"VERIFY_DSN": dsnOf(srv) + "&scope.pay=" + sid}
	require.Equal(t, 0, start(t, env, "send", "-to", to, "-scope", "pay").status)
	code := srv.Code(to, sid)
	assert.Equal(t, 1, start(t, env, "check", "-to", to, "-code", code).status, "without the scope")
	assert.Equal(t, 0, start(t, env, "check", "-to", to, "-code", code, "-scope", "pay").status)
}

func TestStatusSaysWhatHappened(t *testing.T) {
	send, check := []string{"send", "-to", to}, []string{"check", "-to", to, "-code", "123456"}
	sent := func(s *twiliotest.Server) { start(t, map[string]string{"VERIFY_DSN": dsnOf(s)}, send...) }
	fail := func(f twiliotest.Fault) func(*twiliotest.Server) {
		return func(s *twiliotest.Server) { s.Fail(f) }
	}
	for name, tc := range map[string]struct {
		before func(*twiliotest.Server)
		args   []string
		status int
		want   map[string]any
	}{
		"a wrong code": {sent, check, 1, map[string]any{"outcome": "mismatch", "vendor": "twilio", "http_status": 200.0}},
		"a code that cannot be one": {nil, []string{"check", "-to", to, "-code", "12345x"}, 1,
			map[string]any{"outcome": "mismatch", "vendor": "twilio"}},
		"nothing was sent": {nil, check, 1, map[string]any{"outcome": "not_pending", "vendor_code": "20404"}},
		"too many attempts were made": {fail(twiliotest.Refusal(429, 60202)), check, 1,
			map[string]any{"outcome": "too_many_attempts", "vendor_code": "60202"}},

		"a scope that is not set up": {nil, append(send, "-scope", "pay"), 2, map[string]any{"outcome": "unsupported"}},
		"another length":             {nil, append(send, "-digits", "8"), 2, map[string]any{"outcome": "unsupported"}},
		"a length below zero":        {nil, append(send, "-digits", "-1"), 2, map[string]any{"outcome": "unsupported"}},
		"an unknown channel":         {nil, append(send, "-channel", "pigeon"), 2, map[string]any{"outcome": "unsupported"}},
		"no recipient at all":        {nil, []string{"send", "-to", "15005550006"}, 2, map[string]any{"outcome": "invalid_recipient"}},
		"a landline": {fail(twiliotest.Refusal(403, 60205)), send, 2,
			map[string]any{"outcome": "invalid_recipient", "vendor_code": "60205", "http_status": 403.0}},

		"blocked": {fail(twiliotest.Refusal(403, 60410)), send, 3,
			map[string]any{"outcome": "blocked", "vendor_code": "60410", "http_status": 403.0}},
		"unauthorized": {fail(twiliotest.Refusal(401, 20003)), send, 3,
			map[string]any{"outcome": "unauthorized", "vendor_code": "20003"}},
		"rejected": {fail(twiliotest.Refusal(400, 60217)), send, 3,
			map[string]any{"outcome": "rejected", "vendor_code": "60217"}},

		"throttled for an hour": {fail(twiliotest.Fault{Status: 429, Body: `{"code":20429}`, Header: map[string][]string{"Retry-After": {"3600"}}}), send, 4,
			map[string]any{"outcome": "rate_limited", "retry_after_seconds": 3600.0, "http_status": 429.0}},
		"sent too often": {fail(twiliotest.Refusal(429, 60203)), send, 4,
			map[string]any{"outcome": "too_many_sends", "retry_after_seconds": 600.0, "vendor_code": "60203"}},
		"nobody there": {func(s *twiliotest.Server) { s.Close() }, send, 4, map[string]any{"outcome": "unavailable"}},

		"the answer is lost": {fail(twiliotest.Fault{Break: twiliotest.Reset, Effect: true}), send, 5,
			map[string]any{"outcome": "outcome_unknown"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := twiliotest.NewServer(t, twiliotest.Options{NewCode: func(int) string { return "654321" }})
			if tc.before != nil {
				tc.before(srv)
			}
			env := map[string]string{"VERIFY_DSN": dsnOf(srv)}
			got := start(t, env, append(tc.args, "-json")...)
			assert.Equal(t, tc.status, got.status, got.err)
			object := got.object(t)
			for key, want := range tc.want {
				assert.Equal(t, want, object[key], key)
			}
			assert.True(t, strings.HasPrefix(got.err, "verify: twilio: "), got.err)
			assert.NotContains(t, got.out+got.err, to)
			assert.NotContains(t, got.out+got.err, twiliotest.AuthToken)
		})
	}
}

// Without it a send may take the 15 s of the vendor's client.
func TestTimeoutEndsASend(t *testing.T) {
	srv := twiliotest.NewServer(t)
	srv.Fail(twiliotest.Fault{Delay: time.Hour})
	began := time.Now()
	got := start(t, map[string]string{"VERIFY_DSN": dsnOf(srv)}, "send", "-to", to, "-timeout", "50ms")
	assert.Equal(t, 5, got.status)
	assert.Less(t, time.Since(began), 10*time.Second)
}

// Every outcome has a status, and none is taken for a yes.
func TestEveryOutcomeHasAStatus(t *testing.T) {
	assert.Len(t, statuses, 12)
	for outcome, status := range statuses {
		assert.Equal(t, outcome, verify.OutcomeOf(outcome), "one of ours")
		assert.NotZero(t, status, outcome)
	}
}

func TestMisuse(t *testing.T) {
	const dsn = "twilio://AC00000000000000000000000000000000:Zq9XkvJw@VA00000000000000000000000000000000"
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"no command":                 {nil, "usage: verify COMMAND"},
		"no DSN":                     {[]string{"send", "-to", to}, "give -dsn or -config, or set VERIFY_DSN"},
		"no recipient":               {[]string{"send", "-dsn", dsn}, "-to is missing"},
		"no code":                    {[]string{"check", "-dsn", dsn, "-to", to}, "-code is missing"},
		"no DSN to try":              {[]string{"try", "-to", to}, "give -dsn or -config, or set VERIFY_DSN"},
		"a bad DSN":                  {[]string{"send", "-dsn", dsn + "/Zq9XkvJw", "-to", to}, "vendors: character 88: "},
		"an unknown flag":            {[]string{"send", "-" + dsn, "-to", to}, "a flag is unknown"},
		"a flag of another":          {[]string{"check", "-dsn", dsn, "-to", to, "-code", "1234", "-channel", "sms"}, "a flag is unknown"},
		"digits in words":            {[]string{"send", "-dsn", dsn, "-to", to, "-digits", "Zq9XkvJw"}, "its value cannot be read"},
		"no value":                   {[]string{"send", "-dsn"}, "lacks its value"},
		"a word too many":            {[]string{"send", "-to", to, dsn}, "a word stands where a flag should"},
		"no time":                    {[]string{"send", "-dsn", dsn, "-to", to, "-timeout", "0s"}, "-timeout must be above zero"},
		"an emulator we do not have": {[]string{"emulate", "-addr", "127.0.0.1:0", dsn}, "no emulator has this name; there are: " + strings.Join(emulatedSchemes(), ", ")},
		"an address that is none":    {[]string{"emulate", "-addr", dsn}, "-addr must be host:port"},
		"two configurations":         {[]string{"send", "-dsn", dsn, "-config", "/Zq9XkvJw", "-to", to}, "give either -dsn or -config"},
		"a file that is not there":   {[]string{"send", "-config", "/Zq9XkvJw", "-to", to}, "the file of -config cannot be read"},
		"a demo we do not have":      {[]string{"demo", "-vendor", dsn}, "no emulator has this name"},
	} {
		t.Run(name, func(t *testing.T) {
			got := start(t, nil, tc.args...)
			assert.Equal(t, 2, got.status)
			assert.Empty(t, got.out)
			assert.Contains(t, got.err, tc.want)
			assert.Contains(t, got.err, "usage: verify")
			assert.NotContains(t, got.err, "Zq9XkvJw")
		})
	}
}

// Thirty lines of help would hide the one that says what is wrong.
func TestAnUnknownCommandIsOneLine(t *testing.T) {
	for _, args := range [][]string{{"Zq9XkvJw"}, {"help", "Zq9XkvJw"}} {
		assert.Equal(t, result{2, "", "verify: there is no such command: verify help lists them\n"}, start(t, nil, args...))
	}
}

// What help prints works as it is, with verify emulate beside it.
func TestHelpHasAReadyDSN(t *testing.T) {
	got := start(t, nil, "-h")
	assert.Contains(t, got.out, "\n  "+ready()+"\n")
	assert.Regexp(t, `^twilio://AC\w+:\w+@VA\w+\?base_url=http://127\.0\.0\.1:40\d\d$`, ready())

	addr := room(t)
	r := emulating(t, "-addr", addr)
	_, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	first, err := strconv.Atoi(port)
	require.NoError(t, err)
	head, last, found := strings.Cut(ready(), "http://127.0.0.1:")
	require.True(t, found)
	n, err := strconv.Atoi(last)
	require.NoError(t, err)
	assert.Equal(t, r.dsn(t, "twilio"), fmt.Sprint(head, "http://127.0.0.1:", first+n-4010))
}

// Many vendors answer 200 to a wrong code: that says nothing to a person.
func TestAWrongCodeIsToldWithoutAStatusOfHTTP(t *testing.T) {
	srv := twiliotest.NewServer(t)
	require.Equal(t, 0, start(t, nil, "send", "-dsn", dsnOf(srv), "-to", to).status)
	got := start(t, nil, "check", "-dsn", dsnOf(srv), "-to", to, "-code", spoil(srv.Code(to, "")))
	assert.Equal(t, result{1, "", "verify: twilio: check: mismatch\n"}, got)
	srv.Fail(twiliotest.Refusal(403, 60410))
	got = start(t, nil, "send", "-dsn", dsnOf(srv), "-to", to)
	assert.Contains(t, got.err, "(HTTP 403, 60410)", "of a fault it may help")
}

func TestCheckHasATimeout(t *testing.T) {
	srv := twiliotest.NewServer(t)
	got := start(t, nil, "check", "-dsn", dsnOf(srv), "-to", to, "-code", "123456", "-timeout", "1ns")
	assert.Equal(t, 4, got.status)
	assert.Contains(t, got.err, "the caller's deadline has passed")
	assert.Zero(t, srv.Requests())
}

func TestConfigFileInsteadOfALine(t *testing.T) {
	srv := twiliotest.NewServer(t)
	c, err := vendors.ParseDSN(dsnOf(srv))
	require.NoError(t, err)
	asJSON, err := json.Marshal(c)
	require.NoError(t, err)
	asYAML, err := yaml.Marshal(c)
	require.NoError(t, err)
	for name, text := range map[string][]byte{"JSON": asJSON, "YAML": asYAML} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "config")
			require.NoError(t, os.WriteFile(file, text, 0o600))
			got := start(t, map[string]string{"VERIFY_DSN": "twilio://elsewhere"}, "doctor", "-config", file)
			assert.Equal(t, 0, got.status, got.err)
			assert.Contains(t, got.out, "settings: ok: the file says all that is needed\ntwilio: ok: ")
		})
	}
	for name, text := range map[string]string{
		"a slip of the key":   "vendor: twilio\nsetings: {auth_token: Zq9XkvJw}\n",
		"not YAML":            "{Zq9XkvJw",
		"another document":    "- Zq9XkvJw\n",
		"nothing in it":       "",
		"a wrong setting":     "vendor: twilio\nsettings: {tokn: Zq9XkvJw}\n",
		"a vendor that is no": "vendor: Zq9XkvJw\n",
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "config")
			require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
			got := start(t, nil, "doctor", "-config", file)
			assert.Equal(t, 2, got.status)
			if name == "a slip of the key" {
				assert.Contains(t, got.err, "the file of -config must be JSON or YAML")
			}
			assert.NotContains(t, got.out+got.err, "Zq9XkvJw")
		})
	}
}

func TestMisuseInJSON(t *testing.T) {
	got := start(t, nil, "send", "-json", "-dsn", "nobody://a", "-to", to)
	assert.Equal(t, 2, got.status)
	o := got.object(t)
	assert.Equal(t, "unsupported", o["outcome"])
	assert.Contains(t, o["detail"], "vendors: character 1: ")
	assert.Contains(t, got.err, "vendors: character 1: ")
}

func TestHelpIsNoError(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		want []string
	}{
		"of all":         {[]string{"help"}, []string{"verify send", "verify check", "verify try", "verify emulate", "verify demo", "VERIFY_DSN", "Exit status"}},
		"by a flag":      {[]string{"-h"}, []string{"Exit status"}},
		"of one":         {[]string{"help", "send"}, []string{"usage: verify send -dsn DSN", "-locale language", "(default 15s)"}},
		"of one, a flag": {[]string{"check", "-h"}, []string{"usage: verify check -dsn DSN", "-code code"}},
		"of the version": {[]string{"version"}, []string{"verify ", "go1."}},
	} {
		t.Run(name, func(t *testing.T) {
			got := start(t, nil, tc.args...)
			assert.Equal(t, 0, got.status)
			assert.Empty(t, got.err)
			for _, want := range tc.want {
				assert.Contains(t, got.out, want)
			}
		})
	}
}

// The synopsis of a command names exactly the flags it takes.
func TestSynopsisNamesTheFlags(t *testing.T) {
	for _, c := range commands() {
		var named []string
		for word := range strings.FieldsSeq(c.synopsis) {
			if name, ok := strings.CutPrefix(strings.Trim(word, "[]"), "-"); ok && name != "VENDOR" && !slices.Contains(named, name) {
				named = append(named, name)
			}
		}
		assert.ElementsMatch(t, taken[c.name], named, c.name)
	}
}

func TestReceiptIsToldInFull(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	assert.Equal(t,
		"sent by x over app, 7 digits, works until 2026-01-02T03:04:05Z, can be sent again from 2026-01-02T03:04:05Z, another copy may arrive as well, id 1",
		sentence(verify.Receipt{ID: "1", Vendor: "x", Channel: "app", Digits: 7, ExpiresAt: at, ResendAt: at, PossibleDuplicate: true}))
	assert.Equal(t, "sent by x over sms", sentence(verify.Receipt{Vendor: "x", Channel: "sms"}))
}
