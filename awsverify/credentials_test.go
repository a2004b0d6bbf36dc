package awsverify_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/go2fa/verify"
	"github.com/go2fa/verify/awsverify"
	"github.com/go2fa/verify/awsverify/awsverifytest"
	"github.com/go2fa/verify/otp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func letter() otp.Message {
	return otp.Message{To: phone, Channel: verify.ChannelSMS, Text: "123456 is your code.", TTL: 10 * time.Minute, Ref: "00000000000000000000000000000001"}
}

// emulated returns a messenger over an emulator, with these credentials.
func emulated(t *testing.T, a awsverify.Account, opts ...awsverifytest.Options) (*awsverify.SNS, *awsverifytest.Server) {
	srv := awsverifytest.NewServer(t, opts...)
	c, err := awsverify.NewSNS(awsverify.SNSConfig{Account: a, BaseURL: srv.URL})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, c.Close()) })
	return c, srv
}

func outcome(t *testing.T, err error, want verify.Outcome) *verify.Error {
	t.Helper()
	var e *verify.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, want, e.Outcome, "%v", err)
	for _, secret := range []string{phone, phone[1:], "123456", awsverifytest.SecretAccessKey, awsverifytest.AccessKeyID, "canary", "http"} {
		assert.NotContains(t, err.Error()+" "+e.Detail, secret)
	}
	return e
}

// alone keeps the machine's own credentials out of a test.
func alone(t *testing.T) (folder string) {
	folder = t.TempDir()
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_ROLE_ARN": "",
		"AWS_WEB_IDENTITY_TOKEN_FILE": "", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "", "AWS_CONTAINER_CREDENTIALS_FULL_URI": "",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": filepath.Join(folder, "config"),
		"AWS_SHARED_CREDENTIALS_FILE": filepath.Join(folder, "credentials"),
	} {
		t.Setenv(name, value)
	}
	return folder
}

func TestTheDefaultChainIsReadAtTheFirstCall(t *testing.T) {
	alone(t)
	c, srv := emulated(t, awsverify.Account{Region: awsverifytest.Region}, awsverifytest.Options{SessionToken: "a session"})
	t.Setenv("AWS_ACCESS_KEY_ID", awsverifytest.AccessKeyID) // New has not looked
	t.Setenv("AWS_SECRET_ACCESS_KEY", awsverifytest.SecretAccessKey)
	t.Setenv("AWS_SESSION_TOKEN", "a session")
	t.Setenv("AWS_MAX_ATTEMPTS", "5") // is of the SDK's clients
	srv.Fail(awsverifytest.Fault{Break: awsverifytest.Close, Effect: true, Times: -1})
	_, err := c.Deliver(t.Context(), letter())
	_ = outcome(t, err, verify.ErrOutcomeUnknown)
	assert.Equal(t, 1, srv.Effects(), "one Send is one message")
	srv.Heal()
	_, err = c.Deliver(t.Context(), letter())
	require.NoError(t, err)
}

func TestSharedFiles(t *testing.T) {
	folder := alone(t)
	file := "[default]\naws_access_key_id = " + awsverifytest.AccessKeyID + "\naws_secret_access_key = " + awsverifytest.SecretAccessKey + "\n"
	require.NoError(t, os.WriteFile(filepath.Join(folder, "credentials"), []byte(file), 0o600))
	c, _ := emulated(t, awsverify.Account{Region: awsverifytest.Region})
	_, err := c.Deliver(t.Context(), letter())
	require.NoError(t, err)
}

func TestWithoutCredentialsNothingIsSent(t *testing.T) {
	alone(t)
	c, srv := emulated(t, awsverify.Account{Region: awsverifytest.Region})
	_, err := c.Deliver(t.Context(), letter())
	e := outcome(t, err, verify.ErrUnauthorized)
	assert.Contains(t, e.Detail, "no credentials")
	assert.Zero(t, srv.Requests())
}

// A chain that could not be read is read again.
func TestABrokenFileIsReadAgain(t *testing.T) {
	folder := alone(t)
	file := filepath.Join(folder, "config")
	require.NoError(t, os.WriteFile(file, []byte("[profile canary]\nsource_profile = canary\nrole_arn = canary\n"), 0o600))
	t.Setenv("AWS_PROFILE", "canary")
	c, srv := emulated(t, awsverify.Account{Region: awsverifytest.Region})
	_, err := c.Deliver(t.Context(), letter())
	_ = outcome(t, err, verify.ErrUnauthorized)
	assert.Zero(t, srv.Requests())
	mended := "[profile canary]\naws_access_key_id = " + awsverifytest.AccessKeyID + "\naws_secret_access_key = " + awsverifytest.SecretAccessKey + "\n"
	require.NoError(t, os.WriteFile(file, []byte(mended), 0o600))
	_, err = c.Deliver(t.Context(), letter())
	require.NoError(t, err)
}

// The application's own provider is asked once as long as its credentials are good.
func TestTheApplicationsOwnConfiguration(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	provider := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		asked.Add(1)
		return aws.Credentials{AccessKeyID: awsverifytest.AccessKeyID, SecretAccessKey: awsverifytest.SecretAccessKey, CanExpire: true, Expires: time.Now().Add(time.Hour)}, nil
	})
	c, _ := emulated(t, awsverify.Account{AWS: &aws.Config{Region: awsverifytest.Region, Credentials: provider}})
	for range 3 {
		_, err := c.Deliver(t.Context(), letter())
		require.NoError(t, err)
	}
	assert.EqualValues(t, 1, asked.Load())

	cached := aws.NewCredentialsCache(provider)
	c, _ = emulated(t, awsverify.Account{AWS: &aws.Config{Region: awsverifytest.Region, Credentials: cached}})
	_, err := c.Deliver(t.Context(), letter())
	require.NoError(t, err)
	assert.EqualValues(t, 2, asked.Load())
}

