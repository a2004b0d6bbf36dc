package otp

import (
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go2fa/verify"
)

// A Template is the text of messages in one language. Its placeholders are
// {code}, exactly once and with neither a letter nor a digit beside it, and
// {product}. It holds no control characters but line feeds and no line for
// browsers or phones to read: that is [Config].Origin or AppHash.
type Template struct {
	// Code is the text of a message. Required.
	Code string

	// Transaction is the text of a message with [verify.WithTransaction], where
	// {amount} and {payee} stand exactly once too. Defaults to the one that this
	// module has for the language, or else to that of [Config].Locale.
	Transaction string
}

type slot string

// What a template leaves open. {product} is filled in by New.
const (
	slotCode   slot = "{code}"
	slotAmount slot = "{amount}"
	slotPayee  slot = "{payee}"
)

// A text is a template taken apart. The product is part of its literals.
type text []part

type part struct {
	literal string
	slot    slot // follows the literal; empty at the end
}

// compile takes a template apart. It refuses one in which any of slots does not
// stand exactly once, or anything else stands in braces.
func compile(template, product string, slots ...slot) (text, error) {
	if err := checkLiteral(template); err != nil {
		return nil, err
	}
	if product == "" && strings.Contains(template, "{product}") {
		return nil, errors.New("{product} stands in it, but Product is empty")
	}
	t := split(strings.ReplaceAll(template, "{product}", "\x00"), product)
	for _, s := range slots {
		if strings.Count(template, string(s)) != 1 {
			return nil, errors.New(string(s) + " must stand in it exactly once")
		}
	}
	unknown := slices.ContainsFunc(t, func(p part) bool { return p.slot != "" && !slices.Contains(slots, p.slot) })
	if unknown || strings.Count(template, "{") != strings.Count(template, "}") {
		return nil, errors.New("braces are for {code}, {product}, and in Transaction {amount} and {payee}")
	}
	return t, t.check()
}

func checkLiteral(s string) error {
	if !utf8.ValidString(s) {
		return errors.New("it must be UTF-8")
	}
	for _, r := range s {
		if r != '\n' && !unicode.IsPrint(r) {
			return errors.New("it must hold no control characters but line feeds")
		}
	}
	return nil
}

// split cuts a template behind each closing brace. The product goes in after,
// so that a brace in it is a letter like others.
func split(template, product string) text {
	var t text
	for template != "" || len(t) == 0 || t[len(t)-1].slot != "" {
		literal, rest, open := strings.Cut(template, "{")
		p := part{literal: strings.ReplaceAll(literal, "\x00", product)}
		template = ""
		if open {
			name, after, _ := strings.Cut(rest, "}")
			p.slot, template = slot("{"+name+"}"), after
		}
		t = append(t, p)
	}
	return t
}

// check looks at a sample: what a person, a browser or a phone shall find must
// not depend on which code it is.
func (t text) check() error {
	sample, from, to := t.render(nil, []byte("000000"), verify.Transaction{Amount: "0", Payee: "0"}, false)
	before, _ := utf8.DecodeLastRune(sample[:from])
	after, _ := utf8.DecodeRune(sample[to:])
	if isWord(before) || isWord(after) {
		return errors.New("neither a letter nor a digit nor a placeholder may stand beside {code}")
	}
	if bindsOrigin(sample) {
		return errors.New("the line for browsers is made by Origin")
	}
	return nil
}

// isWord leaves letters of scripts without spaces out: a code between two of
// them is still seen to be one.
func isWord(r rune) bool {
	return unicode.IsNumber(r) || 'a' <= r|0x20 && r|0x20 <= 'z'
}

// render appends the text to b and says where in it the code stands.
func (t text) render(b, code []byte, tx verify.Transaction, spoken bool) (text []byte, from, to int) {
	for _, p := range t {
		b = append(b, p.literal...)
		switch p.slot {
		case slotCode:
			from = len(b)
			b = appendCode(b, code, spoken)
			to = len(b)
		case slotAmount:
			b = append(b, tx.Amount...)
		case slotPayee:
			b = append(b, tx.Payee...)
		}
	}
	return b, from, to
}

// appendCode sets the digits of a spoken code apart, so that a voice reads them
// one by one.
func appendCode(b, code []byte, spoken bool) []byte {
	for i, digit := range code {
		if spoken && i > 0 {
			b = append(b, ", "...)
		}
		b = append(b, digit)
	}
	return b
}
