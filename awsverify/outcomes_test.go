package awsverify_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/awsverify"
	"github.com/go2fa/verify/awsverify/awsverifytest"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/references"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A sends is one Send through one product.
type sends func(ctx context.Context, to string) error

// products are all, over one emulator.
func products(t *testing.T, srv *awsverifytest.Server, client *http.Client) map[string]sends {
	t.Helper()
	sms := smsConfig()
	sms.BaseURL, sms.HTTPClient, sms.VoiceFrom = srv.URL, client, other
	s, err := awsverify.NewSMS(sms)
	require.NoError(t, err)
	sns := snsConfig()
	sns.BaseURL, sns.HTTPClient = srv.URL, client
	n, err := awsverify.NewSNS(sns)
	require.NoError(t, err)
	notify := notifyConfig()
	notify.BaseURL, notify.HTTPClient = srv.URL, client
	v, err := awsverify.NewNotify(notify)
	require.NoError(t, err)
	deliver := func(m otp.Messenger, channel verify.Channel) sends {
		return func(ctx context.Context, to string) error {
			out := letter()
			out.To, out.Channel = to, channel
			_, err := m.Deliver(ctx, out)
			return err
		}
	}
	return map[string]sends{
		"SMS": deliver(s, verify.ChannelSMS), "voice": deliver(s, verify.ChannelVoice), "SNS": deliver(n, verify.ChannelSMS),
		"Notify": func(ctx context.Context, to string) error {
			_, err := v.Send(ctx, to)
			return err
		},
	}
}

// What an account may meet is told apart, as far as the product does.
func TestOutcomesAreToldApart(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		opts awsverifytest.Options
		want map[string]verify.Outcome // of a second message where there is a budget
	}{
		"a number that is verified": {
			awsverifytest.Options{Sandbox: true, Verified: []string{phone}},
			map[string]verify.Outcome{"SMS": "", "voice": "", "SNS": "", "Notify": ""},
		},
		"the sandbox": {
			awsverifytest.Options{Sandbox: true},
			map[string]verify.Outcome{"SMS": verify.ErrUnauthorized, "voice": verify.ErrUnauthorized, "SNS": verify.ErrInvalidRecipient, "Notify": verify.ErrRejected},
		},
		"an opt-out": {
			awsverifytest.Options{OptedOut: []string{phone}},
			map[string]verify.Outcome{"SMS": verify.ErrBlocked, "voice": verify.ErrBlocked, "SNS": "", "Notify": verify.ErrRejected},
		},
		"a country that is blocked": {
			awsverifytest.Options{Blocked: []string{"+1500"}},
			map[string]verify.Outcome{"SMS": verify.ErrBlocked, "voice": verify.ErrBlocked, "SNS": "", "Notify": verify.ErrRejected},
		},
		"a budget that is spent": {
			awsverifytest.Options{Budget: 1},
			map[string]verify.Outcome{"SMS": verify.ErrUnauthorized, "voice": verify.ErrUnauthorized, "SNS": "", "Notify": verify.ErrRejected},
		},
	} {
		for product, want := range tc.want {
			t.Run(name+", "+product, func(t *testing.T) {
				t.Parallel()
				srv := awsverifytest.NewServer(t, tc.opts)
				send := products(t, srv, nil)[product]
				if tc.opts.Budget > 0 {
					require.NoError(t, send(t.Context(), other))
				}
				before := srv.Effects()
				err := send(t.Context(), phone)
				if want == "" {
					require.NoError(t, err)
					return
				}
				e := outcome(t, err, want)
				assert.NotEmpty(t, e.Detail, "an operator must be able to act on it")
				assert.Equal(t, before, srv.Effects())
				assert.Equal(t, 1, e.Requests, "nothing is gained by asking again")
			})
		}
	}
}

