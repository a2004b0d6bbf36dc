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
			assert.NotEqual(t, sendSentence(nil, verify.ChannelSMS), sendSentence(err, verify.ChannelSMS))
			assert.NotEqual(t, checkSentence(nil, 0), checkSentence(err, 3))
			if o == verify.ErrOutcomeUnknown {
				assert.Contains(t, sendSentence(err, verify.ChannelSMS), "may still arrive")
				assert.Contains(t, checkSentence(err, 3), "We do not know")
				return
			}
			assert.Regexp(t, "^(No code was sent|Not yet)", sendSentence(err, verify.ChannelSMS))
			assert.NotContains(t, checkSentence(err, 3), "We do not know")
		})
	}
}

func TestSentencesTellTheNextStep(t *testing.T) {
	tests := map[string]struct{ got, want string }{
		"one try left":              {checkSentence(verify.ErrMismatch, 1), "This code is wrong or too old. You have 1 try left, or ask for a new one."},
		"three tries left":          {checkSentence(verify.ErrMismatch, 3), "This code is wrong or too old. You have 3 tries left, or ask for a new one."},
		"expired":                   {checkSentence(verify.ErrNotPending, 0), "This code has expired or was used before. Please ask for a new one."},
		"vendor down, nothing lost": {checkSentence(verify.ErrUnavailable, 3), "The code was not checked: our provider cannot be reached. It is still good: please try again."},
		"too soon":                  {sendSentence(refusal("send", verify.ErrTooManySends, 22*time.Second+1), ""), "Not yet: you can ask for another code in 23 seconds."},
		"too often":                 {sendSentence(refusal("send", verify.ErrTooManySends, 9*time.Minute+1), ""), "No code was sent: too many were asked for. You can ask again in 10 minutes."},
		"an error of a stranger":    {sendSentence(errors.New("boom"), ""), sendSentence(verify.ErrOutcomeUnknown, "")},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tc.want, tc.got) })
	}
}
