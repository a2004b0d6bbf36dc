// Package text writes the messages of one-time codes, for package otp: texts in
// several languages, the last line by which phones and browsers fill a code in,
// and how many SMS parts a text takes.
package text

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/go2fa/verify"
)

const (
	maxProduct    = 48 // UTF-16 units: the code behind it stays within the first part, of 70 at worst
	defaultLocale = "en"
)

// Why a code cannot be written into a message.
var (
	// ErrRepeated says that the digits of the code stand in the message a second
	// time, so that a person or a phone could pick the wrong ones. Another code will
	// do.
	ErrRepeated = errors.New("the amount or the payee repeats the digits of the code")
	// ErrBinds says that a browser would take the amount or the payee for a code of
	// another site.
	ErrBinds = errors.New("the amount or the payee reads like a line for browsers")
)

// A Config says what messages read like. The fields are those of otp.Config.
type Config struct {
	Product   string
	Locale    string
	Templates map[string]Template
	Origin    string
	Embedded  string
	AppHash   string
}

// Texts are all the messages that an engine can write. They are safe for
// concurrent use.
type Texts struct {
	byLocale map[string]messages // by tag in lower case
	fallback messages
	last     lastLine
}

// messages are those of one language. One without a text for transactions
// borrows the fallback's.
type messages struct{ code, transaction form }

// New returns the texts that cfg describes, or says which field of it is at fault.
func New(cfg Config) (*Texts, error) {
	last, err := newLastLine(cfg)
	if err != nil {
		return nil, err
	}
	if err := checkProduct(cfg.Product); err != nil {
		return nil, err
	}
	t := &Texts{byLocale: map[string]messages{}, last: last}
	for _, templates := range []map[string]Template{builtin(cfg.Product), cfg.Templates} {
		for _, locale := range slices.Sorted(maps.Keys(templates)) {
			if err := t.add(locale, templates[locale], cfg.Product); err != nil {
				return nil, err
			}
		}
	}
	if err := t.settle(cfg); err != nil {
		return nil, err
	}
	return t, nil
}

func checkProduct(s string) error {
	if err := checkLiteral(s); err != nil {
		return fmt.Errorf("otp: Product: %w", err)
	}
	switch {
	case len(utf16.Encode([]rune(s))) > maxProduct || strings.Contains(s, "\n"):
		return errors.New("otp: Product must be at most 48 characters in one line")
	case bindsOrigin([]byte(s)):
		return errors.New("otp: Product must not read like a line for browsers")
	case holdsCodeLike(s):
		return errors.New("otp: Product must not hold 4 to 10 digits in a row, which a phone may take for the code")
	}
	return nil
}

// add takes in the template of a language. It replaces what is there already; the
// text for transactions only if the template brings one.
func (t *Texts) add(locale string, template Template, product string) error {
	if locale == "" || !consists(locale, alphanumeric+"-") {
		return errors.New("otp: a key of Templates must be a BCP 47 tag such as pt-BR")
	}
	code, err := compile(template.Code, product, slotCode)
	if err != nil {
		return fmt.Errorf("otp: Templates[%q].Code: %w", locale, err)
	}
	known, _ := t.lookup(locale)
	m := messages{code, known.transaction}
	if template.Transaction != "" {
		m.transaction, err = compile(template.Transaction, product, slotCode, slotAmount, slotPayee)
		if err != nil {
			return fmt.Errorf("otp: Templates[%q].Transaction: %w", locale, err)
		}
	}
	t.byLocale[strings.ToLower(locale)] = m
	return nil
}

// settle chooses the language for those that are not known, and checks what an
// Android phone insists on.
func (t *Texts) settle(cfg Config) error {
	locale := cfg.Locale
	if locale == "" {
		locale = defaultLocale
	}
	var known bool
	t.fallback, known = t.lookup(locale)
	if !known || t.fallback.transaction == nil {
		return errors.New("otp: Locale must be one that this module or Templates has both texts for")
	}
	if cfg.AppHash == "" {
		return nil
	}
	for locale, m := range t.byLocale {
		b, _, _ := m.code.render(nil, make([]byte, maxDigits), verify.Transaction{}, false)
		if len(t.last.write(b, nil, verify.ChannelSMS)) > maxAndroidSMS {
			return fmt.Errorf("otp: with AppHash the message for %q must not exceed 140 bytes", locale)
		}
	}
	return nil
}