// One Send is one request, whatever the transport: nobody repeats a request that AWS may
// have read.
func TestALostAnswerIsOneMessage(t *testing.T) {
	t.Parallel()
	for name, client := range map[string]func() *http.Client{
		"our own transport":      func() *http.Client { return nil },
		"net/http's":             func() *http.Client { return &http.Client{Transport: &http.Transport{}} },
		"an idle connection too": func() *http.Client { return nil },
	} {
		for product := range map[string]bool{"SMS": true, "voice": true, "SNS": true, "Notify": true} {
			t.Run(name+", "+product, func(t *testing.T) {
				t.Parallel()
				srv := awsverifytest.NewServer(t)
				send := products(t, srv, client())[product]
				if strings.HasPrefix(name, "an idle") {
					require.NoError(t, send(t.Context(), other))
				}
				before := srv.Effects()
				srv.Fail(awsverifytest.Fault{Break: awsverifytest.Close, Effect: true, Times: -1})
				e := outcome(t, send(t.Context(), phone), verify.ErrOutcomeUnknown)
				assert.Equal(t, 1, e.Requests)
				assert.Equal(t, before+1, srv.Effects())
			})
		}
	}
}

func TestUnsupportedMessages(t *testing.T) {
	t.Parallel()
	srv := awsverifytest.NewServer(t)
	cfg := smsConfig()
	cfg.BaseURL = srv.URL
	silent, err := awsverify.NewSMS(cfg)
	require.NoError(t, err)
	cfg.VoiceFrom = other
	speaks, err := awsverify.NewSMS(cfg)
	require.NoError(t, err)
	sns := snsConfig()
	sns.BaseURL = srv.URL
	n, err := awsverify.NewSNS(sns)
	require.NoError(t, err)
	for name, tc := range map[string]struct {
		messenger otp.Messenger
		change    func(*otp.Message)
		want      verify.Outcome
	}{
		"a call without a caller":    {silent, func(m *otp.Message) { m.Channel = verify.ChannelVoice }, verify.ErrUnsupported},
		"an e-mail":                  {silent, func(m *otp.Message) { m.Channel = verify.ChannelEmail }, verify.ErrUnsupported},
		"1601 characters":            {silent, func(m *otp.Message) { m.Text = strings.Repeat("é", 1601) }, verify.ErrUnsupported},
		"a speech":                   {speaks, func(m *otp.Message) { m.Channel, m.Text = verify.ChannelVoice, strings.Repeat("é", 3001) }, verify.ErrUnsupported},
		"no number":                  {silent, func(m *otp.Message) { m.To = "12" }, verify.ErrInvalidRecipient},
		"SNS, a call":                {n, func(m *otp.Message) { m.Channel = verify.ChannelVoice }, verify.ErrUnsupported},
		"SNS, 1601 characters":       {n, func(m *otp.Message) { m.Text = strings.Repeat("é", 1601) }, verify.ErrUnsupported},
		"SNS, no number":             {n, func(m *otp.Message) { m.To = "12" }, verify.ErrInvalidRecipient},
		"1600 characters":            {silent, func(m *otp.Message) { m.Text = strings.Repeat("é", 1600) }, ""},
		"a speech of 3000":           {speaks, func(m *otp.Message) { m.Channel, m.Text = verify.ChannelVoice, strings.Repeat("é", 3000) }, ""},
		"SNS, 1600 characters":       {n, func(m *otp.Message) { m.Text = strings.Repeat("é", 1600) }, ""},
		"SNS, all that forms escape": {n, func(m *otp.Message) { m.Text = "a+b &=%<>\"' é ✓\n" }, ""},
	} {
		m := letter()
		tc.change(&m)
		before := srv.Requests()
		_, err := tc.messenger.Deliver(t.Context(), m)
		assert.Equal(t, tc.want, verify.OutcomeOf(err), name)
		if tc.want != "" {
			assert.Equal(t, before, srv.Requests(), name)
		} else {
			assert.Equal(t, m.Text, srv.Messages()[len(srv.Messages())-1].Text, name)
		}
	}
}

