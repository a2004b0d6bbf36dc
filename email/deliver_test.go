package email_test

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/email"
	"github.com/go2fa/verify/otp"
)

// read takes the one mail of a server apart.
func read(t *testing.T, s *server) (mail.Header, string) {
	t.Helper()
	mails := s.mails()
	require.Len(t, mails, 1)
	m, err := mail.ReadMessage(strings.NewReader(mails[0]))
	require.NoError(t, err)
	body := m.Body
	if m.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	require.NoError(t, err)
	return m.Header, strings.TrimRight(string(text), "\r\n")
}

func TestTheMail(t *testing.T) {
	t.Parallel()
	s := serve(t)
	id, err := s.messenger(t).Deliver(t.Context(), aMessage())
	require.NoError(t, err)
	assert.Equal(t, "0123456789abcdef0123456789abcdef@example.com", id)

	header, text := read(t, s)
	assert.Equal(t, "Acme: 123456 is your code. Never share it.", text)
	date, err := header.Date()
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now(), date, time.Minute)
	assert.Regexp(t, `\+0000$`, header.Get("Date"), "the zone says where we are")
	for name, want := range map[string]string{
		"From": `"Acme" <login@example.com>`, "To": "<a@example.com>", "Subject": "Your code",
		"Message-Id": "<" + id + ">", "X-Entity-Ref-Id": id, "Auto-Submitted": "auto-generated",
		"Content-Type": "text/plain; charset=UTF-8", "Mime-Version": "1.0", "Content-Transfer-Encoding": "quoted-printable",
	} {
		assert.Equal(t, want, header.Get(name), name)
	}
	assert.Len(t, header, 10, "and nothing else: %v", header)
	assert.Equal(t, []string{
		"EHLO app.example.com", "MAIL FROM:<login@example.com> BODY=8BITMIME", "RCPT TO:<a@example.com>", "DATA", "QUIT",
	}, s.lines())
}

func TestTexts(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"letters beyond ASCII":  "Acme: 123456 bekræfter 39,99 € til Søn & Co",
		"a long line":           strings.Repeat("x", 2000) + " 123456",
		"lines":                 "123456 is your code.\nNever share it.",
		"a dot alone on a line": "123456\n.\nRCPT TO:<b@example.com>\n..x",
		"looks like a header":   "Bcc: b@example.com\n\n123456",
		"an equals sign":        "a=123456",
	}
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t)
			m := aMessage()
			m.Text = text
			_, err := s.messenger(t).Deliver(t.Context(), m)
			require.NoError(t, err)
			header, got := read(t, s)
			assert.Equal(t, text, strings.ReplaceAll(got, "\r\n", "\n"))
			assert.Empty(t, header.Get("Bcc"))
		})
	}
}

func TestSubjects(t *testing.T) {
	t.Parallel()
	own := map[string]string{"PT": "Código", "de-AT": "Grüezi"}
	tests := map[string]struct {
		locale   string
		subject  string
		subjects map[string]string
		want     string
	}{
		"none asked for":            {"", "", nil, "Your code"},
		"a language of this module": {"de", "", nil, "Ihr Code"},
		"a variety of one":          {"pt-BR", "", nil, "O seu código"},
		"in capitals":               {"FR-ca", "", nil, "Votre code"},
		"Danish":                    {"da", "", nil, "Din kode"},
		"Spanish":                   {"es", "", nil, "Su clave"},
		"Italian":                   {"it", "", nil, "Il suo codice"},
		"a language nobody knows":   {"sv", "", nil, "Your code"},
		"one for all":               {"de", "Login", nil, "Login"},
		"one of its own":            {"pt", "Login", own, "Código"},
		"a variety of that":         {"pt-BR", "Login", own, "Código"},
		"a variety of its own":      {"de-at", "", own, "Grüezi"},
		"another variety":           {"de-CH", "", own, "Ihr Code"},
		"a script that is implied":  {"zh-Hant-TW", "", map[string]string{"zh-TW": "您的驗證碼"}, "您的驗證碼"},
		"another name of it":        {"no", "", map[string]string{"nb": "Koden din"}, "Koden din"},
		"none of them":              {"fr", "Login", own, "Login"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t)
			c := s.messenger(t, func(cfg *email.Config) { cfg.Subject, cfg.Subjects = tc.subject, tc.subjects })
			m := aMessage()
			m.Request.Locale = tc.locale
			_, err := c.Deliver(t.Context(), m)
			require.NoError(t, err)
			header, _ := read(t, s)
			got, err := new(mime.WordDecoder).DecodeHeader(header.Get("Subject"))
			require.NoError(t, err)
			assert.Equal(t, tc.want, got)
		})
	}
}

