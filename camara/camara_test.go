package camara_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/camara"
	"github.com/go2fa/verify/camara/camaratest"
	"github.com/go2fa/verify/driver"
	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/references"
)

const (
	phone  = "+15005550006"
	other  = "+15017122661"
	sealer = "0123456789abcdef0123456789abcdef"
)

func valid() camara.Config {
	return camara.Config{
		ClientID: camaratest.ClientID, ClientSecret: camaratest.ClientSecret,
		APIRoot: "api.operator.example/open-gateway", TokenURL: camaratest.TokenPath, CodeLength: 6,
	}
}

func over(t *testing.T, srv *camaratest.Server, change ...func(*camara.Config)) *camara.Client {
	cfg := valid()
	cfg.BaseURL = srv.URL
	for _, c := range change {
		c(&cfg)
	}
	client, err := camara.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	return client
}

func TestConfig(t *testing.T) {
	t.Parallel()
	key := camaratest.NewKey()
	for name, tc := range map[string]struct {
		change func(*camara.Config)
		want   string
	}{
		"all is well":               {func(*camara.Config) {}, ""},
		"a key":                     {func(c *camara.Config) { c.ClientSecret, c.PrivateKey, c.KeyID = "", key, "key-1" }, ""},
		"a whole TokenURL":          {func(c *camara.Config) { c.TokenURL = "https://auth.operator.example/token" }, ""},
		"no id":                     {func(c *camara.Config) { c.ClientID = "" }, "camara: ClientID is missing"},
		"no proof":                  {func(c *camara.Config) { c.ClientSecret = "" }, "camara: give either PrivateKey or ClientSecret"},
		"two proofs":                {func(c *camara.Config) { c.PrivateKey = key }, "camara: give either PrivateKey or ClientSecret"},
		"a key that is none":        {func(c *camara.Config) { c.ClientSecret, c.PrivateKey = "", []byte("secret") }, "camara: PrivateKey cannot be used"},
		"a port":                    {func(c *camara.Config) { c.APIRoot = "api.operator.example:8443/a/b/" }, ""},
		"no operator":               {func(c *camara.Config) { c.APIRoot = "" }, "camara: APIRoot must be"},
		"a whole URL":               {func(c *camara.Config) { c.APIRoot = "https://secret.example.com" }, "camara: APIRoot must be"},
		"a host with a user":        {func(c *camara.Config) { c.APIRoot = "secret@example.com" }, "camara: APIRoot must be"},
		"a root of dots":            {func(c *camara.Config) { c.APIRoot = "example.com/secret/.." }, "camara: the path of the base URL"},
		"no token endpoint":         {func(c *camara.Config) { c.TokenURL = "" }, "camara: TokenURL is missing"},
		"a token without TLS":       {func(c *camara.Config) { c.TokenURL = "http://secret.example.com" }, "camara: TokenURL"},
		"a base without TLS":        {func(c *camara.Config) { c.BaseURL = "http://secret.example.com" }, "camara: "},
		"a version with a slash":    {func(c *camara.Config) { c.Version = "secret/.." }, "camara: Version must be"},
		"digits of none":            {func(c *camara.Config) { c.CodeLength = 3 }, "camara: CodeLength must be 4 to 10"},
		"too many digits":           {func(c *camara.Config) { c.CodeLength = 11 }, "camara: CodeLength must be 4 to 10"},
		"an expiry of 11 minutes":   {func(c *camara.Config) { c.Expiry = 11 * time.Minute }, "camara: Expiry must be"},
		"an expiry of a second":     {func(c *camara.Config) { c.Expiry = time.Second }, "camara: Expiry must be"},
		"no label":                  {func(c *camara.Config) { c.Message = "secret" }, "camara: Message must be"},
		"the label of others":       {func(c *camara.Config) { c.Message = "{code} secret" }, "camara: Message must be"},
		"the label twice":           {func(c *camara.Config) { c.Message = "{{code}} {{code}}" }, "camara: Message must be"},
		"the label and another":     {func(c *camara.Config) { c.Message = "{{code}} {name}" }, "camara: Message must be"},
		"two lines":                 {func(c *camara.Config) { c.Message = "secret\n{{code}}" }, "camara: Message must be"},
		"160 characters":            {func(c *camara.Config) { c.Message = "{{code}}" + strings.Repeat("æ", 152) }, ""},
		"161 characters":            {func(c *camara.Config) { c.Message = "{{code}}" + strings.Repeat("æ", 153) }, "camara: Message must be"},
		"a message that is no text": {func(c *camara.Config) { c.Message = "{{code}}\xff" }, "camara: Message must be"},
		"a place without a key":     {func(c *camara.Config) { c.References = new(references.Memory) }, "camara: a place that is shared needs Keys"},
		"a short key":               {func(c *camara.Config) { c.Keys = [][]byte{[]byte("secret")} }, "camara: Keys must hold 32 bytes each"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := valid()
			tc.change(&cfg)
			_, err := camara.New(cfg)
			if tc.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tc.want)
			assert.NotContains(t, err.Error(), "secret")
		})
	}
}