func TestACallReadsTheCode(t *testing.T) {
	t.Parallel()
	srv := awsverifytest.NewServer(t)
	cfg := smsConfig()
	cfg.BaseURL, cfg.VoiceFrom, cfg.Voice = srv.URL, other, "AMY"
	c, err := awsverify.NewSMS(cfg)
	require.NoError(t, err)
	engine, err := otp.New(otp.Config{Messenger: c, Store: new(otp.MemoryStore), Keys: [][]byte{bytes.Repeat([]byte("k"), 32)}})
	require.NoError(t, err)
	receipt, err := engine.Send(t.Context(), phone, verify.WithChannel(verify.ChannelVoice), verify.WithDigits(8))
	require.NoError(t, err)
	sent := srv.Messages()[0]
	assert.Equal(t, []string{"voice", receipt.ID}, []string{sent.Channel, sent.ID})
	require.NoError(t, engine.Check(t.Context(), phone, sent.Code))
}

// A code of one scope is none of another, whatever letters a scope has.
func TestScopesAreAWSsOwn(t *testing.T) {
	t.Parallel()
	srv := awsverifytest.NewServer(t)
	cfg := notifyConfig()
	cfg.BaseURL, cfg.Stateless, cfg.MaxAttempts = srv.URL, true, 5
	c, err := awsverify.NewNotify(cfg)
	require.NoError(t, err)
	scopes := []string{"", "verify", "pay", "pay.eu", "pay:eu", "pay_eu", "pay__eu", "pay_deu", "pay-eu", strings.Repeat("_", 64)}
	codes, references := map[string]string{}, map[string]bool{}
	for _, scope := range scopes {
		_, err := c.Send(t.Context(), phone, verify.WithScope(scope))
		require.NoError(t, err)
		sent := srv.Messages()[len(srv.Messages())-1]
		codes[scope] = sent.Code
		references[sent.Scope] = true
		assert.Equal(t, sent.Code, srv.Code(phone, sent.Scope))
	}
	assert.Len(t, references, len(scopes), "no two alike")
	require.Error(t, c.Check(t.Context(), phone, codes["pay.eu"], verify.WithScope("pay:eu")))
	for _, scope := range scopes {
		require.NoError(t, c.Check(t.Context(), phone, codes[scope], verify.WithScope(scope)), scope)
	}
}

// AWS does not document that a used code is refused: here it is, in every process.
func TestAUsedCodeIsRefusedWhateverAWSSays(t *testing.T) {
	t.Parallel()
	srv := awsverifytest.NewServer(t)
	var processes []*awsverify.Notify
	cfg := notifyConfig()
	cfg.BaseURL, cfg.References, cfg.Keys = srv.URL, new(references.Memory), [][]byte{bytes.Repeat([]byte("k"), 32)}
	for range 2 {
		c, err := awsverify.NewNotify(cfg)
		require.NoError(t, err)
		processes = append(processes, c)
	}
	_, err := processes[0].Send(t.Context(), phone)
	require.NoError(t, err)
	srv.Fail(awsverifytest.Fault{On: "check", Status: 200, Body: `{"status":"VALID"}`, Times: -1})
	require.NoError(t, processes[1].Check(t.Context(), phone, srv.Code(phone, "")))
	require.ErrorIs(t, processes[0].Check(t.Context(), phone, "123456"), verify.ErrNotPending)
	require.ErrorIs(t, processes[0].Check(t.Context(), other, "123456"), verify.ErrNotPending, "never sent from here")
}

func TestAttemptsAndLife(t *testing.T) {
	t.Parallel()
	srv := awsverifytest.NewServer(t)
	cfg := notifyConfig()
	cfg.BaseURL, cfg.MaxAttempts, cfg.Expiry = srv.URL, 2, 5*time.Minute
	c, err := awsverify.NewNotify(cfg)
	require.NoError(t, err)
	_, err = c.Send(t.Context(), phone)
	require.NoError(t, err)
	code := srv.Code(phone, "")
	wrong := "1" + code[1:]
	if code[0] == '1' {
		wrong = "2" + code[1:]
	}
	for range 2 {
		require.ErrorIs(t, c.Check(t.Context(), phone, wrong), verify.ErrMismatch)
	}
	require.ErrorIs(t, c.Check(t.Context(), phone, code), verify.ErrMismatch, "AWS tells no difference")
	_, err = c.Send(t.Context(), phone)
	require.NoError(t, err)
	code = srv.Code(phone, "")
	srv.Advance(5 * time.Minute)
	require.ErrorIs(t, c.Check(t.Context(), phone, code), verify.ErrMismatch)
}
