package verify

import (
	"fmt"
	"net/netip"
)

// A SendOption changes what one Send asks for. Options are comparable values,
// so that WithScope("a") == WithScope("a") and a mock can match them.
type SendOption interface {
	applySend(SendRequest) SendRequest // by value: a request need not leave the stack
}

// A CheckOption changes what one Check asks for.
type CheckOption interface {
	applyCheck(CheckRequest) CheckRequest
}

// An Option serves both: [WithScope], [WithTransaction], [WithIdempotencyKey].
type Option interface {
	SendOption
	CheckOption
}

// WithScope keeps codes apart by what they are for: a code sent in scope
// "login" does not check in scope "payment". A scope is 1 to 64 of
// [A-Za-z0-9._:-]. Without this option the scope is the empty one. A vendor that cannot
// keep the scope apart refuses it with [ErrUnsupported].
func WithScope(scope string) Option { return scopeOption(scope) }

// WithTransaction binds the code to an amount and a payee, both shown to the
// person and both required again at Check: changing either makes the code
// worthless (PSD2 dynamic linking, RTS 2018/389 Art. 5). Each is 1 to 70
// characters of printable UTF-8 in one line, in the words that the person reads:
// "EUR 39.99", "Acme". What a formatter of money makes for any language fits as
// it is: spaces of every kind become U+0020, at Send and at Check. Anything else,
// and a vendor that cannot bind them, is refused with [ErrUnsupported].
func WithTransaction(amount, payee string) Option {
	return transactionOption{Transaction{amount, payee}}
}

// WithIdempotencyKey names one call, so that a form that is submitted twice gets one
// answer: for two minutes a Send with the key of an earlier one delivers nothing and
// returns its receipt, with [Receipt].Repeated, and a Check gets the answer of the
// first. Another recipient, scope or transaction, and at Check another code, is
// another call: it is charged and compared.
//
// A key is 22 to 64 of [A-Za-z0-9._:-]; any other is refused with [ErrUnsupported].
// Make it on the server, from at least 128 random bits (crypto/rand.Text does), anew
// for each form that is shown, and keep it in the session of that browser. Never take
// one from a browser: who knows a person's key may repeat that person's yes. For the
// same reason a yes that was repeated must not start a second session: tie it to the
// session that holds the form.
//
// A Verifier whose [Capabilities] say IdempotencyKey honors it. For every other one it
// is a hint. It is never logged and never sent to a vendor.
func WithIdempotencyKey(key string) Option { return idempotencyOption{key} }

// WithChannel asks for one channel. Without it, or with "", the first channel
// of the vendor's [Capabilities] for phones is used, and email for an e-mail
// address. A vendor that does not offer the channel refuses it with
// [ErrUnsupported].
func WithChannel(c Channel) SendOption { return channelOption(c) }

// WithDigits asks for a code of n digits; zero leaves it to the vendor. A vendor
// that cannot send this length refuses it with [ErrUnsupported]. Fewer than six
// digits are easier to attempt than NIST SP 800-63B-4 section 3.1.3.2 allows.
func WithDigits(n int) SendOption { return digitsOption(n) }

// WithLocale is a hint for the language of the message, as a BCP 47 tag: "da",
// "pt-BR". What devices and browsers say is understood as well: "en_US",
// "de_DE.UTF-8", "en-US,en;q=0.9", of which the most wanted language counts. It
// never fails a Send: a tag that names no language is left out, and a vendor that
// does not know the language, or has no such choice, uses its own default.
func WithLocale(tag string) SendOption { return localeOption(tag) }

// WithClientIP is a hint for a vendor's fraud guard: the address of the person
// who asked for the code, as the application itself saw it. The zero Addr means
// that it is unknown. A vendor that has no use for it is not sent it.
func WithClientIP(addr netip.Addr) SendOption {
	return clientIPOption{addr.Unmap().WithZone("")}
}

// VendorOption makes an option of one vendor's package. Only that vendor reads
// it; every other skips it, so it survives a swap and a failover. It is for
// authors of vendors. Maps do not compile: a key and its value are one option,
// given as often as needed.
func VendorOption[T comparable](vendor string, value T) SendOption {
	return vendorOption[T]{vendor, value}
}

// VendorOptions returns the values of type T addressed to vendor, in order.
func VendorOptions[T comparable](r SendRequest, vendor string) []T {
	var values []T
	for _, o := range r.options {
		if o, ok := o.(vendorOption[T]); ok && o.vendor == vendor {
			values = append(values, o.value)
		}
	}
	return values
}

type (
	scopeOption         string
	channelOption       Channel
	digitsOption        int
	localeOption        string
	transactionOption   struct{ transaction Transaction }
	clientIPOption      struct{ addr netip.Addr }
	idempotencyOption   struct{ key string }
	vendorOption[T any] struct {
		vendor string
		value  T
	}
)

func (o scopeOption) applySend(r SendRequest) SendRequest {
	r.Scope = string(o)
	return r
}

func (o scopeOption) applyCheck(r CheckRequest) CheckRequest {
	r.Scope = string(o)
	return r
}

func (o channelOption) applySend(r SendRequest) SendRequest {
	r.Channel = Channel(o)
	return r
}

func (o digitsOption) applySend(r SendRequest) SendRequest {
	r.Digits = int(o)
	return r
}

func (o localeOption) applySend(r SendRequest) SendRequest {
	r.Locale = string(o)
	return r
}

func (o clientIPOption) applySend(r SendRequest) SendRequest {
	r.ClientIP = o.addr
	return r
}

func (o transactionOption) applySend(r SendRequest) SendRequest {
	r.Transaction, r.bound = o.transaction, true
	return r
}

func (o transactionOption) applyCheck(r CheckRequest) CheckRequest {
	r.Transaction, r.bound = o.transaction, true
	return r
}

func (o idempotencyOption) applySend(r SendRequest) SendRequest {
	r.IdempotencyKey, r.keyed = o.key, true
	return r
}

func (o idempotencyOption) applyCheck(r CheckRequest) CheckRequest {
	r.IdempotencyKey, r.keyed = o.key, true
	return r
}

func (o vendorOption[T]) applySend(r SendRequest) SendRequest {
	r.options = append(r.options[:len(r.options):len(r.options)], o)
	return r
}

const hidden = "[hidden]"

// Format hides the amount and the payee under every verb.
func (transactionOption) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte("verify.WithTransaction(" + hidden + ")"))
}

// Format hides the address, which is personal data, under every verb.
func (clientIPOption) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte("verify.WithClientIP(" + hidden + ")"))
}

// Format hides the key, under every verb: it repeats a person's yes.
func (idempotencyOption) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte("verify.WithIdempotencyKey(" + hidden + ")"))
}

// Format hides the value, which may name a person, under every verb.
func (o vendorOption[T]) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "verify.VendorOption(%q, %s)", o.vendor, hidden)
}
