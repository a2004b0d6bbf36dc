package sent_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/sent"
)

func TestWhatAFailedSendSays(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		err     error
		may     bool
		notSent bool
	}{
		"unavailable":                   {verify.ErrUnavailable, true, true},
		"rate limited":                  {verify.ErrRateLimited, true, true},
		"unauthorized":                  {verify.ErrUnauthorized, true, true},
		"of a vendor":                   {&verify.Error{Vendor: "toy", Outcome: verify.ErrUnavailable}, true, true},
		"sent":                          {nil, false, false},
		"unknown":                       {verify.ErrOutcomeUnknown, false, false},
		"a limit of the recipient":      {verify.ErrTooManySends, false, true},
		"a guard":                       {verify.ErrBlocked, false, true},
		"a bad recipient":               {verify.ErrInvalidRecipient, false, true},
		"a setting":                     {verify.ErrRejected, false, true},
		"an option":                     {verify.ErrUnsupported, false, true},
		"a wrong code":                  {verify.ErrMismatch, false, false},
		"no code":                       {verify.ErrNotPending, false, false},
		"too many attempts":             {verify.ErrTooManyAttempts, false, false},
		"a stranger's":                  {errors.New("stranger"), false, false},
		"unavailable, or nobody knows":  {errors.Join(verify.ErrUnavailable, verify.ErrOutcomeUnknown), false, false},
		"nobody knows, or it was never": {errors.Join(verify.ErrOutcomeUnknown, verify.ErrUnavailable), false, false},
	} {
		assert.Equal(t, tc.may, sent.MaySend(tc.err), name)
		assert.Equal(t, tc.notSent, sent.Nothing(tc.err), name)
	}
}
