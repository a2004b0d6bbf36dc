package otp

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

func TestTextsOfThisModule(t *testing.T) {
	t.Parallel()
	require.Len(t, builtin(""), 7)
	for locale, want := range map[string]struct{ code, transaction, bare string }{
		"en": {"Acme: 123456 is your code. Never share it.", "Acme: 123456 confirms EUR 39.99 to Bistro. Never share it.", "123456 is your code. Never share it."},
		"de": {"Acme: 123456 ist Ihr Code. Nie weitergeben.", "Acme: 123456 gibt EUR 39.99 an Bistro frei. Nie weitergeben.", "123456 ist Ihr Code. Nie weitergeben."},
		"es": {"Acme: 123456 es su clave. Nunca la comparta.", "Acme: 123456 confirma EUR 39.99 para Bistro. Nunca comparta esta clave.", "123456 es su clave. Nunca la comparta."},
		"fr": {"Acme: 123456 est votre code. Ne le partagez jamais.", "Acme: 123456 confirme EUR 39.99 pour Bistro. Ne partagez jamais ce code.", "123456 est votre code. Ne le partagez jamais."},
		"da": {"Acme: 123456 er din kode. Del den aldrig.", "Acme: 123456 bekræfter EUR 39.99 til Bistro. Del aldrig denne kode.", "123456 er din kode. Del den aldrig."},
		"pt": {"Acme: Use 123456 para confirmar. Nunca o partilhe.", "Acme: Use 123456 para confirmar EUR 39.99 para Bistro. Nunca o partilhe.", "Use 123456 para confirmar. Nunca o partilhe."},
		"it": {"Acme: 123456 è il suo codice. Non lo condivida mai.", "Acme: 123456 conferma EUR 39.99 per Bistro. Non condivida mai questo codice.", "123456 è il suo codice. Non lo condivida mai."},
	} {
		t.Run(locale, func(t *testing.T) {
			t.Parallel()
			assert.Equal(t, want.code, written(t, Config{Product: "Acme"}, verify.WithLocale(locale)))
			assert.Equal(t, want.bare, written(t, Config{}, verify.WithLocale(locale)))
			assert.Equal(t, want.transaction,
				written(t, Config{Product: "Acme"}, verify.WithLocale(locale), verify.WithTransaction("EUR 39.99", "Bistro")))
		})
	}
}

// written returns the message for the code 123456.
func written(t *testing.T, cfg Config, opts ...verify.SendOption) string {
	t.Helper()
	texts, err := newTexts(cfg)
	require.NoError(t, err)
	e, _ := newEngine(t)
	req, err := e.caps.SendRequest(phone, opts...)
	require.NoError(t, err)
	d := new(desk)
	require.True(t, texts.write(d, []byte("123456"), req))
	return string(d.text)
}

func TestEveryTextIsOnePartOfGSM7(t *testing.T) {
	t.Parallel()
	for locale := range builtin("") {
		for name, cfg := range map[string]Config{
			"plain":        {},
			"with product": {Product: "Twenty letters of it"},
			"for browsers": {Product: "Twenty letters of it", Origin: "login.accounts.example.com"},
			"for Android":  {Product: "Twenty letters of it", AppHash: "FA+9qCX9VSu"},
		} {
			for _, opts := range [][]verify.SendOption{
				{verify.WithDigits(10)},
				{verify.WithDigits(10), verify.WithTransaction("EUR 1,234.56", "Bistro am Markt")},
			} {
				e, p := newEngine(t, func(c *Config) { c.Product, c.Origin, c.AppHash = cfg.Product, cfg.Origin, cfg.AppHash })
				_, err := e.Send(t.Context(), phone, append(opts, verify.WithLocale(locale))...)
				require.NoError(t, err)
				text := p.last(t).Text
				parts, encoding := Segments(text)
				assert.Equal(t, 1, parts, "%s, %s: %q", locale, name, text)
				assert.Equal(t, GSM7, encoding, "%s, %s: %q", locale, name, text)
				if cfg.AppHash != "" && len(opts) == 1 {
					assert.LessOrEqual(t, len(text), 140)
				}
			}
		}
	}
}

