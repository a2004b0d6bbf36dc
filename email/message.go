package email

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"encoding/hex"
	"net/mail"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/otp"
)

const maxRef = 64

// id is the Message-ID of m, without its brackets, or why m is refused.
func (c *Messenger) id(m otp.Message) (id string, refused verify.Outcome, detail string) {
	switch {
	case m.Channel != verify.ChannelEmail:
		return "", verify.ErrUnsupported, "only the e-mail channel is offered"
	case !verify.IsEmail(m.To):
		return "", verify.ErrInvalidRecipient, "the recipient is not an e-mail address"
	case m.Ref != "" && !isRef(m.Ref):
		return "", verify.ErrUnsupported, "Ref must be 1 to 64 of [A-Za-z0-9_-]"
	case strings.Trim(m.Text, " \r\n") == "":
		return "", verify.ErrUnsupported, "the message has no text"
	}
	ref := m.Ref
	if ref == "" {
		var b [16]byte
		_, _ = rand.Read(b[:]) // it never fails
		ref = hex.EncodeToString(b[:])
	}
	_, domain, _ := strings.Cut(c.from.Address, "@")
	return ref + "@" + domain, "", ""
}

func isRef(s string) bool {
	return len(s) <= maxRef && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == ""
}

// compose writes the mail. Nothing in its header comes from outside but the
// recipient and the reference, and both have passed their rule.
func (c *Messenger) compose(m otp.Message, id string) ([]byte, error) {
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(c.from)
	msg.ToMailAddress(&mail.Address{Address: m.To})
	msg.Subject(c.cfg.subject(m.Request.Locale))
	msg.SetMessageIDWithValue(id)
	msg.SetDateWithValue(time.Now().UTC()) // the zone would say where we are
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	// Readers put mails of one subject into a thread, and people then see the old
	// code. They keep those apart whose reference differs.
	msg.SetGenHeader("X-Entity-Ref-ID", id)
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)

	var b bytes.Buffer
	if _, err := msg.WriteTo(&b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// builtin are the subjects of this module, in the languages of package otp.
func builtin(language string) string {
	switch language {
	case "da":
		return "Din kode"
	case "de":
		return "Ihr Code"
	case "es":
		return "Su clave"
	case "fr":
		return "Votre code"
	case "it":
		return "Il suo codice"
	case "pt":
		return "O seu código"
	}
	return "Your code"
}

// subject is the one for a tag, or for the nearest one there is.
func (cfg Config) subject(tag string) string {
	for _, near := range verify.LocaleFallbacks(tag) {
		if s, ok := cfg.Subjects[strings.ToLower(near)]; ok {
			return s
		}
	}
	language, _, _ := strings.Cut(strings.ToLower(tag), "-")
	return cmp.Or(cfg.Subject, builtin(language))
}

// lowered copies subjects, by tag in lower case.
func lowered(subjects map[string]string) map[string]string {
	own := make(map[string]string, len(subjects))
	for tag, s := range subjects {
		own[strings.ToLower(tag)] = s
	}
	return own
}

func isTag(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
