package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/redisstore"
	"github.com/go2fa/verify/twilio/twiliotest"
	"github.com/go2fa/verify/vendors"
)

const within = "clock: ok: within 30 s of the vendor's\n"

// emulateForTest serves vendors for a test, all of them if none is named.
func emulateForTest(t *testing.T, vendors ...string) map[string]place {
	t.Helper()
	picked, err := pick(vendors, anywhere)
	require.NoError(t, err)
	s, err := startEmulation(picked, "", func(emulator.Message, string) {})
	require.NoError(t, err)
	t.Cleanup(s.close)
	places := map[string]place{}
	for _, p := range s.places {
		places[p.Vendor] = p
	}
	return places
}

// asksWithoutSending reports whether the vendor has a Probe.
func asksWithoutSending(t *testing.T, dsn string) bool {
	t.Helper()
	v, err := vendors.Open(dsn, append(foreign(), vendors.WithStore("redis", func(string) (otp.Store, error) { return new(otp.MemoryStore), nil }),
		vendors.WithReferences("redis", redisstore.OpenReferences))...)
	require.NoError(t, err)
	_, ok := verify.As[verify.Prober](v)
	return ok
}

func TestDoctorFindsNothingWrong(t *testing.T) {
	for vendor, p := range emulateForTest(t) {
		got := start(t, map[string]string{"VERIFY_DSN": p.DSN}, "doctor")
		assert.Equal(t, 0, got.status, got.out)
		assert.Empty(t, got.err)
		assert.Contains(t, got.out, "settings: ok: ")
		if !asksWithoutSending(t, p.DSN) {
			assert.Contains(t, got.out, vendor+": not checked: cannot be asked without sending: verify try sends\n")
			continue
		}
		assert.Contains(t, got.out, ": ok: nothing wrong was found, as far as it can be asked without sending\n")
		if vendor == "twilio-sms" {
			assert.Contains(t, got.out, "clock: not checked: no Date in the vendor's answer\n", "only the store is asked")
			continue
		}
		assert.Contains(t, got.out, within)
	}
}

func TestDoctorSaysWhatToMend(t *testing.T) {
	places := emulateForTest(t)
	twilio, gateway := places["twilio"].DSN, places["gatewayapi"].DSN
	down := twiliotest.NewServer(t)
	down.Close()
	nowhere, _, _ := strings.Cut(gateway, "&store=")
	for name, tc := range map[string]struct {
		dsn    string
		status int
		want   []string // the lines behind that of the settings
	}{
		"the code length": {twilio + "&digits=8", 3, []string{
			"twilio: rejected: the Service of the empty scope sends 6 digits, not 8: set its CodeLength to 6\n", within}},
		"more than one thing": {twilio + "&digits=8&psd2=true", 3, []string{
			"twilio: rejected: the Service of the empty scope sends 6 digits, not 8: set its CodeLength to 6\n",
			"twilio: rejected: the Service of the empty scope has no PSD2: have it switched on, or leave PSD2 out\n", within}},
		"a token": {strings.Replace(twilio, twiliotest.AuthToken, "placeholder", 1), 3, []string{
			"twilio: unauthorized: the credentials are wrong, or of another region (HTTP 401, 20003)\n", within}},
		"a vendor that is down": {dsnOf(down), 4, []string{
			"twilio: unavailable: no connection\n", "clock: not checked: no Date in the vendor's answer\n"}},
		"a store that is down": {nowhere + "&store=redis://127.0.0.1:1", 4, []string{
			"gatewayapi: unavailable: the store would not do: its error says why\n",
			"store: unavailable: the server cannot be reached, or hung up\n", within}},
		"a backend": {"failover(" + places["bandwidth"].DSN + " " + twilio + "&digits=8)", 3, []string{
			"failover: rejected: twilio: rejected: the Service of the empty scope sends 6 digits, not 8: set its CodeLength to 6\n", within}},
		"a guard's store": {"guard(" + twilio + ")?store=redis://127.0.0.1:1&guard_key=" + otpKey, 4, []string{
			"twilio: unavailable: the guard's store would not do: its error says why\n",
			"store: unavailable: the server cannot be reached, or hung up\n", within}},
		"a backend and a ledger": {"failover(" + strings.Replace(twilio, twiliotest.AuthToken, "placeholder", 1) + ")?ledger=redis://127.0.0.1:1&ledger_key=" + otpKey, 4, []string{
			"failover: unavailable: twilio: unauthorized: the credentials are wrong, or of another region (HTTP 401, 20003)\n",
			"failover: unavailable: ledger: unavailable: the ledger is not usable: its error says why\n",
			"store: unavailable: the server cannot be reached, or hung up\n", within}},
	} {
		t.Run(name, func(t *testing.T) {
			got := start(t, nil, "doctor", "-dsn", tc.dsn)
			assert.Equal(t, tc.status, got.status)
			assert.Equal(t, "settings: ok: the DSN says all that is needed\n"+strings.Join(tc.want, ""), got.out)
			assert.Empty(t, got.err)
		})
	}
}