func TestLocales(t *testing.T) {
	t.Parallel()
	cfg := Config{Locale: "da", Templates: map[string]Template{
		"pt-BR":      {Code: "{code} br", Transaction: "{code} {amount} {payee} br"},
		"sv":         {Code: "{code} sv"},
		"zh-Hant-TW": {Code: "您的驗證碼是{code}，請勿分享"},
		"de":         {Code: "{code} eigen"},
	}}
	for tag, want := range map[string]string{
		"":              "123456 er din kode. Del den aldrig.",
		"da":            "123456 er din kode. Del den aldrig.",
		"DA-dk":         "123456 er din kode. Del den aldrig.",
		"xx":            "123456 er din kode. Del den aldrig.",
		"en-GB-oed":     "123456 is your code. Never share it.",
		"pt":            "Use 123456 para confirmar. Nunca o partilhe.",
		"pt-PT":         "Use 123456 para confirmar. Nunca o partilhe.",
		"pt-br":         "123456 br",
		"pt-BR-x-a":     "123456 br",
		"sv-FI":         "123456 sv",
		"zh-Hant-TW":    "您的驗證碼是123456，請勿分享",
		"zh-Hant":       "123456 er din kode. Del den aldrig.",
		"de-AT":         "123456 eigen",
		"dan":           "123456 er din kode. Del den aldrig.",
		"ene":           "123456 er din kode. Del den aldrig.",
		"it--":          "123456 è il suo codice. Non lo condivida mai.",
		"fr-":           "123456 est votre code. Ne le partagez jamais.",
		"es-419-x-long": "123456 es su clave. Nunca la comparta.",
	} {
		assert.Equal(t, want, written(t, cfg, verify.WithLocale(tag)), tag)
	}
	for tag, want := range map[string]string{
		"pt-BR": "123456 A B br",
		"sv":    "123456 bekræfter A til B. Del aldrig denne kode.",
		"de":    "123456 gibt A an B frei. Nie weitergeben.",
	} {
		assert.Equal(t, want, written(t, cfg, verify.WithLocale(tag), verify.WithTransaction("A", "B")), tag)
	}
}

func TestTemplatesAreRefused(t *testing.T) {
	t.Parallel()
	fine := "{code} {amount} {payee}"
	for name, tt := range map[string]struct {
		locale string
		Template
		says string
	}{
		"no code":                   {"en", Template{Code: "hello"}, "{code}"},
		"nothing":                   {"en", Template{}, "{code}"},
		"the code twice":            {"en", Template{Code: "{code} {code}"}, "exactly once"},
		"an unknown placeholder":    {"en", Template{Code: "{code} {name}"}, "braces"},
		"an amount without reason":  {"en", Template{Code: "{code} {amount}"}, "braces"},
		"an open brace":             {"en", Template{Code: "{code} {"}, "braces"},
		"a closing brace":           {"en", Template{Code: "{code} }"}, "braces"},
		"nested braces":             {"en", Template{Code: "{{code}}"}, "braces"},
		"turned braces":             {"en", Template{Code: "}{code}{"}, "braces"},
		"a letter before the code":  {"en", Template{Code: "G{code}"}, "beside"},
		"a letter behind the code":  {"en", Template{Code: "{code}th"}, "beside"},
		"a digit before the code":   {"en", Template{Code: "1{code}"}, "beside"},
		"a digit behind the code":   {"en", Template{Code: "{code}1"}, "beside"},
		"a wide digit beside it":    {"en", Template{Code: "{code}１"}, "beside"},
		"a product beside it":       {"en", Template{Code: "{product}{code}"}, "beside"},
		"an amount beside it":       {"en", Template{Code: "{code}", Transaction: "{code}{amount} {payee}"}, "beside"},
		"a payee beside it":         {"en", Template{Code: "{code}", Transaction: "{payee}{code} {amount}"}, "beside"},
		"a line for browsers":       {"en", Template{Code: "@evil.example #{code}"}, "Origin"},
		"one further up":            {"en", Template{Code: "{code}\n@evil.example #1\nbye"}, "Origin"},
		"a bell":                    {"en", Template{Code: "{code}\a"}, "control"},
		"a carriage return":         {"en", Template{Code: "{code}\r\n"}, "control"},
		"a line separator":          {"en", Template{Code: "{code}\u2028"}, "control"},
		"a turn of direction":       {"en", Template{Code: "\u202e{code}"}, "control"},
		"not UTF-8":                 {"en", Template{Code: "{code}\xff"}, "UTF-8"},
		"no amount":                 {"en", Template{Code: "{code}", Transaction: "{code} {payee}"}, "{amount}"},
		"no payee":                  {"en", Template{Code: "{code}", Transaction: "{code} {amount}"}, "{payee}"},
		"the payee twice":           {"en", Template{Code: "{code}", Transaction: fine + " {payee}"}, "{payee}"},
		"no code of a transaction":  {"en", Template{Code: "{code}", Transaction: "{amount} {payee}"}, "{code}"},
		"a product that is not set": {"no-product", Template{Code: "{product}: {code}"}, "Product"},
		"an empty tag":              {"", Template{Code: "{code}"}, "tag"},
		"a tag with a space":        {"en us", Template{Code: "{code}"}, "tag"},
		"a tag with an underscore":  {"en_US", Template{Code: "{code}"}, "tag"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := Config{Product: "Acme", Templates: map[string]Template{tt.locale: tt.Template}}
			if tt.locale == "no-product" {
				cfg.Product = ""
			}
			_, err := newTexts(cfg)
			require.ErrorContains(t, err, tt.says)
		})
	}
	_, err := newTexts(Config{Locale: "sv", Templates: map[string]Template{"sv": {Code: "{code}"}}})
	require.ErrorContains(t, err, "both texts", "the language for all must have a text for transactions")
}

