package vendors

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/otp"
)

// anyName stands in a key for a name of the user's own choice.
const anyName = "NAME"

// A setting is one line of a vendor's table: docs/dsn.md is made of them.
type setting[C any] struct {
	key      string // "digits", or "scope.NAME.digits"
	also     string // a second spelling
	required bool
	fallback string // what holds without it, in words
	example  string
	doc      string
	set      func(to *C, name, value string) error // its errors say what the value must be
}

// A vendor is one scheme: its table of settings and what to make of them. C
// holds all that a DSN of this scheme can say.
type vendor[C any] struct {
	scheme           string
	doc              string
	user, pass, host string            // the keys that these parts stand for; empty: refused
	ended            map[string]string // keys that are no more: what to do instead
	settings         []setting[C]
	engine           []setting[C] // of a messenger: those of the engine over it
	make             func(C, options) (verify.Verifier, error)
	messenger        func(C, options) (otp.Messenger, error) // nil: makes the code itself
}

func (v vendor[C]) name() string { return v.scheme }

// common are the settings that every scheme has.
func common[C any]() []setting[C] {
	return []setting[C]{{
		key: "name", fallback: "the scheme", example: "main",
		doc: "Names this backend of a failover: 1 to 64 of `[A-Za-z0-9._:-]`.",
		set: func(_ *C, _, value string) error {
			if !verify.IsScope(value) {
				return errors.New("must be " + nameRule)
			}
			return nil
		},
	}}
}

const nameRule = "1 to 64 of [A-Za-z0-9._:-]"

func (v vendor[C]) table() []setting[C] {
	return slices.Concat(v.settings, v.engine, common[C]())
}

// intoText, intoNumber, intoTime and intoFlag say where a value lands.
func intoText[C any](field func(*C) *string) func(*C, string, string) error {
	return func(to *C, _, value string) error {
		*field(to) = value
		return nil
	}
}

func intoNumber[C any](field func(*C) *int) func(*C, string, string) error {
	return func(to *C, _, value string) (err error) {
		*field(to), err = parseNumber(value)
		return err
	}
}

func intoTime[C any](field func(*C) *time.Duration) func(*C, string, string) error {
	return func(to *C, _, value string) (err error) {
		*field(to), err = parseTime(value)
		return err
	}
}

func intoFlag[C any](field func(*C) *bool) func(*C, string, string) error {
	return func(to *C, _, value string) (err error) {
		*field(to), err = parseFlag(value)
		return err
	}
}

// find returns the setting that key means, and the name within key. Of several
// the one with the longest ending is meant, be it that of a name or not: see
// docs/dsn.md, "Scopes with dots".
func find[C any](table []setting[C], key string) (found setting[C], name string, ok bool) {
	longest := -1
	for _, s := range table {
		for _, form := range []string{s.key, s.also} {
			head, tail, wild := strings.Cut(form, anyName)
			switch {
			case form != "" && form == key && !wild:
				return s, "", true
			case wild && len(tail) > longest && len(key) > len(head)+len(tail) &&
				strings.HasPrefix(key, head) && strings.HasSuffix(key, tail):
				found, name, ok = s, key[len(head):len(key)-len(tail)], true
				longest = len(tail)
			}
		}
	}
	return found, name, ok
}