// A number of another operator is served by the next one, and a code goes to who sent it.
func TestANumberOfAnotherOperatorIsServedByTheNext(t *testing.T) {
	t.Parallel()
	first := camaratest.NewServer(t, camaratest.Options{Refused: map[string]string{phone: "NOT_FOUND"}})
	second := camaratest.NewServer(t)
	one := over(t, first)
	_, err := one.Send(t.Context(), phone)
	var e *verify.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, verify.ErrInvalidRecipient, e.Outcome)
	assert.True(t, e.Elsewhere)
	require.ErrorIs(t, one.Check(t.Context(), phone, "123456"), verify.ErrNotPending)

	both, err := failover.New(failover.Config{Backends: []failover.Backend{{Name: "first", Verifier: one}, {Name: "second", Verifier: over(t, second)}}})
	require.NoError(t, err)
	for to, from := range map[string]*camaratest.Server{phone: second, other: first} {
		_, err := both.Send(t.Context(), to)
		require.NoError(t, err)
		require.NoError(t, both.Check(t.Context(), to, from.Code(to)))
	}
	assert.Equal(t, []int{1, 1}, []int{first.Effects(), second.Effects()})
}

func TestLettersAreComparedAsTyped(t *testing.T) {
	t.Parallel()
	srv := camaratest.NewServer(t, camaratest.Options{NewCode: func(int) string { return "AJY3" }})
	client := over(t, srv, func(c *camara.Config) { c.CodeLength = 0 })
	_, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	for code, want := range map[string]verify.Outcome{
		"ajy3": verify.ErrMismatch, "AJY": verify.ErrMismatch, "AJ-Y3": verify.ErrMismatch, "ÅJY3": verify.ErrMismatch, "AJY3AJY3AJY": verify.ErrMismatch,
	} {
		assert.Equal(t, want, verify.OutcomeOf(client.Check(t.Context(), phone, code)), code)
	}
	require.NoError(t, client.Check(t.Context(), phone, verify.CleanCode(" AJ-Y3 ")))
	fixed := over(t, srv)
	_, err = fixed.Send(t.Context(), phone)
	require.NoError(t, err)
	before := srv.Requests()
	require.ErrorIs(t, fixed.Check(t.Context(), phone, "AJY3"), verify.ErrMismatch)
	assert.Equal(t, before, srv.Requests(), "a code of another length is not shown to the operator")
}

// The used code is refused by the operator; ours is the promise that holds without it.
func TestACodeIsGoodOnceAcrossProcesses(t *testing.T) {
	t.Parallel()
	srv := camaratest.NewServer(t)
	shared := new(references.Memory)
	share := func(c *camara.Config) { c.References, c.Keys = shared, [][]byte{[]byte(sealer)} }
	one, two := over(t, srv, share), over(t, srv, share)
	_, err := one.Send(t.Context(), phone)
	require.NoError(t, err)
	code := srv.Code(phone)
	require.NoError(t, two.Check(t.Context(), phone, code))
	before := srv.Requests()
	require.ErrorIs(t, one.Check(t.Context(), phone, code), verify.ErrNotPending)
	assert.Equal(t, before, srv.Requests(), "it is not asked about again")
}

func TestASecondSendEndsTheFirstCode(t *testing.T) {
	t.Parallel()
	next := []string{"111111", "222222"}
	srv := camaratest.NewServer(t, camaratest.Options{NewCode: func(int) string {
		code := next[0]
		next = next[1:]
		return code
	}})
	client := over(t, srv)
	for range 2 {
		_, err := client.Send(t.Context(), phone)
		require.NoError(t, err)
	}
	require.ErrorIs(t, client.Check(t.Context(), phone, "111111"), verify.ErrMismatch)
	require.NoError(t, client.Check(t.Context(), phone, "222222"))
}

