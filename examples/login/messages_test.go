package main

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify"
)

var outcomes = []verify.Outcome{
	verify.ErrMismatch, verify.ErrNotPending, verify.ErrTooManyAttempts, verify.ErrTooManySends, verify.ErrInvalidRecipient, verify.ErrBlocked,
	verify.ErrUnsupported, verify.ErrUnauthorized, verify.ErrRejected, verify.ErrRateLimited, verify.ErrUnavailable, verify.ErrOutcomeUnknown,
}

func TestEachOutcomeIsToldHonestly(t *testing.T) {
	for _, o := range outcomes {
		t.Run(string(o), func(t *testing.T) {
			err := refusal("send", o, 0)
			assert.NotEqual(t, sendSentence(nil), sendSentence(err))
			assert.NotEqual(t, checkSentence(nil, 0), checkSentence(err, 3))
			if o == verify.ErrOutcomeUnknown {
				assert.Contains(t, sendSentence(err), "may still arrive")
				assert.Contains(t, checkSentence(err, 3), "We do not know")
				return
			}
			assert.Contains(t, sendSentence(err), "No code was sent")
			assert.NotContains(t, checkSentence(err, 3), "We do not know")
		})
	}
}

func TestSentencesTellTheNextStep(t *testing.T) {
	tests := map[string]struct{ got, want string }{
		"one try left":              {checkSentence(verify.ErrMismatch, 1), "This code is wrong. You have 1 try left."},
		"three tries left":          {checkSentence(verify.ErrMismatch, 3), "This code is wrong. You have 3 tries left."},
		"expired":                   {checkSentence(verify.ErrNotPending, 0), "This code has expired or was used before. Please ask for a new one."},
		"vendor down, nothing lost": {checkSentence(verify.ErrUnavailable, 3), "The code was not checked: our provider cannot be reached. It is still good: please try again."},
		"too soon":                  {sendSentence(refusal("send", verify.ErrTooManySends, 29*time.Second+1)), "No code was sent: you have asked for too many. You can ask again in 30 seconds."},
		"too often":                 {sendSentence(refusal("send", verify.ErrTooManySends, 9*time.Minute+1)), "No code was sent: you have asked for too many. You can ask again in 10 minutes."},
		"an error of a stranger":    {sendSentence(errors.New("boom")), sendSentence(verify.ErrOutcomeUnknown)},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tc.want, tc.got) })
	}
}
