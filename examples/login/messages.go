package main

import (
	"fmt"
	"time"

	"github.com/go2fa/verify"
)

// sendSentence tells a person what became of a message, and what to do.
func sendSentence(err error, by verify.Channel) string {
	switch verify.OutcomeOf(err) {
	case "":
		return sentSentence(by)
	case verify.ErrOutcomeUnknown:
		return "We do not know whether the code was sent. It may still arrive: wait a minute before you ask for another one."
	case verify.ErrTooManySends:
		if retryAfter(err) <= soon {
			return "Not yet: you can ask for another code in " + wait(err) + "."
		}
		return "No code was sent: too many were asked for. You can ask again in " + wait(err) + "."
	case verify.ErrTooManyAttempts:
		return "No code was sent: too many wrong ones were typed. You can ask again in " + wait(err) + "."
	case verify.ErrInvalidRecipient:
		return "No code was sent: this number cannot be reached this way. Choose another way, or another number."
	case verify.ErrBlocked:
		return "No code was sent: sending to this number is blocked. Please contact us."
	case verify.ErrRateLimited:
		return "No code was sent: we are sending very many at the moment. Please try again in " + wait(err) + "."
	case verify.ErrUnavailable:
		return "No code was sent: our provider cannot be reached. Please try again."
	case verify.ErrUnsupported, verify.ErrUnauthorized:
		return "No code was sent: something is wrong on our side, and trying again will not help. Please contact us."
	case verify.ErrRejected:
		return "No code was sent: our provider refused to. Please contact us."
	case verify.ErrMismatch, verify.ErrNotPending:
		return "No code was sent. Please start again."
	}
	return "We do not know whether the code was sent. It may still arrive."
}

// soon is as long as one waits for the next code when there were not too many.
const soon = 2 * time.Minute

// sentSentence says where the code is.
func sentSentence(by verify.Channel) string {
	switch by {
	case verify.ChannelVoice:
		return "Your phone will ring in a moment."
	case verify.ChannelApp:
		return "Nothing was sent: the code is in your Authy app."
	}
	return "A code is on its way."
}

// checkSentence tells a person what became of an attempt. Left is how many more
// there are on this code.
func checkSentence(err error, left int) string {
	switch verify.OutcomeOf(err) {
	case "":
		return "That is right."
	case verify.ErrMismatch:
		// Some vendors say no more of a code that has expired or was used.
		return "This code is wrong or too old. You have " + tries(left) + " left, or ask for a new one."
	case verify.ErrNotPending:
		return "This code has expired or was used before. Please ask for a new one."
	case verify.ErrTooManyAttempts:
		return "Too many wrong codes: even the right one is refused now. Please ask for a new one."
	case verify.ErrBlocked:
		return "Too many wrong codes for this account: no code opens it any more. A recovery code does, or contact us."
	case verify.ErrTooManySends, verify.ErrRateLimited:
		return "The code was not checked: we are checking very many at the moment. It is still good: please try again in " + wait(err) + "."
	case verify.ErrUnavailable:
		return "The code was not checked: our provider cannot be reached. It is still good: please try again."
	case verify.ErrInvalidRecipient, verify.ErrUnsupported, verify.ErrUnauthorized, verify.ErrRejected:
		return "The code was not checked: something is wrong on our side. Please contact us."
	case verify.ErrOutcomeUnknown:
		return "We do not know whether the code was right, because the answer of our provider was lost. Try it once more; if it is refused, ask for a new one."
	}
	return "The code was not checked. Please ask for a new one."
}

// wait says in words how long err asks to wait.
func wait(err error) string { return span(retryAfter(err)) }

// span says a time in words, rounded up, so that nobody comes back too early.
func span(d time.Duration) string {
	s := seconds(d)
	switch {
	case s == 1:
		return "1 second"
	case s < 100:
		return fmt.Sprintf("%d seconds", s)
	}
	return fmt.Sprintf("%d minutes", (s+59)/60)
}

func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

func tries(n int) string {
	if n == 1 {
		return "1 try"
	}
	return fmt.Sprintf("%d tries", n)
}

func day(t time.Time) string { return t.UTC().Format("2 Jan 2006") }

// refusal is a no of the site's own, in the words of the vendors.
func refusal(op string, kind verify.Outcome, after time.Duration) error {
	return &verify.Error{Vendor: "site", Op: op, Outcome: kind, RetryAfter: after}
}
