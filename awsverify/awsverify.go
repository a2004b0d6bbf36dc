// Package awsverify sends codes through Amazon Web Services, by three products:
//
//   - [SMS] delivers texts and calls through AWS End User Messaging SMS;
//   - [SNS] delivers texts through Amazon SNS, which tells less of what became of them;
//   - [Notify] has AWS make and check the code (AWS End User Messaging, Notify).
//
// The first two are messengers, for codes that package otp makes and checks:
//
//	messenger, err := awsverify.NewSMS(awsverify.SMSConfig{
//		Account: awsverify.Account{Region: "eu-central-1"}, // credentials as for any program on AWS
//		From:    "+15017122661",
//	})
//	verifier, err := otp.New(otp.Config{Messenger: messenger /* ... */})
//
// A DSN knows the three once they are handed in:
//
//	v, err := vendors.Open(dsn, vendors.With("aws", awsverify.NewNotify),
//		vendors.With("aws-sms", awsverify.NewSMS), vendors.With("aws-sns", awsverify.NewSNS))
//
// # Requests and credentials
//
// The SDK's own clients send a message up to three times if its answer is lost. Here
// package driver makes the requests, and the SDK gives the signatures, by the time of this
// machine, and the credentials: those of [Account].AccessKeyID, of an aws.Config, or of the
// default chain, which is read at the first call, and again after it failed.
package awsverify

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"
	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

const vendor, targetHeader = "aws", "X-Amz-Target"

// An Account says whose messages these are, and in which Region.
type Account struct {
	// Region is the AWS Region, such as eu-central-1. Required, unless AWS has one.
	Region string `dsn:"region,host,required" example:"eu-central-1"`
	// AccessKeyID is the id of an access key, with SecretAccessKey. Defaults to the
	// credentials of the SDK's default chain.
	AccessKeyID string `dsn:"access_key_id,user" example:"AKIAIOSFODNN7EXAMPLE"`
	// SecretAccessKey is the key's secret.
	SecretAccessKey string `json:"-" dsn:"secret_access_key,pass" example:"env:AWS_SECRET_ACCESS_KEY"`
	// SessionToken goes with a key of AWS STS, which works for some hours. Defaults to
	// none.
	SessionToken string `json:"-" dsn:"session_token" example:"file:/run/secrets/aws_session_token"`

	// AWS is the application's own configuration. Its Credentials are used in place of the
	// default chain's, and its Region where there is no other; its HTTPClient, Retryer,
	// endpoints and APIOptions are not.
	AWS *aws.Config `json:"-"`
}

// Format keeps the secrets of an Account out of every print.
func (Account) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("awsverify.Account{[hidden]}")) }

var (
	regionRule = regexp.MustCompile(`^[a-z]{2,}(-[a-z0-9]+){2,4}$`)
	keyRule    = regexp.MustCompile(`^[A-Za-z0-9_]*$`)
	secretRule = regexp.MustCompile(`^[!-~]*$`)
)

// region is what is signed for, and a part of the host.
func (a Account) region() string {
	if a.Region == "" && a.AWS != nil {
		return a.AWS.Region
	}
	return a.Region
}

func (a Account) validate() string {
	switch {
	case a.region() == "":
		return "Account.Region is missing"
	case !regionRule.MatchString(a.region()):
		return "Account.Region must be one of AWS, such as eu-central-1"
	case (a.AccessKeyID == "") != (a.SecretAccessKey == ""):
		return "give both of Account.AccessKeyID and Account.SecretAccessKey, or neither for the default chain"
	case a.SessionToken != "" && a.AccessKeyID == "":
		return "Account.SessionToken goes with Account.AccessKeyID"
	case a.AccessKeyID != "" && a.AWS != nil && a.AWS.Credentials != nil:
		return "give Account.AccessKeyID or Account.AWS with Credentials, not both"
	case !keyRule.MatchString(a.AccessKeyID):
		return "Account.AccessKeyID must be letters and digits"
	case !secretRule.MatchString(a.SecretAccessKey + a.SessionToken):
		return "Account.SecretAccessKey and Account.SessionToken hold no spaces and line breaks"
	}
	return ""
}

