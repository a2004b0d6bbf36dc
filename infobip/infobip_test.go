package infobip_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/infobip"
	"github.com/go2fa/verify/infobip/infobiptest"
	"github.com/go2fa/verify/references"
)

const (
	phone  = "+15005550006"
	sealer = "0123456789abcdef0123456789abcdef"
)

func valid() infobip.Config {
	return infobip.Config{APIKey: infobiptest.APIKey, Application: infobip.Application{
		ID: infobiptest.ApplicationID, SMSTemplate: infobiptest.SMSTemplate, VoiceTemplate: infobiptest.VoiceTemplate, CodeLength: 6,
	}}
}

func over(t *testing.T, srv *infobiptest.Server, change ...func(*infobip.Config)) *infobip.Client {
	cfg := valid()
	cfg.BaseURL = srv.URL
	for _, c := range change {
		c(&cfg)
	}
	client, err := infobip.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	return client
}

func TestConfig(t *testing.T) {
	t.Parallel()
	other := infobip.Application{ID: "2", SMSTemplate: "3", VoiceTemplate: "4"}
	scope := func(name string, a infobip.Application) func(*infobip.Config) {
		return func(c *infobip.Config) { c.Scopes = map[string]infobip.Application{name: a} }
	}
	for name, tc := range map[string]struct {
		change func(*infobip.Config)
		want   string
	}{
		"all is well":                  {scope("pay", other), ""},
		"no key":                       {func(c *infobip.Config) { c.APIKey = "" }, "infobip: APIKey is missing"},
		"no application":               {func(c *infobip.Config) { c.Application.ID = "" }, "infobip: Application.ID must be"},
		"an application with a slash":  {func(c *infobip.Config) { c.Application.ID = "secret/.." }, "infobip: Application.ID must be"},
		"no template":                  {func(c *infobip.Config) { c.Application.SMSTemplate, c.Application.VoiceTemplate = "", "" }, "Application.SMSTemplate or VoiceTemplate is missing"},
		"a template with a slash":      {func(c *infobip.Config) { c.Application.VoiceTemplate = "secret/" }, "infobip: Application.VoiceTemplate must be"},
		"digits of none":               {func(c *infobip.Config) { c.Application.CodeLength = 3 }, "infobip: Application.CodeLength must be 4 to 10"},
		"a scope that is none":         {scope("a b", other), "infobip: a name in Scopes"},
		"two scopes, one application":  {scope("pay", valid().Application), "two scopes share one application"},
		"a scope without calls":        {scope("pay", infobip.Application{ID: "2", SMSTemplate: "3"}), "must be for the channels of the empty scope"},
		"an expiry of 11 minutes":      {func(c *infobip.Config) { c.Expiry = 11 * time.Minute }, "infobip: Expiry must be"},
		"a place without a key":        {func(c *infobip.Config) { c.References = new(references.Memory) }, "infobip: a place that is shared needs Keys"},
		"a short key":                  {func(c *infobip.Config) { c.Keys = [][]byte{[]byte("secret")} }, "infobip: Keys must hold 32 bytes each"},
		"a place with a key":           {func(c *infobip.Config) { c.References, c.Keys = new(references.Memory), [][]byte{[]byte(sealer)} }, ""},
		"a base without TLS":           {func(c *infobip.Config) { c.BaseURL = "http://secret.example.com" }, "infobip: the base URL must be"},
		"an application of two scopes": {scope("", other), "infobip: a name in Scopes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := valid()
			tc.change(&cfg)
			_, err := infobip.New(cfg)
			if tc.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tc.want)
			assert.NotContains(t, err.Error(), "secret")
			assert.NotContains(t, fmt.Sprintf("%+v", cfg), infobiptest.APIKey)
		})
	}
}

