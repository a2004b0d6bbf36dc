package text

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
	"unicode/utf16"

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
				text := writtenFor(t, cfg, "1234567890", append(opts, verify.WithLocale(locale))...)
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
		"zh-TW":         "123456 er din kode. Del den aldrig.",
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
		"a bell":                    {"en", Template{Code: "{code}\a"}, "invisible"},
		"a carriage return":         {"en", Template{Code: "{code}\r\n"}, "invisible"},
		"a line separator":          {"en", Template{Code: "{code}\u2028"}, "invisible"},
		"a turn of direction":       {"en", Template{Code: "\u202e{code}"}, "invisible"},
		"a turn within a pair":      {"en", Template{Code: "\u2066{code}\u2069"}, "invisible"},
		"a joiner at the end":       {"fa", Template{Code: "کد {code} می\u200c"}, "invisible"},
		"a joiner beside a space":   {"fa", Template{Code: "کد \u200c{code}"}, "invisible"},
		"a joiner beside the code":  {"fa", Template{Code: "کد\u200c{code}"}, "invisible"},
		"two joiners":               {"fa", Template{Code: "می\u200c\u200cدهید {code}"}, "invisible"},
		"a soft hyphen":             {"en", Template{Code: "{code} ver\u00adify"}, "invisible"},
		"a space of no width":       {"en", Template{Code: "{code}\u200b"}, "invisible"},
		"a byte order mark":         {"en", Template{Code: "\ufeff{code}"}, "invisible"},
		"a prefix":                  {"en", Template{Code: "G-{code} is your code"}, "fill in both"},
		"a longer prefix":           {"en", Template{Code: "ABC-{code}"}, "fill in both"},
		"a suffix":                  {"en", Template{Code: "{code}-ABC"}, "fill in both"},
		"a prefix with a long dash": {"en", Template{Code: "A\u2013{code}"}, "fill in both"},
		"a prefix of the product":   {"en", Template{Code: "{product}-{code}"}, "fill in both"},
		"an underscore":             {"en", Template{Code: "code_{code}"}, "fill in both"},
		"a prefix in a transaction": {"en", Template{Code: "{code}", Transaction: "A-" + fine}, "fill in both"},
		"a second code":             {"en", Template{Code: "{code}. Terminal 123456."}, "other run"},
		"a short number":            {"en", Template{Code: "{code}. Text STOP to 4321."}, "other run"},
		"a phone number":            {"en", Template{Code: "{code}. Call 5005550006."}, "other run"},
		"a year, in Persian":        {"fa", Template{Code: "{code} ۱۴۰۵"}, "other run"},
		"an accent apart":           {"fr", Template{Code: "Votre cle\u0301: {code}"}, "NFC"},
		"a circle apart":            {"da", Template{Code: "A\u030abn med {code}"}, "NFC"},
		"sound marks apart":         {"ja", Template{Code: "か\u3099 {code}"}, "NFC"},
		"syllables apart":           {"ko", Template{Code: "\u1112\u1161\u11ab {code}"}, "NFC"},
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
			_, err := New(cfg)
			require.ErrorContains(t, err, tt.says)
		})
	}
	_, err := New(Config{Locale: "sv", Templates: map[string]Template{"sv": {Code: "{code}"}}})
	require.ErrorContains(t, err, "both texts", "the language for all must have a text for transactions")
}

// TestTextsThatLanguagesNeed: what cannot be seen is part of how they are written.
func TestTextsThatLanguagesNeed(t *testing.T) {
	t.Parallel()
	for name, template := range map[string]string{
		"Persian":            "کد شما {code} است. آن را به کسی نمی\u200cدهید.",
		"Sinhala":            "ඔබේ කේතය {code}. ශ්\u200dරී ලංකා",
		"Malayalam":          "കോഡ് {code}. അവന്\u200d",
		"French":             "Votre code\u00a0: {code}",
		"French, narrow":     "Votre code\u202f: {code}",
		"Hebrew":             "\u200fהקוד שלך: {code}.\u200f",
		"Arabic":             "\u061cرمزك {code}",
		"Yoruba":             "Ẹ\u0300 ọ\u0301 {code}",
		"Vietnamese":         "Mã của bạn là {code}. Tuyệt đối không chia sẻ.",
		"Korean":             "인증번호는 {code} 입니다",
		"Hindi":              "आपका कोड {code} है। किसी को न बताएँ।",
		"a dash with spaces": "Code - {code} - never share it",
		"a long number":      "{code} (order 98765432109)",
		"a short one":        "{code} for 123 days, 24/7",
	} {
		if name == "Malayalam" {
			template += "റെ" // a joiner stands between letters
		}
		text := written(t, Config{Templates: map[string]Template{"en": {Code: template}}})
		assert.Equal(t, strings.Replace(template, "{code}", "123456", 1), text, name)
	}
}

