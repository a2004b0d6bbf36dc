package awsverifytest

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The example of AWS's own documentation of Signature Version 4.
func TestTheSignatureIsThatOfTheDocumentation(t *testing.T) {
	e := New(Options{SecretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"})
	r := httptest.NewRequest(http.MethodGet, "https://iam.amazonaws.com/?Version=2010-05-08&Action=ListUsers", nil)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	r.Header.Set("X-Amz-Date", "20150830T123600Z")
	a, ok := read("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, " +
		"SignedHeaders=content-type;host;x-amz-date, Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7")
	require.True(t, ok)
	assert.Equal(t, a.signature, e.sign(r, nil, a))
}

func TestAuthorizationsThatAreNone(t *testing.T) {
	for name, header := range map[string]string{
		"nothing":         "",
		"another scheme":  "Basic x",
		"no scope":        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE, SignedHeaders=host;x-amz-date, Signature=x",
		"another request": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws2_request, SignedHeaders=host;x-amz-date, Signature=x",
	} {
		_, ok := read(header)
		assert.False(t, ok, name)
	}
}

// AWS wants the host signed, and each header of its own, as the name of the operation is.
func TestEachHeaderOfAWSsIsSigned(t *testing.T) {
	for name, tc := range map[string]struct {
		signed string
		want   bool
	}{
		"all":                   {"host;x-amz-date;x-amz-target", true},
		"no host":               {"x-amz-date;x-amz-target", false},
		"a time not signed":     {"host;x-amz-target", false},
		"a target not signed":   {"host;x-amz-date", false},
		"names that begin such": {"host;x-amz-date;x-amz-target-2", false},
	} {
		a, ok := read("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/sms-voice/aws4_request, SignedHeaders=" + tc.signed + ", Signature=x")
		require.True(t, ok, name)
		h := http.Header{"X-Amz-Date": {"x"}, "X-Amz-Target": {"x"}, "User-Agent": {"x"}}
		assert.Equal(t, tc.want, a.covers(h), name)
	}
}