func TestAVoiceReadsTheDigitsOneByOne(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "Acme: 1, 2, 3, 4, 5, 6 is your code. Never share it.",
		written(t, Config{Product: "Acme", Origin: "a.example"}, verify.WithChannel(verify.ChannelVoice)))
}

func TestOnlyAnSMSHasALineForMachines(t *testing.T) {
	t.Parallel()
	p := &post{channels: []verify.Channel{verify.ChannelSMS, verify.ChannelVoice, verify.ChannelEmail, verify.ChannelWhatsApp}}
	e, _ := newEngine(t, func(c *Config) { c.Origin, c.Messenger = "a.example", p })
	for _, channel := range p.channels {
		to := phone
		if channel == verify.ChannelEmail {
			to = address
		}
		_, err := e.Send(t.Context(), to, verify.WithChannel(channel), verify.WithScope(string(channel)))
		require.NoError(t, err)
		assert.Equal(t, channel == verify.ChannelSMS, strings.Contains(p.last(t).Text, "@a.example"), channel)
	}
}

var (
	shown   = regexp.MustCompile(`: ([0-9](?:(?:, )?[0-9]){5})`)
	noDigit = regexp.MustCompile(`[^0-9]`)
)

func TestABraceInATransactionIsALetter(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "{payee}: 123456 confirms {code} to {amount}. Never share it.",
		written(t, Config{Product: "{payee}"}, verify.WithTransaction("{code}", "{amount}")))
}

// FuzzTemplate holds that a template that New accepts shows the code exactly
// once and by itself, whatever it is.
func FuzzTemplate(f *testing.F) {
	for _, seed := range [][2]string{
		{"{code} is your code", "Acme"}, {"{product}: {code}", "Acme"}, {"{code}{code}", ""}, {"{{code}}", "}"}, {"a{code}", "1"},
		{"@x #{code}", ""}, {"{product}{code}{product}", "-"}, {"\n{code}\n", "\n"}, {"é{code}é", "€"}, {"{code", "{code}"},
		{"{product} {code}", "{code}"}, {"\x00{code}", "\x00"}, {"验{code}证", "码"},
	} {
		f.Add(seed[0], seed[1], uint32(123456))
	}
	f.Fuzz(func(t *testing.T, template, product string, n uint32) {
		texts, err := newTexts(Config{Product: product, Origin: "a.example", Templates: map[string]Template{"en": {Code: template}}})
		if err != nil {
			return
		}
		code := []byte{'0', '0', '0', '0', '0', '0'}
		for i := range code {
			code[i] += byte(n >> (4 * i) & 15 % 10)
		}
		d := new(desk)
		once := texts.write(d, code, verify.SendRequest{Channel: verify.ChannelSMS})
		people, machines := d.text[:d.body], string(d.text[d.body:])
		if machines != "\n@a.example #"+string(code) {
			t.Fatalf("the last line is %q", machines)
		}
		alone := regexp.MustCompile(`(?:^|[^0-9])` + string(code) + `(?:[^0-9]|$)`)
		if once && (bytes.Count(people, code) != 1 || !alone.Match(people)) {
			t.Fatalf("%q does not show %s once", people, code)
		}
		if chromium.Match(people) {
			t.Fatalf("%q binds an origin", people)
		}
		if host, found, ok := wicg(string(d.text)); !ok || host != "a.example" || found != string(code) {
			t.Fatalf("%q is not understood", d.text)
		}
	})
}
