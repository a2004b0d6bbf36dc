package awsverify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/go2fa/verify"
	"github.com/go2fa/verify/awsverify"
	"github.com/go2fa/verify/awsverify/awsverifytest"
	"github.com/go2fa/verify/references"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	phone = "+15005550006"
	other = "+15017122661"
)

func account() awsverify.Account {
	return awsverify.Account{
		Region: awsverifytest.Region, AccessKeyID: awsverifytest.AccessKeyID, SecretAccessKey: awsverifytest.SecretAccessKey,
	}
}

func smsConfig() awsverify.SMSConfig { return awsverify.SMSConfig{Account: account(), From: other} }
func snsConfig() awsverify.SNSConfig { return awsverify.SNSConfig{Account: account()} }
func notifyConfig() awsverify.NotifyConfig {
	return awsverify.NotifyConfig{Account: account(), From: other, CodeConfiguration: awsverifytest.CodeConfiguration}
}

func TestAccount(t *testing.T) {
	t.Parallel()
	provider := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, nil })
	for name, tc := range map[string]struct {
		account awsverify.Account
		want    string
	}{
		"an access key":            {account(), ""},
		"the default chain":        {awsverify.Account{Region: "eu-central-1"}, ""},
		"GovCloud":                 {awsverify.Account{Region: "us-gov-west-1"}, ""},
		"the region of AWS":        {awsverify.Account{AWS: &aws.Config{Region: "eu-central-1", Credentials: provider}}, ""},
		"a region beside AWS":      {awsverify.Account{Region: "eu-north-1", AWS: &aws.Config{Region: "x"}}, ""},
		"no region":                {awsverify.Account{}, "Account.Region is missing"},
		"no region in AWS":         {awsverify.Account{AWS: &aws.Config{}}, "Account.Region is missing"},
		"a region of a host":       {awsverify.Account{Region: "secret.example.com/"}, "Account.Region must be one of AWS"},
		"a key without its secret": {awsverify.Account{Region: "eu-central-1", AccessKeyID: "AKIAsecret"}, "give both of Account.AccessKeyID"},
		"a secret without its key": {awsverify.Account{Region: "eu-central-1", SecretAccessKey: "secret"}, "give both of Account.AccessKeyID"},
		"a token alone":            {awsverify.Account{Region: "eu-central-1", SessionToken: "secret"}, "Account.SessionToken goes with"},
		"a key that is none":       {awsverify.Account{Region: "eu-central-1", AccessKeyID: "AKIA secret", SecretAccessKey: "x"}, "Account.AccessKeyID must be"},
		"a line break in a secret": {awsverify.Account{Region: "eu-central-1", AccessKeyID: "AKIAx", SecretAccessKey: "secret.\n"}, "no spaces and line breaks"},
		"a header in a token":      {awsverify.Account{Region: "eu-central-1", AccessKeyID: "AKIAx", SecretAccessKey: "x", SessionToken: "secret.\r\nX: y"}, "no spaces and line breaks"},
		"two kinds of credentials": {awsverify.Account{Region: "eu-central-1", AccessKeyID: "AKIAsecret", SecretAccessKey: "x", AWS: &aws.Config{Credentials: provider}}, "not both"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, sms := awsverify.NewSMS(awsverify.SMSConfig{Account: tc.account})
			_, sns := awsverify.NewSNS(awsverify.SNSConfig{Account: tc.account})
			_, notify := awsverify.NewNotify(awsverify.NotifyConfig{Account: tc.account, From: other, NotifyTemplate: "x"})
			for _, err := range []error{sms, sns, notify} {
				if tc.want == "" {
					require.NoError(t, err)
					continue
				}
				require.ErrorContains(t, err, tc.want)
				assert.NotContains(t, err.Error(), "secret.")
				assert.NotContains(t, err.Error(), "AKIA")
			}
		})
	}
}

