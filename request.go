package verify

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
)

// Limits of what any vendor is asked, in bytes or digits.
const (
	maxScope = 64
	minCode  = 4
	maxCode  = 10

	minIdempotencyKey = 22 // 128 bits in base64url
	maxIdempotencyKey = 64
)

// Capabilities says what a vendor honors. It is also how a vendor resolves and
// refuses arguments, in one place: every Send opens with SendRequest and every
// Check with CheckRequest. Its slices are shared: do not change them.
type Capabilities struct {
	Vendor        string
	Channels      []Channel // never empty; the first one for phones is the default, email for an address
	MinDigits     int       // what WithDigits accepts; equal to MaxDigits: fixed; both zero: WithDigits is refused
	MaxDigits     int
	DefaultDigits int      // zero if unknown
	Scopes        []string // scopes accepted besides the empty one ...
	MaxScope      int      // ... or, above zero, any scope of at most so many bytes
	Transaction   bool     // honored on Send and Check
	Locale        bool     // used as a hint
	ClientIP      bool     // used as a hint
	Letters       bool     // codes may hold ASCII letters, which the vendor compares as typed; Digits are then characters
	Accounts      bool     // Check takes account ids in place of recipients, and nothing is sent: see IsAccount

	// IdempotencyKey says that a call with the key of an earlier one gets its answer;
	// without it WithIdempotencyKey is a hint.
	IdempotencyKey bool
}

// A SendRequest is a validated Send with defaults applied. A zero field leaves the
// choice to the vendor. It is for authors of vendors.
type SendRequest struct {
	To          string
	Channel     Channel
	Scope       string
	Digits      int // zero if the length is unknown
	Locale      string
	ClientIP    netip.Addr
	Transaction Transaction

	// IdempotencyKey is the caller's, or empty. It goes into no log and to no vendor.
	IdempotencyKey string

	asked   bool // Channel was given, and is not the default
	bound   bool // a transaction was given, even an empty one
	keyed   bool // an idempotency key was given, even an empty one
	options []any
}

// ChannelAsked reports whether the caller asked for Channel. If not, it is the first
// one that fits the recipient, and a composite may use another.
func (r SendRequest) ChannelAsked() bool { return r.asked }

// A CheckRequest is one Check, resolved. It is for authors of vendors.
type CheckRequest struct {
	To          string
	Code        string
	Scope       string
	Transaction Transaction

	// IdempotencyKey is the caller's, or empty. It goes into no log and to no vendor.
	IdempotencyKey string

	bound   bool
	keyed   bool
	account bool
}

// SendRequest resolves the arguments of one Send, or refuses them with an
// [*Error] before any request is made.
func (c Capabilities) SendRequest(to string, opts ...SendOption) (SendRequest, error) {
	r := SendRequest{To: to}
	for _, o := range opts {
		if o != nil {
			r = o.applySend(r)
		}
	}
	if r.asked = r.Channel != ""; !r.asked {
		r.Channel = c.defaultChannel(to)
	}
	r.Locale = cleanLocale(r.Locale)
	r.Transaction = r.Transaction.fold()
	if kind, detail := c.refuseSend(r); kind != "" {
		return SendRequest{}, c.refusal("send", kind, detail)
	}
	if r.Digits == 0 {
		r.Digits = c.DefaultDigits
	}
	return r, nil
}

// CheckRequest resolves the arguments of one Check, or refuses them with an
// [*Error] before any request is made. A code of the wrong form is
// [ErrMismatch]: it cannot be the one that was sent.
func (c Capabilities) CheckRequest(to, code string, opts ...CheckOption) (CheckRequest, error) {
	r, err := c.SubjectRequest("check", to, opts...)
	if err != nil {
		return CheckRequest{}, err
	}
	if !c.isCode(code) {
		return CheckRequest{}, c.refusal("check", ErrMismatch, "the code must be "+c.codeRule())
	}
	r.Code = code
	return r, nil
}

// SubjectRequest resolves the arguments of a call that names a verification
// without a code: Cancel, or a vendor's own such as Fetch. It refuses them with
// an [*Error] of this op before any request is made.
func (c Capabilities) SubjectRequest(op, to string, opts ...CheckOption) (CheckRequest, error) {
	r := CheckRequest{To: to, account: c.Accounts}
	for _, o := range opts {
		if o != nil {
			r = o.applyCheck(r)
		}
	}
	r.Transaction = r.Transaction.fold()
	kind, detail := c.refuseSubject(to, r.Scope, r.Transaction, r.bound)
	if kind == "" && r.keyed {
		kind, detail = refuseKey(r.IdempotencyKey)
	}
	if kind != "" {
		return CheckRequest{}, c.refusal(op, kind, detail)
	}
	return r, nil
}

func (c Capabilities) refusal(op string, kind Outcome, detail string) *Error {
	return &Error{Vendor: c.Vendor, Op: op, Outcome: kind, Detail: detail}
}

// defaultChannel is the first channel that can reach to.
func (c Capabilities) defaultChannel(to string) Channel {
	email := IsEmail(to)
	for _, ch := range c.Channels {
		if (ch == ChannelEmail) == email {
			return ch
		}
	}
	return ""
}