func TestDoctorInJSON(t *testing.T) {
	p := emulateForTest(t, "twilio")["twilio"]
	got := start(t, nil, "doctor", "-json", "-dsn", p.DSN+"&digits=8")
	assert.Equal(t, 3, got.status)
	var found []finding
	for d := json.NewDecoder(strings.NewReader(got.out)); d.More(); {
		var f finding
		require.NoError(t, d.Decode(&f))
		found = append(found, f)
	}
	assert.Equal(t, []finding{
		{"settings", "ok", "the DSN says all that is needed"},
		{"twilio", "rejected", "the Service of the empty scope sends 6 digits, not 8: set its CodeLength to 6"},
		{"clock", "ok", "within 30 s of the vendor's"},
	}, found)
}

func TestDoctorSendsNothing(t *testing.T) {
	for _, e := range everyEmulator() {
		s, err := startEmulation([]service{{Vendor: e}}, "", func(m emulator.Message, _ string) { t.Error("sent by ", m.Vendor) })
		require.NoError(t, err)
		assert.Equal(t, 0, start(t, nil, "doctor", "-dsn", s.places[0].DSN).status)
		s.close()
	}
}

// A vendor that cannot be asked is not said to be well.
func TestDoctorThatCannotAskSaysSo(t *testing.T) {
	var out bytes.Buffer
	err := terminal{out: &out}.probe(context.Background(), &flags{}, door{})
	assert.NoError(t, err)
	assert.Contains(t, out.String(), ": not checked: cannot be asked without sending: verify try sends\n")
}

// An answering transport tells a time of its own.
type answering func() string

func (a answering) RoundTrip(*http.Request) (*http.Response, error) {
	if a() == "" {
		return nil, errors.New("nobody answers")
	}
	return &http.Response{Header: http.Header{"Date": {a()}}}, nil
}

func TestClock(t *testing.T) {
	ahead := func(d time.Duration) func() string {
		return func() string { return time.Now().Add(-d).UTC().Format(http.TimeFormat) }
	}
	for name, tc := range map[string]struct {
		dates []func() string // of each answer
		want  string
		off   bool
	}{
		"right":                {[]func() string{ahead(0)}, within, false},
		"a little off":         {[]func() string{ahead(25 * time.Second), ahead(-25 * time.Second)}, within, false},
		"an hour ahead":        {[]func() string{ahead(time.Hour)}, "clock: rejected: this machine is 1h0m", true},
		"an hour behind":       {[]func() string{ahead(-time.Hour)}, "behind the vendor: set its clock\n", true},
		"ahead of":             {[]func() string{ahead(time.Hour)}, "ahead of the vendor: set its clock\n", true},
		"the worst is told":    {[]func() string{ahead(0), ahead(time.Hour), ahead(0)}, "this machine is 1h0m", true},
		"nobody told the time": {[]func() string{func() string { return "" }}, "clock: not checked: no Date in the vendor's answer\n", false},
		"no time to read":      {[]func() string{func() string { return "noon" }}, "clock: not checked: no Date in the vendor's answer\n", false},
		"nobody asked":         {nil, "clock: not checked: no Date in the vendor's answer\n", false},
	} {
		t.Run(name, func(t *testing.T) {
			w := &watch{}
			for _, date := range tc.dates {
				w.next = answering(date)
				_, _ = w.RoundTrip(&http.Request{})
			}
			var out bytes.Buffer
			err := terminal{out: &out}.time(&flags{}, w)
			assert.Contains(t, out.String(), tc.want)
			assert.Equal(t, tc.off, err != nil)
			assert.Equal(t, map[bool]int{true: 3}[tc.off], terminal{out: &out, err: &out}.report(&flags{}, err))
		})
	}
}

// A clock that is off is told by the status too, unless something worse is.
func TestClockThatIsOffFails(t *testing.T) {
	srv := twiliotest.NewServer(t)
	srv.Fail(twiliotest.Fault{Status: 200, Header: http.Header{"Date": {"Mon, 02 Jan 2006 15:04:05 GMT"}},
		Body: `{"sid":"` + twiliotest.ServiceSID + `","code_length":6}`})
	got := start(t, nil, "doctor", "-dsn", dsnOf(srv))
	assert.Equal(t, 3, got.status)
	assert.Contains(t, got.out, "twilio: ok: ")
	assert.Regexp(t, `(?m)^clock: rejected: this machine is [0-9]+h[0-9]+m[0-9]+s ahead of the vendor: set its clock$`, got.out)
}