func TestProducts(t *testing.T) {
	t.Parallel()
	for product, says := range map[string]string{
		"": "", "Acme": "", "Café": "", "بانک\u200cما": "", "Crédit\u00a0Mutuel": "", strings.Repeat("Ω", 48): "", "Studio 54": "", "@acme": "",
		strings.Repeat("p", 49): "48 characters", strings.Repeat("😀", 25): "48 characters", "a\nb": "one line",
		"Cafe\u0301": "NFC", "Acme\u202e": "invisible", "Acme\u200c": "invisible", "Studio 2026": "4 to 10 digits", "x @evil.example #1": "line for browsers",
		"\xff": "UTF-8",
	} {
		_, err := New(Config{Product: product})
		if says == "" {
			require.NoError(t, err, product)
			continue
		}
		require.ErrorContains(t, err, says, product)
		require.ErrorContains(t, err, "Product")
	}
}

// TestTemplatesServeTheirNeighbours: a device and an application seldom write the
// same tag.
func TestTemplatesServeTheirNeighbours(t *testing.T) {
	t.Parallel()
	own := map[string]Template{}
	for _, tag := range []string{"zh-TW", "zh-CN", "nb", "iw", "in", "sr-Latn"} {
		own[tag] = Template{Code: tag + " {code}"}
	}
	for asked, want := range map[string]string{
		"zh-Hant-TW": "zh-TW", "zh-TW": "zh-TW", "zh-Hant": "zh-TW", "zh-HK": "zh-TW", "zh-Hans-CN": "zh-CN", "zh_Hans": "zh-CN",
		"no": "nb", "nb-NO": "nb", "nn": "nb", "he": "iw", "he-IL": "iw", "iw": "iw", "id": "in", "in-ID": "in", "sr-Latn-RS": "sr-Latn",
	} {
		assert.Equal(t, want+" 123456", written(t, Config{Templates: own}, verify.WithLocale(asked)), asked)
	}
	own["nb"] = Template{Code: "nb {code}", Transaction: "nb {code} {amount} {payee}"}
	assert.Equal(t, "nb 123456", written(t, Config{Templates: own, Locale: "no"}), "the language for all")
}

// TestACodeIsWithinTheFirstPart: a gateway that cuts a message after its first
// part, at 160 characters of GSM-7 or 70 of UCS-2, leaves the code.
func TestACodeIsWithinTheFirstPart(t *testing.T) {
	t.Parallel()
	for locale := range builtin("") {
		for name, product := range map[string]string{"no product": "", "the longest": strings.Repeat("p", maxProduct), "the longest, not in GSM-7": strings.Repeat("я", maxProduct)} {
			for _, payee := range []string{"", strings.Repeat("x", 70), strings.Repeat("я", 70)} {
				opts := []verify.SendOption{verify.WithLocale(locale)}
				if payee != "" {
					opts = append(opts, verify.WithTransaction(strings.Repeat("9", 70), payee))
				}
				text := writtenFor(t, Config{Product: product, Origin: strings.Repeat("a.", 100) + "example"}, "0123456780", opts...)
				before, _, found := strings.Cut(text, "0123456780")
				require.True(t, found)
				end, most := len(utf16.Encode([]rune(before)))+maxDigits, 160
				if _, encoding := Segments(text); encoding == UCS2 {
					most = 70
				}
				assert.LessOrEqual(t, end, most, "%s, %s: %q", locale, name, text)
			}
		}
	}
}

func TestAVoiceReadsTheDigitsOneByOne(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "Acme: 1, 2, 3, 4, 5, 6 is your code. Never share it.",
		written(t, Config{Product: "Acme", Origin: "a.example"}, verify.WithChannel(verify.ChannelVoice)))
}

func TestOnlyAnSMSHasALineForMachines(t *testing.T) {
	t.Parallel()
	for _, channel := range []verify.Channel{verify.ChannelSMS, verify.ChannelVoice, verify.ChannelEmail, verify.ChannelWhatsApp} {
		text := written(t, Config{Origin: "a.example"}, verify.WithChannel(channel))
		assert.Equal(t, channel == verify.ChannelSMS, strings.Contains(text, "@a.example"), channel)
	}
}

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
		texts, err := New(Config{Product: product, Origin: "a.example", Templates: map[string]Template{"en": {Code: template}}})
		if err != nil {
			return
		}
		code := []byte{'0', '0', '0', '0', '0', '0'}
		for i := range code {
			code[i] += byte(n >> (4 * i) & 15 % 10)
		}
		message, err := texts.Append(nil, code, verify.SendRequest{Channel: verify.ChannelSMS})
		if err != nil {
			return // another code will do
		}
		machines := "\n@a.example #" + string(code)
		people, found := bytes.CutSuffix(message, []byte(machines))
		if !found {
			t.Fatalf("%q does not end in %q", message, machines)
		}
		alone := regexp.MustCompile(`(?:^|[^0-9])` + string(code) + `(?:[^0-9]|$)`)
		if bytes.Count(people, code) != 1 || !alone.Match(people) {
			t.Fatalf("%q does not show %s once", people, code)
		}
		if chromium.Match(people) {
			t.Fatalf("%q binds an origin", people)
		}
		if host, found, ok := wicg(string(message)); !ok || host != "a.example" || found != string(code) {
			t.Fatalf("%q is not understood", message)
		}
	})
}