func TestALostAnswerIsOneMessage(t *testing.T) {
	t.Parallel()
	srv := camaratest.NewServer(t)
	srv.Fail(camaratest.Fault{On: "send", Break: camaratest.Close, Effect: true})
	_, err := over(t, srv).Send(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
	assert.Equal(t, 1, srv.Effects())
}

// Whatever stands in a page: only 204 to our own request is a yes. Fields of a body
// would be another API's.
func TestOnlyAnExplicitYesApproves(t *testing.T) {
	t.Parallel()
	srv := camaratest.NewServer(t)
	client := over(t, srv)
	for name, f := range map[string]camaratest.Fault{
		"200 without a body":         {Status: 200},
		"200 with a yes":             {Status: 200, Body: `{"status":"approved","valid":true}`},
		"202":                        {Status: 202, Body: `{}`},
		"206 with an error":          {Status: 206, Body: `{"status":400,"code":"ONE_TIME_PASSWORD_SMS.INVALID_OTP","message":"-"}`},
		"204 to another":             {Status: 204, Header: http.Header{"X-Correlator": {"verify-0"}}},
		"204 that repeats nothing":   {Status: 204, Header: http.Header{"X-Correlator": {""}}},
		"a redirect to a right code": {Status: 302, Header: http.Header{"Location": {srv.URL}}},
	} {
		_, err := client.Send(t.Context(), phone)
		require.NoError(t, err)
		f.On = "check"
		srv.Fail(f)
		assert.Equal(t, verify.ErrOutcomeUnknown, verify.OutcomeOf(client.Check(t.Context(), phone, "123456")), name)
	}
}

func TestSendNeedsAnID(t *testing.T) {
	t.Parallel()
	srv := camaratest.NewServer(t)
	client := over(t, srv)
	for name, body := range map[string]string{
		"none": `{}`, "empty": `{"authenticationId":""}`, "a number": `{"authenticationId":7}`, "null": `{"authenticationId":null}`, "a slash": `{"authenticationId":"a/b"}`,
		"37 characters": `{"authenticationId":"` + strings.Repeat("a", 37) + `"}`, "twice": `{"authenticationId":"a","authenticationId":"b"}`, "in a list": `[{"authenticationId":"a"}]`,
	} {
		srv.Fail(camaratest.Fault{On: "send", Status: 200, Body: body})
		_, err := client.Send(t.Context(), phone)
		assert.Equal(t, verify.ErrOutcomeUnknown, verify.OutcomeOf(err), name)
	}
}

func TestTheMessageIsOurs(t *testing.T) {
	t.Parallel()
	srv := camaratest.NewServer(t, camaratest.Options{NewCode: func(int) string { return "123456" }})
	client := over(t, srv, func(c *camara.Config) { c.Message = "{{code}} is your Acme code" })
	_, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	_, err = client.Send(t.Context(), phone, camara.WithMessage("{{code}} er din kode"))
	require.NoError(t, err)
	_, err = client.Send(t.Context(), phone, camara.WithMessage("secret {code}"))
	require.ErrorIs(t, err, verify.ErrUnsupported)
	_, err = client.Send(t.Context(), phone, camara.WithMessage("{{code}}"), camara.WithMessage("{{code}}!"))
	require.ErrorIs(t, err, verify.ErrUnsupported)
	messages := srv.Messages()
	require.Len(t, messages, 2)
	assert.Equal(t, []string{"123456 is your Acme code", "123456 er din kode"}, []string{messages[0].Text, messages[1].Text})
}

// What is put into a correlator comes from nobody's phone, and cannot be read back.
func TestACorrelatorTellsNothing(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	srv := camaratest.NewServer(t)
	client := over(t, srv, func(c *camara.Config) {
		c.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			if correlator := r.Header.Get("X-Correlator"); correlator != "" {
				assert.Regexp(t, `^verify-[0-9a-f-]{36}$`, correlator)
				assert.False(t, seen[correlator], "each request has its own")
				seen[correlator] = true
			}
			return http.DefaultTransport.RoundTrip(r)
		})}
	})
	for _, code := range []string{"111111", "222222"} {
		_, err := client.Send(t.Context(), phone)
		require.NoError(t, err)
		require.Error(t, client.Check(t.Context(), phone, code))
	}
	assert.Len(t, seen, 4)
	assert.Equal(t, 1, srv.Tokens(), "one token served all calls")
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestProbe(t *testing.T) {
	t.Parallel()
	srv := camaratest.NewServer(t)
	require.NoError(t, over(t, srv).Probe(t.Context()))
	require.ErrorIs(t, over(t, srv, func(c *camara.Config) { c.ClientSecret = "wrong" }).Probe(t.Context()), verify.ErrUnauthorized)
	require.ErrorIs(t, over(t, srv, func(c *camara.Config) { c.TokenScope = "openid" }).Probe(t.Context()), verify.ErrUnauthorized, "the purpose is missing")
	wrong := over(t, srv, func(c *camara.Config) { c.Version = "v9" })
	require.ErrorContains(t, wrong.Probe(t.Context()), "check APIRoot and Version")
	silent := camaratest.Refusal(400, "INVALID_ARGUMENT")
	silent.On, silent.Header = "check", http.Header{"X-Correlator": {""}}
	srv.Fail(silent)
	err := over(t, srv).Probe(t.Context())
	require.ErrorIs(t, err, verify.ErrRejected)
	require.ErrorContains(t, err, "no code would be approved")
	srv.Fail(camaratest.Fault{On: "check", Status: 204})
	require.ErrorIs(t, over(t, srv).Probe(t.Context()), verify.ErrOutcomeUnknown)
	assert.Zero(t, srv.Effects())
}

