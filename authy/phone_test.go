package authy_test

import (
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/authy"
	"github.com/go2fa/verify/authy/authytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func emulatedPhone(t *testing.T, changes ...func(*authy.Config)) (*authy.Phone, *authytest.Server) {
	srv := authytest.NewServer(t)
	cfg := authy.Config{APIKey: authytest.APIKey, BaseURL: srv.URL}
	for _, change := range changes {
		change(&cfg)
	}
	client, err := authy.NewPhone(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, client.Close()) })
	return client, srv
}

func TestPhoneOnEveryChannel(t *testing.T) {
	t.Parallel()
	client, srv := emulatedPhone(t)
	for channel, to := range map[verify.Channel]string{verify.ChannelSMS: phone, verify.ChannelVoice: other} {
		receipt, err := client.Send(t.Context(), to, verify.WithChannel(channel))
		require.NoError(t, err)
		assert.Equal(t, "authy", receipt.Vendor)
		assert.Equal(t, channel, receipt.Channel)
		assert.Equal(t, 6, receipt.Digits, "R01: four digits only for who asks for them")
		assert.Regexp(t, `^[0-9a-f-]{36}$`, receipt.ID)
		assert.WithinDuration(t, time.Now().Add(10*time.Minute), receipt.ExpiresAt, 5*time.Second)

		code := srv.Code(to, "")
		assert.Len(t, code, 6)
		require.ErrorIs(t, client.Check(t.Context(), to, wrong(code)), verify.ErrMismatch)
		require.NoError(t, client.Check(t.Context(), to, code))
		require.ErrorIs(t, client.Check(t.Context(), to, code), verify.ErrNotPending, "R06")
	}
	messages := srv.Messages()
	require.Len(t, messages, 2)
	assert.ElementsMatch(t, []string{"sms", "voice"}, []string{messages[0].Channel, messages[1].Channel})
}

func TestPhoneDigits(t *testing.T) {
	t.Parallel()
	for n := 4; n <= 10; n++ {
		client, srv := emulatedPhone(t)
		receipt, err := client.Send(t.Context(), phone, verify.WithDigits(n))
		require.NoError(t, err)
		assert.Equal(t, n, receipt.Digits)
		code := srv.Code(phone, "")
		assert.Len(t, code, n)
		require.NoError(t, client.Check(t.Context(), phone, code))
	}
	client, srv := emulatedPhone(t, func(c *authy.Config) { c.Digits = 8 })
	_, err := client.Send(t.Context(), phone)
	require.NoError(t, err)
	assert.Len(t, srv.Code(phone, ""), 8)
	for _, n := range []int{3, 11} {
		_, err = client.Send(t.Context(), phone, verify.WithDigits(n))
		require.ErrorIs(t, err, verify.ErrUnsupported)
	}
}

func TestPhoneRepeatsTheCode(t *testing.T) {
	t.Parallel()
	client, srv := emulatedPhone(t)
	for range 2 {
		_, err := client.Send(t.Context(), phone)
		require.NoError(t, err)
	}
	messages := srv.Messages()
	require.Len(t, messages, 2)
	assert.Equal(t, messages[0].Code, messages[1].Code)

	srv.Advance(10 * time.Minute)
	require.ErrorIs(t, client.Check(t.Context(), phone, messages[0].Code), verify.ErrNotPending)
}

func TestPhoneHasNoScopes(t *testing.T) {
	t.Parallel()
	client, srv := emulatedPhone(t)
	_, err := client.Send(t.Context(), phone, verify.WithScope("login"))
	require.ErrorIs(t, err, verify.ErrUnsupported)
	require.ErrorIs(t, client.Check(t.Context(), phone, "123456", verify.WithScope("login")), verify.ErrUnsupported)
	assert.Zero(t, srv.Requests())
}