func TestAProviderThatFails(t *testing.T) {
	t.Parallel()
	provider := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("canary " + awsverifytest.SecretAccessKey)
	})
	c, srv := emulated(t, awsverify.Account{Region: awsverifytest.Region, AWS: &aws.Config{Credentials: provider}})
	_, err := c.Deliver(t.Context(), letter())
	_ = outcome(t, err, verify.ErrUnauthorized)
	assert.Zero(t, srv.Requests())
}

// Who has no time to wait for credentials has sent nothing.
func TestAProviderThatIsSlow(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	provider := aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		cancel()
		return aws.Credentials{}, errors.New("it took too long")
	})
	c, srv := emulated(t, awsverify.Account{Region: awsverifytest.Region, AWS: &aws.Config{Credentials: provider}})
	_, err := c.Deliver(ctx, letter())
	_ = outcome(t, err, verify.ErrUnavailable)
	require.ErrorIs(t, err, context.Canceled)
	assert.Zero(t, srv.Requests())
}

// Credentials that take longer than a Send may are no credentials that were refused.
func TestAProviderThatTakesAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		provider := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			time.Sleep(time.Minute)
			return aws.Credentials{}, errors.New("canary")
		})
		c, err := awsverify.NewSNS(awsverify.SNSConfig{
			Account:    awsverify.Account{Region: awsverifytest.Region, AWS: &aws.Config{Credentials: provider}},
			HTTPClient: &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) { panic("sent") })},
		})
		require.NoError(t, err)
		began := time.Now()
		_, err = c.Deliver(t.Context(), letter())
		_ = outcome(t, err, verify.ErrUnavailable)
		assert.Equal(t, 15*time.Second, time.Since(began))
		time.Sleep(time.Minute) // the provider comes to its end
	})
}

func TestRefusedCredentials(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		account awsverify.Account
		code    string
	}{
		"another's key":  {awsverify.Account{Region: awsverifytest.Region, AccessKeyID: "AKIASTRANGER", SecretAccessKey: awsverifytest.SecretAccessKey}, "InvalidClientTokenId"},
		"a wrong secret": {awsverify.Account{Region: awsverifytest.Region, AccessKeyID: awsverifytest.AccessKeyID, SecretAccessKey: "canary"}, "SignatureDoesNotMatch"},
		"another region": {awsverify.Account{Region: "eu-north-1", AccessKeyID: awsverifytest.AccessKeyID, SecretAccessKey: awsverifytest.SecretAccessKey}, "SignatureDoesNotMatch"},
		"a session that is over": {awsverify.Account{
			Region: awsverifytest.Region, AccessKeyID: awsverifytest.AccessKeyID, SecretAccessKey: awsverifytest.SecretAccessKey, SessionToken: "canary",
		}, "ExpiredToken"},
	} {
		c, srv := emulated(t, tc.account)
		_, err := c.Deliver(t.Context(), letter())
		e := outcome(t, err, verify.ErrUnauthorized)
		assert.Equal(t, tc.code, e.VendorCode, name)
		assert.Zero(t, srv.Effects(), name)
		require.ErrorIs(t, c.Probe(t.Context()), verify.ErrUnauthorized, name)
	}
}

// What a proxy or an application's transport changes of other headers breaks no signature.
type meddler struct{ http.RoundTripper }

func (m meddler) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Accept", "text/xml")
	r.Header.Set("Accept-Encoding", "identity, gzip;q=0")
	r.Header.Set("User-Agent", "a proxy")
	r.Header.Set("Via", "1.1 proxy")
	return m.RoundTripper.RoundTrip(r)
}

func TestOnlyWhatAWSReadsIsSigned(t *testing.T) {
	t.Parallel()
	srv := awsverifytest.NewServer(t)
	c, err := awsverify.NewSNS(awsverify.SNSConfig{Account: account(), BaseURL: srv.URL, HTTPClient: &http.Client{Transport: meddler{http.DefaultTransport}}})
	require.NoError(t, err)
	_, err = c.Deliver(t.Context(), letter())
	require.NoError(t, err)
}

// Each service has a host of its own in each region, which is what is signed for.
func TestHosts(t *testing.T) {
	t.Parallel()
	var hosts []string
	seen := func(r *http.Request) (*http.Response, error) {
		hosts = append(hosts, r.URL.Host)
		assert.Nil(t, r.GetBody, "HTTP/2 would send it again")
		return nil, errors.New("nobody is there")
	}
	client := &http.Client{Transport: roundTripper(seen)}
	for _, region := range []string{"eu-central-1", "cn-north-1"} {
		a := account()
		a.Region = region
		sms, err := awsverify.NewSMS(awsverify.SMSConfig{Account: a, HTTPClient: client})
		require.NoError(t, err)
		_, _ = sms.Deliver(t.Context(), letter())
		sns, err := awsverify.NewSNS(awsverify.SNSConfig{Account: a, HTTPClient: client})
		require.NoError(t, err)
		_, _ = sns.Deliver(t.Context(), letter())
		notify, err := awsverify.NewNotify(awsverify.NotifyConfig{Account: a, From: other, NotifyTemplate: "x", HTTPClient: client})
		require.NoError(t, err)
		_, _ = notify.Send(t.Context(), phone)
	}
	assert.Equal(t, []string{
		"sms-voice.eu-central-1.amazonaws.com", "sns.eu-central-1.amazonaws.com", "end-user-messaging.eu-central-1.amazonaws.com",
		"sms-voice.cn-north-1.amazonaws.com.cn", "sns.cn-north-1.amazonaws.com.cn", "end-user-messaging.cn-north-1.amazonaws.com.cn",
	}, hosts)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