// refuseSend returns the zero Outcome if the vendor can honor r.
func (c Capabilities) refuseSend(r SendRequest) (Outcome, string) {
	if kind, detail := c.refuseSubject(r.To, r.Scope, r.Transaction, r.bound); kind != "" {
		return kind, detail
	}
	switch {
	case r.Channel == ChannelApp || !slices.Contains(c.Channels, r.Channel):
		return ErrUnsupported, "this channel is not offered" + c.channelList(r.To)
	case (r.Channel == ChannelEmail) != IsEmail(r.To):
		return ErrInvalidRecipient, "the channel does not fit the recipient"
	case r.Digits != 0 && (r.Digits < c.MinDigits || r.Digits > c.MaxDigits):
		return ErrUnsupported, c.digitsRule()
	case r.keyed:
		return refuseKey(r.IdempotencyKey)
	}
	return "", ""
}

// refuseKey refuses a key that was forgotten, and one that could be guessed.
func refuseKey(key string) (Outcome, string) {
	if len(key) < minIdempotencyKey || len(key) > maxIdempotencyKey || !every(key, isScopeByte) {
		return ErrUnsupported, "an idempotency key is 22 to 64 of [A-Za-z0-9._:-], made at random on the server"
	}
	return "", ""
}

// refuseSubject refuses what Send and Check have in common.
func (c Capabilities) refuseSubject(to, scope string, t Transaction, bound bool) (Outcome, string) {
	switch {
	case c.Accounts && !IsAccount(to):
		return ErrInvalidRecipient, "an account id is 1 to 128 bytes of valid UTF-8 without control characters"
	case c.Accounts:
	case !IsPhone(to) && !IsEmail(to):
		return ErrInvalidRecipient, "the recipient is neither a phone number in E.164 form nor an e-mail address"
	case IsPhone(to) && PhoneFault(to) != "":
		return ErrInvalidRecipient, PhoneFault(to)
	case c.defaultChannel(to) == "":
		return ErrInvalidRecipient, "no channel is offered for this kind of recipient"
	}
	switch {
	case scope != "" && !IsScope(scope):
		return ErrUnsupported, "a scope is 1 to 64 of [A-Za-z0-9._:-]"
	case scope != "" && !c.hasScope(scope):
		return ErrUnsupported, c.scopeRule()
	case bound && !c.Transaction:
		return ErrUnsupported, "an amount and a payee cannot be bound to the code"
	case bound && (!isTransactionText(t.Amount) || !isTransactionText(t.Payee)):
		return ErrUnsupported, "an amount and a payee are each 1 to 70 characters of printable text in one line"
	}
	return "", ""
}

func (c Capabilities) hasScope(scope string) bool {
	if len(scope) <= c.MaxScope {
		return true
	}
	_, found := slices.BinarySearch(c.Scopes, scope)
	return found || slices.Contains(c.Scopes, scope) // a stranger's need not be sorted
}

// channelList names what can be asked for this kind of recipient.
func (c Capabilities) channelList(to string) string {
	var names []string
	for _, ch := range c.Channels {
		if ch != ChannelApp && (ch == ChannelEmail) == IsEmail(to) {
			names = append(names, string(ch))
		}
	}
	if names == nil {
		return ""
	}
	return ": ask for " + orList(names)
}

func (c Capabilities) scopeRule() string {
	switch {
	case c.MaxScope > 0:
		return fmt.Sprintf("the scope is too long: at most %d characters", c.MaxScope)
	case len(c.Scopes) > 0:
		return "the scope is not configured: use " + orList(c.Scopes) + ", or none"
	}
	return "no scope is offered: leave WithScope out"
}

func (c Capabilities) digitsRule() string {
	switch {
	case c.MaxDigits == 0:
		return "the number of digits cannot be chosen"
	case c.MinDigits == c.MaxDigits:
		return fmt.Sprintf("the number of digits is always %d, as the vendor is configured", c.MaxDigits)
	}
	return fmt.Sprintf("the number of digits must be %d to %d", c.MinDigits, c.MaxDigits)
}

// codeLength is the range in which a typed code must lie.
func (c Capabilities) codeLength() (least, most int) {
	if c.MaxDigits == 0 {
		return minCode, maxCode
	}
	return c.MinDigits, c.MaxDigits
}

func (c Capabilities) codeRule() string {
	least, most := c.codeLength()
	of := " digits"
	if c.Letters {
		of = " ASCII letters and digits"
	}
	if least == most {
		return strconv.Itoa(most) + of
	}
	return fmt.Sprintf("%d to %d%s", least, most, of)
}

func (c Capabilities) isCode(code string) bool {
	least, most := c.codeLength()
	if len(code) < least || len(code) > most {
		return false
	}
	if c.Letters {
		return every(code, isAlphanumeric)
	}
	return allDigits(code)
}

// allDigits knows ASCII digits only: unicode.IsDigit and strconv accept a dozen
// other spellings, each a second key to the same door.
func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// Format shows the recipient masked and hides the rest, under every verb.
func (r SendRequest) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "verify.SendRequest{To: %s, Channel: %s, Scope: %q, Digits: %d}",
		Mask(r.To), r.Channel, r.Scope, r.Digits)
}

// MarshalJSON writes what Format shows.
func (r SendRequest) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{
		"to": Mask(r.To), "channel": r.Channel, "scope": r.Scope, "digits": r.Digits,
	})
}

// Format shows the recipient masked and hides the code, under every verb.
func (r CheckRequest) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "verify.CheckRequest{To: %s, Scope: %q}", r.shown(), r.Scope)
}

// shown is what may be printed of whom: nothing of an account, which may look like
// a number.
func (r CheckRequest) shown() string {
	if r.account {
		return "…"
	}
	return Mask(r.To)
}

// MarshalJSON writes what Format shows.
func (r CheckRequest) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]any{"to": r.shown(), "scope": r.Scope})
}