func TestSMSConfig(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*awsverify.SMSConfig)
		want   string
	}{
		"all is well": {func(*awsverify.SMSConfig) {}, ""},
		"an ARN": {func(c *awsverify.SMSConfig) {
			c.From = "arn:aws:sms-voice:us-east-1:123456789012:pool/pool-a1b2c3d4"
		}, ""},
		"a sender of spaces":     {func(c *awsverify.SMSConfig) { c.From = "a secret" }, "aws: From must be"},
		"a caller of spaces":     {func(c *awsverify.SMSConfig) { c.VoiceFrom = "a secret" }, "aws: VoiceFrom must be"},
		"a voice of none":        {func(c *awsverify.SMSConfig) { c.Voice = "secret" }, "aws: Voice must be"},
		"a set of spaces":        {func(c *awsverify.SMSConfig) { c.ConfigurationSet = "a secret" }, "aws: ConfigurationSet must be"},
		"a protection of spaces": {func(c *awsverify.SMSConfig) { c.ProtectConfiguration = "a secret" }, "aws: ProtectConfiguration must be"},
		"a price of words":       {func(c *awsverify.SMSConfig) { c.MaxPrice = "secret" }, "aws: MaxPrice must be"},
		"half of India":          {func(c *awsverify.SMSConfig) { c.INEntityID = "1" }, "aws: INEntityID and INTemplateID"},
		"an entity of spaces":    {func(c *awsverify.SMSConfig) { c.INEntityID, c.INTemplateID = "a secret", "1" }, "aws: INEntityID and INTemplateID"},
		"a base without TLS":     {func(c *awsverify.SMSConfig) { c.BaseURL = "http://secret.example.com" }, "aws: the base URL must be"},
	} {
		cfg := smsConfig()
		tc.change(&cfg)
		_, err := awsverify.NewSMS(cfg)
		wants(t, name, err, tc.want)
	}
}

func wants(t *testing.T, name string, err error, want string) {
	t.Helper()
	if want == "" {
		require.NoError(t, err, name)
		return
	}
	require.ErrorContains(t, err, want, name)
	assert.NotContains(t, err.Error(), "secret", name)
}

func TestSNSConfig(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*awsverify.SNSConfig)
		want   string
	}{
		"all is well":        {func(c *awsverify.SNSConfig) { c.SenderID, c.From, c.MaxPrice = "Acme-2", other, "0.10" }, ""},
		"a sender of digits": {func(c *awsverify.SNSConfig) { c.SenderID = "12345" }, "aws: SenderID must be"},
		"too long a sender":  {func(c *awsverify.SNSConfig) { c.SenderID = "secretsecret" }, "aws: SenderID must be"},
		"a number of none":   {func(c *awsverify.SNSConfig) { c.From = "secret" }, "aws: From must be"},
		"a price of words":   {func(c *awsverify.SNSConfig) { c.MaxPrice = "secret" }, "aws: MaxPrice must be"},
		"half of India":      {func(c *awsverify.SNSConfig) { c.INTemplateID = "1" }, "aws: INEntityID and INTemplateID"},
		"a base without TLS": {func(c *awsverify.SNSConfig) { c.BaseURL = "http://secret.example.com" }, "aws: the base URL must be"},
	} {
		cfg := snsConfig()
		tc.change(&cfg)
		_, err := awsverify.NewSNS(cfg)
		wants(t, name, err, tc.want)
	}
}