// Infobip says yes as often as it is asked, in all processes; one person is let in,
// also while the keys of the ids are changed.
func TestACodeIsGoodOnceAcrossProcesses(t *testing.T) {
	t.Parallel()
	old, newer := []byte(sealer), []byte("fedcba9876543210fedcba9876543210")
	for name, tc := range map[string]struct{ sends, checks [][]byte }{
		"of one key":                 {[][]byte{old}, [][]byte{old}},
		"the second has a newer key": {[][]byte{old}, [][]byte{newer, old}},
		"the first has a newer key":  {[][]byte{newer, old}, [][]byte{old, newer}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := infobiptest.NewServer(t, infobiptest.Options{Multiple: true})
			shared := new(references.Memory)
			one := over(t, srv, func(c *infobip.Config) { c.References, c.Keys = shared, tc.sends })
			other := over(t, srv, func(c *infobip.Config) { c.References, c.Keys = shared, tc.checks })
			_, err := one.Send(t.Context(), phone)
			require.NoError(t, err)
			code := srv.Code(phone, "")
			require.NoError(t, other.Check(t.Context(), phone, code))
			require.ErrorIs(t, one.Check(t.Context(), phone, code), verify.ErrNotPending)
			require.ErrorIs(t, other.Check(t.Context(), phone, code), verify.ErrNotPending)
			require.NotEmpty(t, srv.Code(phone, ""), "the vendor would accept it")
		})
	}
}

// The code before works on at the vendor, and is not asked about.
func TestASecondSendEndsTheFirstCode(t *testing.T) {
	t.Parallel()
	srv := infobiptest.NewServer(t)
	client := over(t, srv)
	_, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	first := srv.Code(phone, "")
	_, err = client.Send(t.Context(), phone)
	require.NoError(t, err)
	if first != srv.Code(phone, "") {
		require.ErrorIs(t, client.Check(t.Context(), phone, first), verify.ErrMismatch)
	}
	require.NoError(t, client.Check(t.Context(), phone, srv.Code(phone, "")))
}

func TestProbeTellsWhatIsLax(t *testing.T) {
	t.Parallel()
	require.NoError(t, over(t, infobiptest.NewServer(t)).Probe(t.Context()))
	lax := over(t, infobiptest.NewServer(t, infobiptest.Options{Multiple: true, TimeToLive: 15 * time.Minute}))
	err := lax.Probe(t.Context())
	require.ErrorContains(t, err, "set its pinTimeToLive to 10m")
	require.ErrorContains(t, err, "set its allowMultiplePinVerifications to false")
	gone := over(t, infobiptest.NewServer(t), func(c *infobip.Config) { c.Application.ID = "2" })
	require.ErrorContains(t, gone.Probe(t.Context()), "was not found: check its ID")
	stranger := over(t, infobiptest.NewServer(t), func(c *infobip.Config) { c.APIKey = "wrong" })
	require.ErrorIs(t, stranger.Probe(t.Context()), verify.ErrUnauthorized)
}

