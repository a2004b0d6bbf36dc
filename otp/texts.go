package otp

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go2fa/verify"
)

const (
	maxProduct    = 64 // bytes
	defaultLocale = "en"
	maxRerolls    = 8
)

// texts are all messages an engine can write.
type texts struct {
	byLocale map[string]messages // by tag in lower case
	fallback messages
	last     lastLine
}

// messages are those of one language. One without a text for transactions
// borrows the fallback's.
type messages struct{ code, transaction text }

func newTexts(cfg Config) (texts, error) {
	last, err := newLastLine(cfg.Origin, cfg.AppHash)
	if err != nil {
		return texts{}, err
	}
	if !isProduct(cfg.Product) {
		return texts{}, errors.New("otp: Product must be at most 64 bytes of UTF-8 in one line, and not read like a line for browsers")
	}
	t := texts{byLocale: map[string]messages{}, last: last}
	for _, templates := range []map[string]Template{builtin(cfg.Product), cfg.Templates} {
		for _, locale := range slices.Sorted(maps.Keys(templates)) {
			if err := t.add(locale, templates[locale], cfg.Product); err != nil {
				return texts{}, err
			}
		}
	}
	return t, t.settle(cfg)
}

func isProduct(s string) bool {
	return len(s) <= maxProduct && checkLiteral(s) == nil && !strings.Contains(s, "\n") && !bindsOrigin([]byte(s))
}

// add takes in the template of a language. What is there already is replaced,
// but for the text for transactions if the template brings none.
func (t *texts) add(locale string, template Template, product string) error {
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
func (t *texts) settle(cfg Config) error {
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

// lookup finds the messages for a tag, or for the language it is a variety of:
// those of "pt" for "pt-BR".
func (t *texts) lookup(tag string) (messages, bool) {
	tag = strings.ToLower(tag)
	for tag != "" {
		if m, ok := t.byLocale[tag]; ok {
			return m, true
		}
		tag = tag[:max(0, strings.LastIndexByte(tag, '-'))]
	}
	return t.fallback, false
}

// write lays a message out on the desk. It reports false if the digits of the
// code stand in it a second time, so that a person, or a phone, could pick the
// wrong ones: another code will do.
func (t *texts) write(d *desk, code []byte, req verify.SendRequest) (ok bool) {
	m, _ := t.lookup(req.Locale)
	body := m.code
	if req.Transaction.Amount != "" {
		body = m.transaction
		if body == nil {
			body = t.fallback.transaction
		}
	}
	var from, to int
	d.text, from, to = body.render(d.text[:0], code, req.Transaction, req.Channel == verify.ChannelVoice)
	ok = !shows(d.text[:from], code) && !shows(d.text[to:], code)
	d.body = len(d.text)
	d.text = t.last.write(d.text, code, req.Channel)
	return ok
}

// shows reports whether the digits of b hold code, whatever stands between
// them: "123 456" is read as 123456.
func shows(b, code []byte) bool {
	if len(code) == 0 || len(b) < len(code) {
		return false
	}
	digits := make([]byte, 0, 256) // on the stack, for all but the longest amounts and payees
	for _, c := range b {
		if '0' <= c && c <= '9' {
			digits = append(digits, c)
		}
	}
	return bytes.Contains(digits, code)
}
