package text

import (
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go2fa/verify"
)

// A Template is the text of messages in one language. Its placeholders are
// {code}, exactly once, and {product}.
//
// The code must stand by itself, or phones fill in more than the code: with no
// letter or digit beside it, none behind a hyphen beside it ("G-{code}"), and no
// second run of 4 to 10 digits in the text. Invisible characters are refused but
// for line feeds, no-break spaces, joiners between letters and direction marks. A
// line for browsers or phones to read is made by Origin or AppHash of the Config.
//
// One character that is not in GSM-7, such as a no-break space, makes a message of
// more than 70 characters several parts: see [Segments].
type Template struct {
	// Code is the text of a message. Required.
	Code string `named:"code,self" example:"{code}%20is%20your%20code"`

	// Transaction is the text of a message with [verify.WithTransaction], where
	// {amount} and {payee} stand exactly once too. Defaults to the one that this
	// module has for the language, or else to that of the Config's Locale.
	Transaction string `named:"transaction" example:"{code}%20pays%20{amount}%20to%20{payee}"`
}

type slot string

// What a template leaves open. {product} is filled in by New.
const (
	slotCode   slot = "{code}"
	slotAmount slot = "{amount}"
	slotPayee  slot = "{payee}"
)

// A form is a template taken apart. The product is part of its literals.
type form []part

type part struct {
	literal string
	slot    slot // follows the literal; empty at the end
}

// compile takes a template apart. It refuses one in which any of slots does not
// stand exactly once, or anything else stands in braces.
func compile(template, product string, slots ...slot) (form, error) {
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

// split cuts a template behind each closing brace. The product goes in after,
// so that a brace in it is a letter like others.
func split(template, product string) form {
	var t form
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

// check looks at a sample: what a person, a browser or a phone finds in a message
// must not depend on which code it is.
func (t form) check() error {
	sample, from, to := t.render(nil, []byte("000000"), verify.Transaction{Amount: "0", Payee: "0"}, false)
	before, _ := utf8.DecodeLastRune(sample[:from])
	after, _ := utf8.DecodeRune(sample[to:])
	switch {
	case isWord(before) || isWord(after):
		return errors.New("neither a letter nor a digit nor a placeholder may stand beside {code}")
	case isHyphened(sample[:from], sample[to:]):
		return errors.New("a hyphen between {code} and a letter or digit makes phones fill in both: put a space there")
	case bindsOrigin(sample):
		return errors.New("the line for browsers is made by Origin")
	}
	for _, p := range t {
		if holdsCodeLike(p.literal) {
			return errors.New("a phone may take the other run of 4 to 10 digits in it for the code: leave that out")
		}
	}
	return nil
}

// isWord leaves letters of scripts without spaces out: a code between two of
// them is still seen to be one.
func isWord(r rune) bool {
	return unicode.IsNumber(r) || 'a' <= r|0x20 && r|0x20 <= 'z'
}

// isHyphened reports whether a hyphen or an underscore ties what stands around a
// code to a letter or a digit.
func isHyphened(before, after []byte) bool {
	tie, size := utf8.DecodeLastRune(before)
	beyond, _ := utf8.DecodeLastRune(before[:len(before)-size])
	if isTie(tie) && isTied(beyond) {
		return true
	}
	tie, size = utf8.DecodeRune(after)
	beyond, _ = utf8.DecodeRune(after[size:])
	return isTie(tie) && isTied(beyond)
}

func isTie(r rune) bool { return r == '_' || unicode.Is(unicode.Pd, r) }

func isTied(r rune) bool { return unicode.IsNumber(r) || unicode.IsLetter(r) }

// holdsCodeLike reports whether 4 to 10 digits stand in a row: as many as a code
// may have at any vendor.
func holdsCodeLike(s string) bool {
	run := 0
	for _, r := range s + "\x00" {
		if unicode.IsDigit(r) {
			run++
			continue
		}
		if run >= 4 && run <= 10 {
			return true
		}
		run = 0
	}
	return false
}

// render appends the text to b and says where in it the code stands.
func (t form) render(b, code []byte, tx verify.Transaction, spoken bool) (text []byte, from, to int) {
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

const (
	nonJoiner = '\u200c' // Persian cannot be written without it,
	joiner    = '\u200d' // nor can Sinhala and Malayalam without this one
)

// checkLiteral says what is wrong with text that an application configures.
func checkLiteral(s string) error {
	if !utf8.ValidString(s) {
		return errors.New("it must be UTF-8")
	}
	var before rune
	for i, r := range s {
		_, size := utf8.DecodeRuneInString(s[i:])
		after, _ := utf8.DecodeRuneInString(s[i+size:])
		switch {
		case composes(before, r):
			return errors.New("a letter and its accent stand in it as two characters, which makes every message cost more: write it in the composed form (Unicode NFC)")
		case !isVisible(before, r, after):
			return errors.New("it holds invisible characters: only line feeds, no-break spaces, joiners between letters and direction marks are allowed")
		}
		before = r
	}
	return nil
}

// isVisible also accepts what cannot be seen and cannot deceive: characters that
// turn the direction of what follows can.
func isVisible(before, r, after rune) bool {
	switch r {
	case '\n', '\u00a0', '\u202f', '\u200e', '\u200f', '\u061c':
		return true
	case nonJoiner, joiner: // RFC 5892, appendices A.1 and A.2
		return isScript(before) && isScript(after)
	}
	return unicode.IsPrint(r)
}

func isScript(r rune) bool { return unicode.IsLetter(r) || unicode.IsMark(r) }

// composes reports whether two characters have a form in one, by which a text
// costs less: Hangul too, whose syllables some systems take apart.
func composes(letter, mark rune) bool {
	if bases, ok := compositions[mark]; ok {
		return strings.ContainsRune(bases, letter)
	}
	return letter >= '\u1100' && letter <= '\u1112' && mark >= '\u1161' && mark <= '\u1175'
}