// lookup finds the messages for a tag, or for the nearest one there is: those of
// "pt" for "pt-BR", of "zh-TW" for "zh-Hant-TW", of "nb" for "no".
func (t *Texts) lookup(tag string) (messages, bool) {
	if m, ok := t.byLocale[strings.ToLower(tag)]; ok {
		return m, true
	}
	for _, near := range verify.LocaleFallbacks(tag) {
		if m, ok := t.byLocale[strings.ToLower(near)]; ok {
			return m, true
		}
	}
	return t.fallback, false
}

// Append appends the message for code to b. Its error is [ErrRepeated] or
// [ErrBinds], and then the message must not be sent.
func (t *Texts) Append(b, code []byte, req verify.SendRequest) ([]byte, error) {
	start := len(b)
	m, _ := t.lookup(req.Locale)
	form := m.code
	if req.Transaction.Amount != "" {
		form = m.transaction
		if form == nil {
			form = t.fallback.transaction
		}
	}
	b, from, to := form.render(b, code, req.Transaction, req.Channel == verify.ChannelVoice)
	if shows(b[start:from], code) || shows(b[to:], code) {
		return b, ErrRepeated
	}
	if req.Transaction.Amount != "" && bindsOrigin(b[start:]) {
		return b, ErrBinds
	}
	return t.last.write(b, code, req.Channel), nil
}

// shows reports whether the digits of b hold code, whatever stands between
// them: "123 456" is read as 123456.
func shows(b, code []byte) bool {
	if len(code) == 0 || len(b) < len(code) {
		return false
	}
	digits := make([]byte, 0, 256) // on the stack: an amount and a payee have 70 characters each
	for _, c := range b {
		if '0' <= c && c <= '9' {
			digits = append(digits, c)
		}
	}
	return bytes.Contains(digits, code)
}

// builtin are the texts of this module: GSM-7 throughout, so that a message is
// one SMS part whenever that is possible. That is why the Portuguese one does
// without the word for code, whose accent is not in GSM-7. Without a product they
// begin with the code.
func builtin(product string) map[string]Template {
	templates := map[string]Template{
		"en": {
			"{product}: {code} is your code. Never share it.",
			"{product}: {code} confirms {amount} to {payee}. Never share it.",
		},
		"de": {
			"{product}: {code} ist Ihr Code. Nie weitergeben.",
			"{product}: {code} gibt {amount} an {payee} frei. Nie weitergeben.",
		},
		"es": {
			"{product}: {code} es su clave. Nunca la comparta.",
			"{product}: {code} confirma {amount} para {payee}. Nunca comparta esta clave.",
		},
		"fr": {
			"{product}: {code} est votre code. Ne le partagez jamais.",
			"{product}: {code} confirme {amount} pour {payee}. Ne partagez jamais ce code.",
		},
		"da": {
			"{product}: {code} er din kode. Del den aldrig.",
			"{product}: {code} bekræfter {amount} til {payee}. Del aldrig denne kode.",
		},
		"pt": {
			"{product}: Use {code} para confirmar. Nunca o partilhe.",
			"{product}: Use {code} para confirmar {amount} para {payee}. Nunca o partilhe.",
		},
		"it": {
			"{product}: {code} è il suo codice. Non lo condivida mai.",
			"{product}: {code} conferma {amount} per {payee}. Non condivida mai questo codice.",
		},
	}
	if product == "" {
		for locale, t := range templates {
			templates[locale] = Template{strings.TrimPrefix(t.Code, "{product}: "), strings.TrimPrefix(t.Transaction, "{product}: ")}
		}
	}
	return templates
}