func TestDirectoryOfAuthysUsers(t *testing.T) {
	p := emulateForTest(t, "authy")["authy"]
	require.Equal(t, map[string]string{demoRecipient: "1000"}, p.Directory)
	file := t.TempDir() + "/directory.json"
	known, err := json.Marshal(p.Directory)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, known, 0o600))
	env := map[string]string{"VERIFY_DSN": p.DSNUsers}

	assert.Equal(t, 0, start(t, env, "doctor", "-directory", file).status)
	got := start(t, env, "send", "-to", demoRecipient, "-directory", file)
	require.Equal(t, 0, got.status, got.err)
	assert.Contains(t, got.out, "sent by authy over sms, 7 digits")
	got = start(t, env, "check", "-to", demoRecipient, "-code", "0000000", "-directory", file)
	assert.Equal(t, 1, got.status, got.err)
	assert.Contains(t, got.err, "mismatch")

	got = start(t, env, "send", "-to", "+15017122661", "-directory", file)
	assert.Equal(t, 2, got.status)
	assert.Contains(t, got.err, "nobody is registered with this phone")
	got = start(t, env, "send", "-to", demoRecipient)
	assert.Equal(t, 2, got.status)
	assert.Contains(t, got.err, "authy: users need -directory\n")
}

func TestDirectoryThatCannotBeUsed(t *testing.T) {
	dsn := "authy://Zq9XkvJw@users"
	for content, want := range map[string]string{
		"":                         "cannot be read",
		"[]":                       "must be JSON",
		`{"+15005550006": 1}`:      "must be JSON",
		`{"Zq9XkvJw": "1"}`:        "is not a phone number in E.164 form",
		`{"+15005550006":"1000"}x`: "must be JSON",
	} {
		file := t.TempDir() + "/Zq9XkvJw.json"
		if content != "" {
			require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		}
		got := start(t, nil, "send", "-dsn", dsn, "-to", to, "-directory", file)
		assert.Equal(t, 2, got.status)
		assert.Contains(t, got.err, want)
		assert.NotContains(t, got.err, "Zq9XkvJw")
	}
	ctx := context.Background()
	assert.ErrorIs(t, directory{}.SetAuthyID(ctx, to, "1"), errReadOnly)
	assert.ErrorIs(t, directory{}.DeleteAuthyID(ctx, to), errReadOnly)
}

// The program knows Redis and mail, and says what is wrong with their lines.
func TestOpenKnowsRedisAndMail(t *testing.T) {
	const engine = "&code_key=" + otpKey + "&store="
	twilio := "twilio://AC00000000000000000000000000000000:t@VA00000000000000000000000000000000"
	for name, tc := range map[string]struct{ dsn, want string }{
		"redis":              {"gatewayapi://T@eu?sender=Acme" + engine + "redis://h", ""},
		"rediss":             {"gatewayapi://T@eu?sender=Acme" + engine + "rediss://h", ""},
		"Sentinels":          {"gatewayapi://T@eu?sender=Acme" + engine + "redis+sentinel://h,i/mymaster/0", ""},
		"a cluster":          {"gatewayapi://T@eu?sender=Acme" + engine + "valkeys+cluster://h,i", ""},
		"a list of servers":  {"gatewayapi://T@eu?sender=Acme" + engine + "redis://h,i", "a list of hosts must say what it is"},
		"a socket":           {"gatewayapi://T@eu?sender=Acme" + engine + "unix:///run/redis", ""},
		"another store":      {"gatewayapi://T@eu?sender=Acme" + engine + "memcached://h", "store must be memory, or a URL whose scheme is of Redis or Valkey: redis, rediss, redis+sentinel, redis+cluster, unix"},
		"no host":            {"gatewayapi://T@eu?sender=Acme" + engine + "redis://Zq9XkvJw@", "store could not be opened: check its URL: redisstore: open: the URL must read redis://"},
		"a ledger":           {"failover(" + twilio + ")?ledger=redis://h&ledger_key=" + otpKey, ""},
		"another ledger":     {"failover(" + twilio + ")?ledger=memcached://h&ledger_key=" + otpKey, "ledger must be memory, or a URL whose scheme is of Redis or Valkey: redis, rediss, redis+sentinel, redis+cluster, unix"},
		"a ledger of no URL": {"failover(" + twilio + ")?ledger=redis://Zq9XkvJw@&ledger_key=" + otpKey, "ledger could not be opened: check its URL: redisstore: open: the URL must read redis://"},
		"mail":               {"smtp://u:p@mail.example.com%3A587?from=a@example.com" + engine + "memory", ""},
		"mail from nobody":   {"smtp://u:p@mail.example.com" + "?" + engine[1:] + "memory", "smtp: from is missing"},
		"mail by mistake":    {"smtp://u:p@mail.example.com?colour=Zq9XkvJw" + engine + "memory", "smtp has no such key, but host, port, security"},
		"AWS":                {"aws-sns://eu-central-1?sender_id=Acme" + engine + "memory", ""},
		"AWS from nowhere":   {"aws-sns://Zq9XkvJw@eu-central-1?sender_id=Acme" + engine + "memory", "give both of access_key_id and secret_access_key"},
		"another vendor":     {"nobody://a", "smtp://, failover(...)"},
	} {
		t.Run(name, func(t *testing.T) {
			v, err := (&flags{dsn: tc.dsn}).open()
			if tc.want == "" {
				require.NoError(t, err)
				shut(v)
				return
			}
			assert.ErrorContains(t, err, tc.want)
			assert.NotContains(t, err.Error(), "Zq9XkvJw")
		})
	}
}
