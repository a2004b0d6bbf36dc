package verifytest

import "github.com/go2fa/verify"

// A rule is what a scenario proves, in the words of a failure.
type rule string

const (
	answersInTime  rule = "R38: a call ends by its deadline, whatever the peer does"
	oneEffect      rule = "R74: one Send makes at most one request that can have an effect"
	noEffect       rule = "R43: what is refused makes no request"
	oneOutcome     rule = "R57: an error is one *verify.Error that matches exactly one outcome"
	private        rule = "R12, R57: no error and no receipt prints a recipient, a code, a credential or a URL"
	wellFormed     rule = "a receipt says which vendor accepted the message, and how it travels"
	sendsHealthy   rule = "a healthy vendor's acceptance is told as one"
	hintsAreFree   rule = "locale, client IP and another vendor's options are hints: they never refuse a call"
	onePhone       rule = "R32, R35: a recipient has one spelling; anything else is ErrInvalidRecipient"
	honorOrRefuse  rule = "an option is honored, or refused with ErrUnsupported"
	surelyNot      rule = "no connection: a vendor that was not reached did nothing: ErrUnavailable"
	throttled      rule = "short, long and bare throttle: a throttle is ErrRateLimited; nothing was done"
	waitIsCapped   rule = "long throttle: a wait beyond the cap is told at once, in RetryAfter"
	personsLimit   rule = "recipient's limit: this is ErrTooManySends, which no other vendor may lift"
	guards         rule = "guard: its refusal is ErrBlocked, which no other vendor may defeat"
	unreachableOne rule = "vendor's error: a recipient the vendor cannot reach is ErrInvalidRecipient"
	alarm          rule = "credentials: refused ones are ErrUnauthorized, and say nothing about a code"
	maybeSent      rule = "R76: a request that left and got no trustworthy answer is ErrOutcomeUnknown"
	notFollowed    rule = "R37: a redirect is not followed"
	honorsContext  rule = "R46: a context that has ended stops the call, as ErrUnavailable with its error inside"
	rightIsYes     rule = "the right code is approved"
	wrongIsNo      rule = "a wrong code is ErrMismatch, and the person may try again"
	onceOnly       rule = "R06: a code is accepted once"
	unsentIsNo     rule = "a code that was never sent is ErrNotPending"
	asciiDigits    rule = "R13, R14: a code is ASCII digits, and letters where Capabilities.Letters says so; anything else is ErrMismatch and reaches no vendor"
	bound          rule = "R15: a code works for the recipient and the scope it was sent to, and no other"
	expires        rule = "R05: a code dies after 10 minutes at most"
	notAsked       rule = "no connection: a vendor that was not reached compared nothing: ErrUnavailable"
	locked         rule = "R16, R22: after too many attempts even the right code is ErrTooManyAttempts"
	noFalseNo      rule = "R75, denial after a lost answer: an approval whose answer was lost is never told as a no"
	explicitYes    rule = "R40, R41: only an explicit yes that names the same subject approves"
	canceledIsGone rule = "a canceled code is worthless"
	cancelIsCalm   rule = "Cancel returns nil if nothing is pending"
	scopesApart    rule = "R15: a code sent in one scope does not check in another"
	linked         rule = "R67: a transaction is bound to its code: changing it makes the code worthless"
	oneWinner      rule = "R07: exactly one of several right Checks at once is approved"
	keyIsLong      rule = "an idempotency key that is short or malformed is ErrUnsupported"
	sameAnswer     rule = "a call with the idempotency key of an earlier one has no effect and gets its answer"
	arrivesWhole   rule = "the whole text that a messenger is given arrives, where it was to"
	honest         rule = "Capabilities say what Send and Check honor"
)

var outcomes = [...]verify.Outcome{
	verify.ErrMismatch, verify.ErrNotPending, verify.ErrTooManyAttempts, verify.ErrTooManySends,
	verify.ErrInvalidRecipient, verify.ErrBlocked, verify.ErrUnsupported, verify.ErrUnauthorized,
	verify.ErrRejected, verify.ErrRateLimited, verify.ErrUnavailable, verify.ErrOutcomeUnknown,
}