func TestOnlyAnExplicitYesApproves(t *testing.T) {
	t.Parallel()
	srv := infobiptest.NewServer(t)
	client := over(t, srv)
	const yes = `"msisdn":"15005550006","verified":true,"attemptsRemaining":9`
	for name, tc := range map[string]struct {
		body string // ID is the pinId that the send was answered with
		want verify.Outcome
	}{
		"verified":                  {`{"pinId":"ID",` + yes + `}`, ""},
		"without attempts":          {`{"pinId":"ID","msisdn":"15005550006","verified":true}`, ""},
		"with an empty pinError":    {`{"pinId":"ID",` + yes + `,"pinError":""}`, ""},
		"with a plus":               {`{"pinId":"ID","msisdn":"+15005550006","verified":true}`, ""},
		"a yes with an error":       {`{"pinId":"ID",` + yes + `,"pinError":"WRONG_PIN"}`, verify.ErrOutcomeUnknown},
		"a yes with a word of none": {`{"pinId":"ID",` + yes + `,"pinError":"NO_ERROR"}`, verify.ErrOutcomeUnknown},
		"a word":                    {`{"pinId":"ID","msisdn":"15005550006","verified":"true"}`, verify.ErrOutcomeUnknown},
		"a number":                  {`{"pinId":"ID","msisdn":"15005550006","verified":1}`, verify.ErrOutcomeUnknown},
		"null":                      {`{"pinId":"ID","msisdn":"15005550006","verified":null}`, verify.ErrOutcomeUnknown},
		"left out":                  {`{"pinId":"ID","msisdn":"15005550006"}`, verify.ErrOutcomeUnknown},
		"in capitals":               {`{"pinId":"ID","msisdn":"15005550006","Verified":true}`, verify.ErrOutcomeUnknown},
		"twice, the last a yes":     {`{"pinId":"ID","verified":false,` + yes + `}`, verify.ErrOutcomeUnknown},
		"nobody's":                  {`{"pinId":"ID","verified":true}`, verify.ErrOutcomeUnknown},
		"an empty number's":         {`{"pinId":"ID","msisdn":"","verified":true}`, verify.ErrOutcomeUnknown},
		"somebody else's":           {`{"pinId":"ID","msisdn":"15017122661","verified":true}`, verify.ErrOutcomeUnknown},
		"somebody else's no":        {`{"pinId":"ID","msisdn":"15017122661","verified":false,"pinError":"WRONG_PIN"}`, verify.ErrOutcomeUnknown},
		"of no code":                {`{` + yes + `}`, verify.ErrOutcomeUnknown},
		"of an empty code":          {`{"pinId":"",` + yes + `}`, verify.ErrOutcomeUnknown},
		"of another code":           {`{"pinId":"ID0",` + yes + `}`, verify.ErrOutcomeUnknown},
		"in a list":                 {`[{"pinId":"ID",` + yes + `}]`, verify.ErrOutcomeUnknown},
		"an error of the API":       {`{"requestError":{"serviceException":{"messageId":"NOT_FOUND","text":"-"}}}`, verify.ErrOutcomeUnknown},
		"a no without a reason":     {`{"pinId":"ID","msisdn":"15005550006","verified":false}`, verify.ErrOutcomeUnknown},
		"nothing":                   {` `, verify.ErrOutcomeUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			receipt, err := client.Send(t.Context(), phone)
			require.NoError(t, err)
			srv.Fail(infobiptest.Fault{On: "check", Status: 200, Body: strings.ReplaceAll(tc.body, "ID\"", receipt.ID+"\"")})
			err = client.Check(t.Context(), phone, "123456")
			assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
		})
	}
}

func TestSendTrustsOnlyAMessageThatWasSent(t *testing.T) {
	t.Parallel()
	srv := infobiptest.NewServer(t)
	client := over(t, srv)
	for name, body := range map[string]string{
		"no pinId":               `{"to":"15005550006","smsStatus":"MESSAGE_SENT"}`,
		"an empty pinId":         `{"pinId":"","to":"15005550006","smsStatus":"MESSAGE_SENT"}`,
		"a pinId with a slash":   `{"pinId":"a/b","to":"15005550006","smsStatus":"MESSAGE_SENT"}`,
		"no number":              `{"pinId":"a","smsStatus":"MESSAGE_SENT"}`,
		"another number":         `{"pinId":"a","to":"15017122661","smsStatus":"MESSAGE_SENT"}`,
		"no status":              `{"pinId":"a","to":"15005550006"}`,
		"the status of a call":   `{"pinId":"a","to":"15005550006","callStatus":"PENDING_ACCEPTED"}`,
		"a status of none":       `{"pinId":"a","to":"15005550006","smsStatus":"MESSAGE_MAYBE"}`,
		"not sent, by another's": `{"pinId":"a","to":"15017122661","smsStatus":"MESSAGE_NOT_SENT"}`,
	} {
		srv.Fail(infobiptest.Fault{On: "send", Status: 200, Body: body})
		_, err := client.Send(t.Context(), phone)
		assert.Equal(t, verify.ErrOutcomeUnknown, verify.OutcomeOf(err), name)
	}
}

