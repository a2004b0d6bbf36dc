package awsverify_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/awsverify"
	"github.com/go2fa/verify/awsverify/awsverifytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The SDK asks again for credentials that a container's endpoint does not give at once,
// and for new ones once they have expired. It never asks again for the message.
func TestWhatIsAskedAgainIsTheCredentialsAlone(t *testing.T) {
	alone(t)
	var asked atomic.Int32
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1)%2 == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"AccessKeyId":%q,"SecretAccessKey":%q,"Token":"a session","Expiration":%q}`,
			awsverifytest.AccessKeyID, awsverifytest.SecretAccessKey, time.Now().Add(-time.Minute).UTC().Format(time.RFC3339))
	}))
	t.Cleanup(endpoint.Close)
	t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", endpoint.URL)
	t.Setenv("AWS_RETRY_MODE", "adaptive")
	t.Setenv("AWS_MAX_ATTEMPTS", "5")
	c, srv := emulated(t, awsverify.Account{Region: awsverifytest.Region}, awsverifytest.Options{SessionToken: "a session"})
	for _, want := range []int32{2, 4} { // what has expired is asked for anew
		_, err := c.Deliver(t.Context(), letter())
		require.NoError(t, err)
		assert.Equal(t, want, asked.Load())
	}
	assert.Equal(t, 2, srv.Effects())
	srv.Fail(awsverifytest.SNSRefusal(http.StatusInternalServerError, "InternalError"))
	before := srv.Requests()
	_, err := c.Deliver(t.Context(), letter())
	_ = outcome(t, err, verify.ErrOutcomeUnknown)
	assert.Equal(t, before+1, srv.Requests())
}