func TestWarmOpensAConnection(t *testing.T) {
	t.Parallel()
	client := over(t, camaratest.NewServer(t))
	require.NoError(t, client.Warm(t.Context()))
}

func TestCapabilities(t *testing.T) {
	t.Parallel()
	for length, want := range map[int][3]int{0: {0, 0, 0}, 6: {6, 6, 6}} {
		cfg := valid()
		cfg.CodeLength = length
		client, err := camara.New(cfg)
		require.NoError(t, err)
		c := client.Capabilities()
		assert.Equal(t, want, [3]int{c.MinDigits, c.MaxDigits, c.DefaultDigits})
		assert.Equal(t, []verify.Channel{verify.ChannelSMS}, c.Channels)
		assert.True(t, c.Letters)
		_, err = client.Send(t.Context(), phone, verify.WithScope("pay"))
		require.ErrorIs(t, err, verify.ErrUnsupported, "a code for one scope would be good for another")
	}
}

func TestNothingPrintsASecret(t *testing.T) {
	t.Parallel()
	cfg := valid()
	cfg.Keys = [][]byte{[]byte(sealer)}
	client, err := camara.New(cfg)
	require.NoError(t, err)
	for _, v := range []any{cfg, client, *client} {
		for _, format := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
			printed := fmt.Sprintf(format, v)
			assert.NotContains(t, printed, camaratest.ClientSecret)
			assert.NotContains(t, printed, sealer)
		}
	}
}

func TestZeroClient(t *testing.T) {
	t.Parallel()
	var c camara.Client
	require.NoError(t, c.Close())
	assert.ErrorIs(t, c.Probe(t.Context()), verify.ErrUnsupported, "nil would say that it works")
}

// The emulator takes what CAMARA's profile describes, and no more.
func TestAnAssertionMustBeOurs(t *testing.T) {
	t.Parallel()
	srv := camaratest.NewServer(t)
	private := camaratest.NewKey()
	srv.Trust(private)
	sign := func(key []byte, change func(map[string]any)) string {
		jwt, err := driver.NewRS256(key, "")
		require.NoError(t, err)
		claims := map[string]any{
			"iss": camaratest.ClientID, "sub": camaratest.ClientID, "aud": srv.URL + camaratest.TokenPath, "jti": driver.RandomID(),
			"iat": time.Now().Unix(), "exp": time.Now().Add(time.Minute).Unix(),
		}
		change(claims)
		signed, err := jwt.Sign(claims)
		require.NoError(t, err)
		return signed
	}
	set := func(key string, value any) string {
		return sign(private, func(claims map[string]any) { claims[key] = value })
	}
	once := set("jti", "once")
	for _, tc := range []struct {
		name, assertion string
		status          int
	}{
		{"all is well", once, http.StatusOK},
		{"used before", once, http.StatusUnauthorized},
		{"another key", sign(camaratest.NewKey(), func(map[string]any) {}), http.StatusUnauthorized},
		{"of another", set("iss", "other"), http.StatusUnauthorized},
		{"about another", set("sub", "other"), http.StatusUnauthorized},
		{"for another", set("aud", "https://elsewhere.example.com"), http.StatusUnauthorized},
		{"without an id", set("jti", ""), http.StatusUnauthorized},
		{"too old", set("exp", time.Now().Add(-time.Minute).Unix()), http.StatusUnauthorized},
		{"for too long", set("exp", time.Now().Add(6*time.Minute).Unix()), http.StatusUnauthorized},
		{"made long ago", set("iat", time.Now().Add(-5*time.Minute).Unix()), http.StatusUnauthorized},
		{"nothing", "", http.StatusUnauthorized},
	} {
		resp, err := http.PostForm(srv.URL+camaratest.TokenPath, url.Values{
			"grant_type": {"client_credentials"}, "scope": {"dpv:A one-time-password-sms:send-validate"},
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {tc.assertion},
		})
		require.NoError(t, err)
		assert.Equal(t, tc.status, resp.StatusCode, tc.name)
		require.NoError(t, resp.Body.Close())
	}
}
