package driver

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/go2fa/verify"
)

// A Verdict is what a vendor answered to a check. The zero Verdict is
// unreadable, which becomes verify.ErrOutcomeUnknown: an answer that no line of
// a vendor's code expected is neither a yes nor a no.
type Verdict struct {
	answer       verdictAnswer
	subject      string
	outcome      verify.Outcome
	detail       string
	code         string
	attemptsLeft int
	retryAfter   time.Duration
}

type verdictAnswer int

const (
	unreadable verdictAnswer = iota
	approved
	denied
)

// Approved is the only yes. The subject is the recipient that the answer names,
// or "" if the vendor names none (see API.NamesSubject). A yes about somebody
// else is verify.ErrOutcomeUnknown.
func Approved(subject string) Verdict { return Verdict{answer: approved, subject: subject} }

// Denied is a no: verify.ErrMismatch, ErrNotPending, ErrTooManyAttempts or what
// else the vendor's answer means. An outcome that is none, as one from a map
// that does not hold the vendor's word, is verify.ErrOutcomeUnknown.
func Denied(outcome verify.Outcome) Verdict { return Verdict{answer: denied, outcome: outcome} }

// Failed is a no as an error's body has it, for a vendor that sends such a body in an
// answer of class 2xx too. The zero Failure is verify.ErrOutcomeUnknown.
func Failed(f Failure) Verdict {
	return Denied(f.Outcome).WithDetail(f.Detail).WithCode(f.Code).WithRetryAfter(f.RetryAfter)
}

// WithDetail adds what an operator should know, in our own words.
func (v Verdict) WithDetail(detail string) Verdict {
	v.detail = detail
	return v
}

// WithCode adds the vendor's own word or number for it.
func (v Verdict) WithCode(code string) Verdict {
	v.code = code
	return v
}

// WithAttemptsLeft says how many attempts an ErrMismatch leaves. Once none is left
// the outcome is ErrTooManyAttempts.
func (v Verdict) WithAttemptsLeft(n int) Verdict {
	v.attemptsLeft = n
	if v.answer == denied && v.outcome == verify.ErrMismatch && n <= 0 {
		v.outcome, v.attemptsLeft = verify.ErrTooManyAttempts, 0
	}
	return v
}

// WithRetryAfter says how long to wait.
func (v Verdict) WithRetryAfter(d time.Duration) Verdict {
	v.retryAfter = d
	return v
}

// denials are the outcomes that an answer of class 2xx may mean to a check.
var denials = [...]verify.Outcome{
	verify.ErrMismatch, verify.ErrNotPending, verify.ErrTooManyAttempts, verify.ErrTooManySends,
	verify.ErrInvalidRecipient, verify.ErrBlocked, verify.ErrUnauthorized, verify.ErrRejected,
	verify.ErrRateLimited, verify.ErrUnavailable,
}

// judge turns an answer into nil or an error.
func (a *API) judge(check Check, reply Reply, v Verdict, readErr error) error {
	unknown := func(detail string) error { return a.Client.Unknown("check", reply, detail) }
	switch {
	case readErr != nil:
		return unknown(readErr.Error())
	case v.answer == approved && v.subject == "" && a.NamesSubject:
		return unknown("the answer does not say whose code is right")
	case v.answer == approved && v.subject != "" && !a.isSubject(v.subject, check.To):
		return unknown("the answer speaks of another recipient")
	case v.answer == approved:
		return nil
	case v.answer != denied || !slices.Contains(denials[:], v.outcome):
		return unknown("the answer to the check is not one that is known")
	case reply.Repeated:
		return unknown(earlierLost)
	}
	return &verify.Error{
		Vendor: a.Capabilities.Vendor, Op: "check", Outcome: v.outcome, Detail: v.detail,
		HTTPStatus: reply.Status, VendorCode: cleanCode(v.code), RequestID: reply.RequestID,
		RetryAfter: cmp.Or(reply.RetryAfter, v.retryAfter), AttemptsLeft: v.attemptsLeft, Requests: reply.Requests,
	}
}

func (a *API) isSubject(subject, to string) bool {
	if a.IsSubject != nil {
		return a.IsSubject(subject, to)
	}
	return IsSubject(subject, to)
}

// IsSubject reports whether subject is the recipient: a phone number to the
// digit, with or without its plus, or an e-mail address in any case. Beyond ASCII
// letters have no case here: a Kelvin sign is no k, but somebody else's address.
func IsSubject(subject, to string) bool {
	if verify.IsPhone(to) {
		return strings.TrimPrefix(subject, "+") == to[1:]
	}
	return subject == to || verify.IsEmail(subject) && strings.EqualFold(subject, to)
}

// IsNearSubject is [IsSubject] for a vendor that may spell a number in another way than
// it was asked about, as one subscriber of Mexico or Argentina has two spellings: one is
// longer, and the calling codes and the last seven digits are the same.
func IsNearSubject(subject, to string) bool {
	if verify.IsPhone(subject) && verify.IsPhone(to) {
		return subject == to || len(subject) != len(to) &&
			subject[len(subject)-7:] == to[len(to)-7:] && verify.CallingCode(subject) == verify.CallingCode(to)
	}
	return verify.IsEmail(subject) && strings.EqualFold(subject, to)
}

// ChannelOf returns the channel that a vendor calls by a word, in any case, or "". The
// words are those of the vendor.
func ChannelOf(words map[verify.Channel]string, word string) verify.Channel {
	for channel, own := range words {
		if strings.EqualFold(own, word) {
			return channel
		}
	}
	return ""
}