func TestProbeReadsNoOtherApplication(t *testing.T) {
	t.Parallel()
	srv := infobiptest.NewServer(t)
	client := over(t, srv)
	const strict = `"configuration":{"pinTimeToLive":"10m","allowMultiplePinVerifications":false}`
	for name, tc := range map[string]struct {
		body string
		want verify.Outcome
		says string
	}{
		"all is well":          {`{"applicationId":"1234567",` + strict + `}`, "", ""},
		"another application":  {`{"applicationId":"2",` + strict + `}`, verify.ErrOutcomeUnknown, "another application"},
		"switched off":         {`{"applicationId":"1234567","enabled":false,` + strict + `}`, verify.ErrRejected, "is not enabled"},
		"a life of no unit":    {`{"applicationId":"1234567","configuration":{"pinTimeToLive":"10"}}`, verify.ErrOutcomeUnknown, "pinTimeToLive cannot be read"},
		"settings of a list":   {`{"applicationId":"1234567","configuration":[]}`, verify.ErrOutcomeUnknown, ""},
		"no settings are told": {`{"applicationId":"1234567"}`, verify.ErrRejected, "set its pinTimeToLive to 10m"},
		"a page":               {`<html>`, verify.ErrOutcomeUnknown, ""},
	} {
		srv.Fail(infobiptest.Fault{On: "application", Status: 200, Body: tc.body})
		err := client.Probe(t.Context())
		assert.Equal(t, tc.want, verify.OutcomeOf(err), "%s: %v", name, err)
		if tc.want != "" {
			require.ErrorContains(t, err, tc.says, name)
		}
	}
}

func TestCapabilitiesAreThoseOfAllApplications(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		first, second      int
		least, most, usual int
	}{
		"of one length":         {6, 6, 6, 6, 6},
		"of two lengths":        {6, 8, 6, 8, 0},
		"one of unknown length": {6, 0, 0, 0, 0},
		"the first unknown":     {0, 6, 0, 0, 0},
	} {
		cfg := valid()
		cfg.Application.CodeLength = tc.first
		cfg.Scopes = map[string]infobip.Application{"pay": {ID: "2", SMSTemplate: "3", VoiceTemplate: "4", CodeLength: tc.second}}
		client, err := infobip.New(cfg)
		require.NoError(t, err, name)
		c := client.Capabilities()
		assert.Equal(t, [3]int{tc.least, tc.most, tc.usual}, [3]int{c.MinDigits, c.MaxDigits, c.DefaultDigits}, name)
		assert.Equal(t, []string{"pay"}, c.Scopes, name)
		assert.Equal(t, []verify.Channel{verify.ChannelSMS, verify.ChannelVoice}, c.Channels, name)
	}
}

func TestNothingPrintsTheKey(t *testing.T) {
	t.Parallel()
	cfg := valid()
	cfg.Keys = [][]byte{[]byte(sealer)}
	client, err := infobip.New(cfg)
	require.NoError(t, err)
	for _, v := range []any{cfg, client, *client} {
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
			printed := fmt.Sprintf(format, v)
			assert.NotContains(t, printed, infobiptest.APIKey)
			assert.NotContains(t, printed, sealer)
		}
	}
}

func TestZeroClient(t *testing.T) {
	t.Parallel()
	var c infobip.Client
	require.NoError(t, c.Close())
	assert.ErrorIs(t, c.Probe(t.Context()), verify.ErrUnsupported, "nil would say that it works")
}

// A scope of a Setup is an application with templates, whatever other vendors have
// under its name.
func TestScopesOfASetupCanBeOpened(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		settings map[string]string
		want     map[string]string
	}{
		"a name":        {map[string]string{"scope.pay": "2"}, map[string]string{"scope.pay": "2", "scope.pay.sms_template": "7654321", "scope.pay.voice_template": "7654322", "scope.pay.digits": "6"}},
		"its templates": {map[string]string{"scope.pay.id": "2", "scope.pay.sms_template": "3", "scope.pay.digits": "8"}, map[string]string{"scope.pay": "2", "scope.pay.sms_template": "3", "scope.pay.voice_template": "7654322", "scope.pay.digits": "8"}},
		"of others":     {map[string]string{"scope.pay": "2", "scope.pay.psd2": "true"}, map[string]string{"scope.pay": "2", "scope.pay.sms_template": "7654321", "scope.pay.voice_template": "7654322", "scope.pay.digits": "6"}},
	} {
		_, sample := infobiptest.Vendors()[0].New(emulator.Setup{Settings: tc.settings})
		got := map[string]string{}
		for key, value := range sample.Settings {
			if strings.HasPrefix(key, "scope.") {
				got[key] = value
			}
		}
		assert.Equal(t, tc.want, got, name)
	}
}