func TestPhoneApprovalWhoseReplyWasLost(t *testing.T) {
	t.Parallel()
	for name, second := range map[string][]authytest.Fault{
		"and the code is now gone":      nil,
		"and the next says no in a 200": {{On: "check", Status: 200, Body: `{"success":false,"error_code":"60022"}`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, srv := emulatedPhone(t)
			_, err := client.Send(t.Context(), phone)
			require.NoError(t, err)
			code := srv.Code(phone, "")
			srv.Fail(authytest.Fault{On: "check", Break: authytest.Reset, Effect: true})
			srv.Fail(second...)
			err = client.Check(t.Context(), phone, code)
			require.ErrorIs(t, err, verify.ErrOutcomeUnknown, "denial after a lost answer")
			assert.Contains(t, detail(err), "may have been an approval")
		})
	}
}

func TestPhoneSendIsNotRepeated(t *testing.T) {
	t.Parallel()
	client, srv := emulatedPhone(t)
	srv.Fail(authytest.Fault{On: "send", Break: authytest.Close, Effect: true})
	_, err := client.Send(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
	assert.Equal(t, 1, srv.Effects())
	assert.Equal(t, 1, srv.Requests())
	require.NoError(t, client.Check(t.Context(), phone, srv.Code(phone, "")))
}

func TestPhoneAnswersToASend(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body    string
		want    verify.Outcome
		id      string
		expires bool
	}{
		"as documented":             {`{"success":true,"uuid":"b8ebcd40","seconds_to_expire":599}`, "", "b8ebcd40", true},
		"success in quotes":         {`{"success":"true","uuid":"b8ebcd40","seconds_to_expire":599}`, "", "b8ebcd40", true},
		"of the sandbox":            {`{"success":true,"uuid":null,"seconds_to_expire":0}`, "", "", false},
		"an id that is none":        {`{"success":true,"uuid":"+15005550006"}`, "", "", false},
		"an id too long":            {`{"success":true,"uuid":"` + string(make65('a')) + `"}`, "", "", false},
		"an expiry in words":        {`{"success":true,"seconds_to_expire":"soon"}`, "", "", false},
		"an expiry in the past":     {`{"success":true,"seconds_to_expire":-1}`, "", "", false},
		"an expiry next century":    {`{"success":true,"seconds_to_expire":9000000000}`, "", "", false},
		"an expiry beyond the day":  {`{"success":true,"seconds_to_expire":86401}`, "", "", false},
		"a no without a reason":     {`{"success":false}`, verify.ErrRejected, "", false},
		"a no with a reason":        {`{"success":false,"error_code":"60033"}`, verify.ErrInvalidRecipient, "", false},
		"a no, and a code of prose": {`{"success":false,"error_code":"+15005550006"}`, verify.ErrRejected, "", false},
		"a no, and not sent":        {`{"success":false,"error_code":60015}`, verify.ErrInvalidRecipient, "", false},
		"neither yes nor no":        {`{"uuid":"b8ebcd40"}`, verify.ErrOutcomeUnknown, "", false},
		"another yes":               {`{"success":1}`, verify.ErrOutcomeUnknown, "", false},
		"no JSON":                   {`<html>`, verify.ErrOutcomeUnknown, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client, srv := emulatedPhone(t)
			srv.Fail(authytest.Fault{Status: 200, Body: tc.body})
			receipt, err := client.Send(t.Context(), phone)
			require.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
			if err != nil {
				assert.NotContains(t, err.Error(), phone)
				return
			}
			assert.Equal(t, tc.id, receipt.ID)
			assert.Equal(t, tc.expires, !receipt.ExpiresAt.IsZero())
		})
	}
}

func make65(c byte) []byte {
	b := make([]byte, 65)
	for i := range b {
		b[i] = c
	}
	return b
}

func TestNearestLocale(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]string{
		"": "", "da": "da", "DA": "da", "pt-BR": "pt-BR", "pt-PT": "pt", "zh-hk": "zh-HK", "zh-TW": "zh",
		"en-GB": "en", "tlh": "", "x-klingon": "",
	} {
		assert.Equal(t, want, authy.LocaleName(tag), "%q", tag)
	}
}

func TestNumberIsSplitBehindTheCallingCode(t *testing.T) {
	t.Parallel()
	for number, want := range map[string][2]string{
		"+15005550006": {"1", "5005550006"}, "+4520123456": {"45", "20123456"}, "+351912345678": {"351", "912345678"},
	} {
		country, rest := authy.Split(number)
		assert.Equal(t, want, [2]string{country, rest})
	}
}