func TestRefusedBeforeAnyConnection(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*otp.Message)
		want   verify.Outcome
	}{
		"another channel":             {func(m *otp.Message) { m.Channel = verify.ChannelSMS }, verify.ErrUnsupported},
		"a phone number":              {func(m *otp.Message) { m.To = "+15005550006" }, verify.ErrInvalidRecipient},
		"a header in the recipient":   {func(m *otp.Message) { m.To = "a@example.com\r\nBcc: b@example.com" }, verify.ErrInvalidRecipient},
		"a command in the recipient":  {func(m *otp.Message) { m.To = "a@example.com>\r\nDATA" }, verify.ErrInvalidRecipient},
		"two recipients":              {func(m *otp.Message) { m.To = "a@example.com, b@example.com" }, verify.ErrInvalidRecipient},
		"a name before the recipient": {func(m *otp.Message) { m.To = "A <a@example.com>" }, verify.ErrInvalidRecipient},
		"a header in the reference":   {func(m *otp.Message) { m.Ref = "x\r\nBcc: b@example.com" }, verify.ErrUnsupported},
		"an address as reference":     {func(m *otp.Message) { m.Ref = "a@example.com" }, verify.ErrUnsupported},
		"a reference too long":        {func(m *otp.Message) { m.Ref = strings.Repeat("0", 65) }, verify.ErrUnsupported},
		"no text":                     {func(m *otp.Message) { m.Text = " \n" }, verify.ErrUnsupported},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := serve(t)
			m := aMessage()
			tc.change(&m)
			id, err := s.messenger(t).Deliver(t.Context(), m)
			require.ErrorIs(t, err, tc.want)
			assert.Empty(t, id)
			assert.Empty(t, s.lines())
			assert.NotContains(t, err.Error(), "example.com")
		})
	}
}

func TestReferences(t *testing.T) {
	t.Parallel()
	s := serve(t)
	c := s.messenger(t)
	m := aMessage()
	m.Ref = ""
	seen := map[string]bool{}
	for range 3 {
		id, err := c.Deliver(t.Context(), m)
		require.NoError(t, err)
		assert.Regexp(t, `^[0-9a-f]{32}@example\.com$`, id)
		seen[id] = true
	}
	assert.Len(t, seen, 3)
}

// TestMailsOfOneSubjectStayApart: readers fold mails into threads, where people
// find the old code.
func TestMailsOfOneSubjectStayApart(t *testing.T) {
	t.Parallel()
	s := serve(t)
	m := aMessage()
	for range 3 {
		m.Ref = ""
		_, err := s.messenger(t).Deliver(t.Context(), m)
		require.NoError(t, err)
	}
	seen := map[string]bool{}
	for _, content := range s.mails() {
		msg, err := mail.ReadMessage(strings.NewReader(content))
		require.NoError(t, err)
		seen[msg.Header.Get("X-Entity-Ref-ID")] = true
		for _, header := range []string{"References", "In-Reply-To"} {
			assert.Empty(t, msg.Header.Get(header))
		}
	}
	assert.Len(t, seen, 3)
	assert.NotContains(t, seen, "")
}

func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	s := serve(t)
	c := s.messenger(t)
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			m := aMessage()
			m.To = fmt.Sprintf("a%d@example.com", i)
			_, err := c.Deliver(t.Context(), m)
			assert.NoError(t, err)
		})
	}
	all.Wait()
	assert.Len(t, s.mails(), 20)
}

func TestPrintsHoldNoSecret(t *testing.T) {
	t.Parallel()
	cfg := email.Config{Host: "smtp.example.com", Username: "app", Password: "s3cret", From: "login@example.com"}
	c, err := email.New(cfg)
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		assert.Equal(t, "email.Config{[hidden]}", fmt.Sprintf(verb, cfg))
		assert.Equal(t, "email.Messenger{[hidden]}", fmt.Sprintf(verb, c))
	}
	b, err := json.Marshal(cfg)
	require.NoError(t, err)
	assert.NotContains(t, string(b), "s3cret")
}