// credentials are where each request's come from.
func (a Account) credentials() aws.CredentialsProvider {
	switch {
	case a.AccessKeyID != "":
		fixed := aws.Credentials{AccessKeyID: a.AccessKeyID, SecretAccessKey: a.SecretAccessKey, SessionToken: a.SessionToken}
		return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return fixed, nil })
	case a.AWS == nil || a.AWS.Credentials == nil:
		return chain(a.region())
	case aws.IsCredentialsProvider(a.AWS.Credentials, (*aws.CredentialsCache)(nil)):
		return a.AWS.Credentials
	}
	return aws.NewCredentialsCache(a.AWS.Credentials)
}

// chain is the SDK's default one. It is read at the first call, since New does no I/O, and
// read anew as long as it cannot be read: by one call at a time, for which nobody waits
// longer than a Send may take.
func chain(region string) aws.CredentialsProvider {
	var found aws.CredentialsProvider
	return aws.NewCredentialsCache(aws.CredentialsProviderFunc(func(ctx context.Context) (aws.Credentials, error) {
		if found == nil {
			cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(region), config.WithLogger(logging.Nop{}))
			if err != nil {
				return aws.Credentials{}, err
			}
			found = cfg.Credentials
		}
		return found.Retrieve(ctx)
	}))
}

// connect makes the client of a service, whose host is its name, a Region and a domain:
// https://docs.aws.amazon.com/general/latest/gr/end-user-messaging.html. Whoever asks for
// JSON is answered in JSON by services whose answers are XML: no type is asked for.
func connect(a Account, service, baseURL string, theirs *http.Client, read func(int, http.Header, []byte) driver.Failure) (*driver.Client, error) {
	domain := ".amazonaws.com"
	if strings.HasPrefix(a.region(), "cn-") {
		domain += ".cn"
	}
	client, err := driver.New(driver.Config{
		Vendor: vendor, BaseURL: cmp.Or(baseURL, "https://"+service+"."+a.region()+domain), Client: theirs,
		Sign: signer(a.credentials(), service, a.region()), RequestID: "X-Amzn-Requestid",
		Header: map[string]string{"Accept": "*/*"}, ReadErrorHeader: read,
	})
	if err != nil {
		return nil, fmt.Errorf("aws: %w", err)
	}
	return client, nil
}

// signer signs requests by Signature Version 4
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html): of each a copy
// that has only what AWS reads, since a proxy may change the rest.
func signer(credentials aws.CredentialsProvider, service, region string) func(*http.Request, []byte) error {
	sigv4 := v4.NewSigner()
	return func(r *http.Request, body []byte) error {
		who, err := credentials.Retrieve(r.Context())
		switch {
		case err != nil && r.Context().Err() != nil:
			return err // there was no time
		case err != nil:
			return driver.Refuse(verify.ErrUnauthorized, "AWS's default chain, or Account.AWS, has no credentials: nothing was sent")
		}
		if r.Header.Get(targetHeader) != "" {
			r.Header["Content-Type"] = []string{"application/x-amz-json-1.0"}
		}
		at, sum := *r.URL, sha256.Sum256(body)
		bare := &http.Request{Method: r.Method, URL: &at, Host: r.Host, ContentLength: int64(len(body)), Header: http.Header{}}
		copyHeader(bare.Header, r.Header, "Content-Type", targetHeader)
		if err := sigv4.SignHTTP(r.Context(), who, bare, hex.EncodeToString(sum[:]), service, region, time.Now()); err != nil {
			return err
		}
		copyHeader(r.Header, bare.Header, "Authorization", "X-Amz-Date", "X-Amz-Security-Token")
		return nil
	}
}

func copyHeader(to, from http.Header, keys ...string) {
	for _, key := range keys {
		if values := from[key]; values != nil {
			to[key] = values
		}
	}
}