func TestNotifyConfig(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*awsverify.NotifyConfig)
		want   string
	}{
		"all is well":           {func(*awsverify.NotifyConfig) {}, ""},
		"calls only":            {func(c *awsverify.NotifyConfig) { c.From, c.VoiceFrom = "", other }, ""},
		"nobody sends":          {func(c *awsverify.NotifyConfig) { c.From = "" }, "aws: give From, VoiceFrom or both"},
		"a sender of spaces":    {func(c *awsverify.NotifyConfig) { c.From = "a secret" }, "aws: From must be"},
		"a caller of spaces":    {func(c *awsverify.NotifyConfig) { c.VoiceFrom = "a secret" }, "aws: VoiceFrom must be"},
		"no template":           {func(c *awsverify.NotifyConfig) { c.CodeConfiguration = "" }, "aws: give CodeConfiguration, Template or NotifyTemplate"},
		"a configuration":       {func(c *awsverify.NotifyConfig) { c.CodeConfiguration = "a secret" }, "aws: CodeConfiguration must be"},
		"a template of no code": {func(c *awsverify.NotifyConfig) { c.Template = "a secret" }, "aws: Template must be"},
		"two codes":             {func(c *awsverify.NotifyConfig) { c.Template = "{{code}} {{code}}" }, "aws: Template must be"},
		"two lines":             {func(c *awsverify.NotifyConfig) { c.Template = "{{code}}\nsecret" }, "aws: Template must be"},
		"AWS's own template":    {func(c *awsverify.NotifyConfig) { c.NotifyTemplate = "a secret" }, "aws: NotifyTemplate must be"},
		"digits of none":        {func(c *awsverify.NotifyConfig) { c.CodeLength = 3 }, "aws: CodeLength must be 4 to 8"},
		"nine digits":           {func(c *awsverify.NotifyConfig) { c.CodeLength = 9 }, "aws: CodeLength must be 4 to 8"},
		"an eternal code":       {func(c *awsverify.NotifyConfig) { c.Expiry = 11 * time.Minute }, "aws: Expiry must be"},
		"half a minute":         {func(c *awsverify.NotifyConfig) { c.Expiry = 30 * time.Second }, "aws: Expiry must be"},
		"a minute and a half":   {func(c *awsverify.NotifyConfig) { c.Expiry = 90 * time.Second }, "aws: Expiry must be"},
		"six attempts":          {func(c *awsverify.NotifyConfig) { c.MaxAttempts = 6 }, "aws: MaxAttempts must be 1 to 5"},
		"no attempts":           {func(c *awsverify.NotifyConfig) { c.MaxAttempts = -1 }, "aws: MaxAttempts must be 1 to 5"},
		"a set of spaces":       {func(c *awsverify.NotifyConfig) { c.ConfigurationSet = "a secret" }, "aws: ConfigurationSet must be"},
		"half of India":         {func(c *awsverify.NotifyConfig) { c.INTemplateID = "1" }, "aws: INEntityID and INTemplateID"},
		"a place without a key": {func(c *awsverify.NotifyConfig) { c.References = new(references.Memory) }, "aws: "},
		"a place for nothing":   {func(c *awsverify.NotifyConfig) { c.References, c.Stateless = new(references.Memory), true }, "aws: Stateless keeps nothing"},
		"a key for nothing":     {func(c *awsverify.NotifyConfig) { c.Keys, c.Stateless = [][]byte{make([]byte, 32)}, true }, "aws: Stateless keeps nothing"},
		"a base without TLS":    {func(c *awsverify.NotifyConfig) { c.BaseURL = "http://secret.example.com" }, "aws: the base URL must be"},
		"whatever AWS calls one": {func(c *awsverify.NotifyConfig) {
			c.From = "arn:aws:sms-voice:us-east-1:123456789012:phone-number/pn-abc123"
		}, ""},
	} {
		cfg := notifyConfig()
		tc.change(&cfg)
		_, err := awsverify.NewNotify(cfg)
		wants(t, name, err, tc.want)
	}
}

func TestCapabilities(t *testing.T) {
	t.Parallel()
	cfg := notifyConfig()
	cfg.CodeLength = 8
	n, err := awsverify.NewNotify(cfg)
	require.NoError(t, err)
	assert.Equal(t, verify.Capabilities{
		Vendor: "aws", Channels: []verify.Channel{verify.ChannelSMS}, MinDigits: 4, MaxDigits: 8, DefaultDigits: 8, MaxScope: 64,
	}, n.Capabilities())
	s, err := awsverify.NewSMS(smsConfig())
	require.NoError(t, err)
	assert.Equal(t, []verify.Channel{verify.ChannelSMS}, s.Capabilities().Channels, "calls need VoiceFrom")
}

// Nothing that holds a secret shows it, whatever prints it.
func TestSecretsAreNotPrinted(t *testing.T) {
	t.Parallel()
	sms, err := awsverify.NewSMS(smsConfig())
	require.NoError(t, err)
	sns, err := awsverify.NewSNS(snsConfig())
	require.NoError(t, err)
	notify, err := awsverify.NewNotify(notifyConfig())
	require.NoError(t, err)
	for _, v := range []any{account(), smsConfig(), snsConfig(), notifyConfig(), sms, sns, notify} {
		var printed strings.Builder
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&printed, verb+"\n", v)
		}
		slog.New(slog.NewTextHandler(&printed, nil)).Info("x", "v", v)
		if _, isAccount := v.(awsverify.Account); isAccount {
			text, err := json.Marshal(v)
			require.NoError(t, err)
			printed.Write(text)
		}
		assert.NotContains(t, printed.String(), awsverifytest.SecretAccessKey, "%T", v)
		assert.NotContains(t, printed.String(), fmt.Sprintf("%x", awsverifytest.SecretAccessKey), "%T", v)
	}
}
