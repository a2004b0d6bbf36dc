package driver_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// saysNo answers every request with a refusal, but loses the first answer if it is
// to.
type saysNo struct{ lose bool }

func (r *saysNo) RoundTrip(req *http.Request) (*http.Response, error) {
	if r.lose {
		r.lose = false
		return nil, errors.New("the connection is lost")
	}
	return &http.Response{StatusCode: 400, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{}`)), Request: req}, nil
}

func TestElsewhereReachesTheErrorUnlessAnAnswerWasLost(t *testing.T) {
	for lost, want := range map[bool]verify.Outcome{false: verify.ErrInvalidRecipient, true: verify.ErrOutcomeUnknown} {
		c, err := driver.New(driver.Config{
			Vendor: "example", BaseURL: "https://example.com", Client: &http.Client{Transport: &saysNo{lost}},
			ReadError: func(string, int, []byte) driver.Failure {
				return driver.Failure{Outcome: verify.ErrInvalidRecipient, Elsewhere: true}
			},
		})
		require.NoError(t, err)
		_, err = c.Do(t.Context(), driver.Call{Op: "send", Route: "/", Repeatable: true})
		var e *verify.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, want, e.Outcome)
		assert.Equal(t, !lost, e.Elsewhere, "nobody knows what became of a lost answer")
	}
}
