package emulator

import (
	"iter"
	"reflect"
	"strings"
)

// A Fact is what a vendor's documentation says about one question, in our words.
// The zero Fact says that no source answers the question.
type Fact struct {
	Is  string // "5 wrong codes"
	URL string // where the documentation says so; https
}

// NotDocumented is what a zero [Fact] reads as.
const NotDocumented = "not documented"

// String returns what the fact is, or [NotDocumented].
func (f Fact) String() string {
	if f.Is == "" {
		return NotDocumented
	}
	return f.Is
}

// Facts are what a vendor documents about one of its products: what pages about
// vendors are made of, and what an emulator has to do.
type Facts struct {
	Scheme  string // what stands in front of "://" in a DSN: "twilio"
	Product string // the vendor's own name: "Twilio Verify v2"

	Maker     Fact // who makes and checks the code
	Digits    Fact // how long a code may be, and who chooses
	Lifetime  Fact // how long a code works
	SecondOne Fact // what a second send does with the first code
	Wrong     Fact // what the answer to a wrong code looks like
	Used      Fact // what the answer to a used code looks like
	Gone      Fact // what the answer looks like if the code expired or none was sent
	Attempts  Fact // how many wrong codes are allowed
	Sends     Fact // how many sends to one recipient are allowed
	Throttle  Fact // how the account is throttled
	Repeat    Fact // whether a repeated send is recognised, by an idempotency key
	Cancel    Fact // whether a pending code can be canceled
	Reports   Fact // how delivery reports are signed
	End       Fact // when the vendor ends the product, or a part of it
}

// All returns the facts by their questions, in a fixed order.
func (f Facts) All() iter.Seq2[string, Fact] {
	return func(yield func(string, Fact) bool) {
		for _, q := range []struct {
			question string
			fact     Fact
		}{
			{"who makes the code", f.Maker},
			{"length of a code", f.Digits},
			{"life of a code", f.Lifetime},
			{"a second send", f.SecondOne},
			{"a wrong code", f.Wrong},
			{"a used code", f.Used},
			{"an expired code, or none sent", f.Gone},
			{"wrong codes allowed", f.Attempts},
			{"sends allowed", f.Sends},
			{"throttle", f.Throttle},
			{"a repeated send", f.Repeat},
			{"cancel", f.Cancel},
			{"delivery reports", f.Reports},
			{"end", f.End},
		} {
			if !yield(q.question, q.fact) {
				return
			}
		}
	}
}

// ReadFacts reads a [Table] of facts, mostly an embedded file: a line for each field
// of [Facts], with its name, what it is and, but for Scheme and Product, where the
// documentation says so. What is left out is not documented.
//
//	Scheme pigeon
//	Product Pigeon
//	Digits always 6 https://pigeon.example/docs
//
// It panics if a line names no field, has no source, or if there is no Scheme.
func ReadFacts(text string) (f Facts) {
	v := reflect.ValueOf(&f).Elem()
	for name, value := range Table(text) {
		field := v.FieldByName(name)
		if !field.IsValid() {
			panic("emulator: there is no fact called " + name)
		}
		end := strings.LastIndexByte(value, ' ')
		switch sourced := strings.HasPrefix(value[end+1:], "https://"); {
		case field.Kind() == reflect.String:
			field.SetString(value)
		case end < 0 || !sourced:
			panic("emulator: the fact " + name + " has no source")
		default:
			field.Set(reflect.ValueOf(Fact{value[:end], value[end+1:]}))
		}
	}
	if f.Scheme == "" || f.Product == "" {
		panic("emulator: facts need a Scheme and a Product")
	}
	return f
}
