package text

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

// chromium is what Chromium reads:
// https://source.chromium.org/chromium/chromium/src/+/main:content/browser/sms/sms_parser.cc.
var chromium = regexp.MustCompile(`(?:^|\s)@([a-zA-Z0-9.-]+) #([^#\s]+)(?: @([a-zA-Z0-9.-]+))?`)

// wicg is what the specification reads, step by step:
// https://wicg.github.io/sms-one-time-codes/#parsing.
func wicg(message string) (host, code string, ok bool) {
	lines := strings.FieldsFunc(message, func(r rune) bool { return r == '\n' || r == '\r' })
	if len(lines) == 0 {
		return "", "", false
	}
	line := lines[len(lines)-1]
	if !strings.HasPrefix(line, "@") {
		return "", "", false
	}
	host, rest, found := strings.Cut(line[1:], " ")
	if !found || host == "" || strings.ContainsAny(host, "/?@:#%[]\\") || !strings.HasPrefix(rest, "#") {
		return "", "", false
	}
	code, embedded, found := strings.Cut(rest[1:], " ")
	if code == "" || strings.ContainsAny(code, "@#") || found && !strings.HasPrefix(embedded, "@") {
		return "", "", false
	}
	return host, code, true
}

func TestTheReadersOfTheseTests(t *testing.T) {
	t.Parallel()
	for message, want := range map[string][2]string{
		"https://example.com #1":                {},
		"@example.com #747723":                  {"example.com", "747723"},
		"747723 is it.\n\n@example.com #747723": {"example.com", "747723"},
		"@example.com #747723 @frame.example":   {"example.com", "747723"},
		"@example.com  #747723":                 {},
		"code @example.com #747723":             {},
		"@example.com #747723\nbye":             {},
		"@example.com 747723":                   {},
		"":                                      {},
	} {
		host, code, ok := wicg(message)
		assert.Equal(t, want, [2]string{host, code}, message)
		assert.Equal(t, want[0] != "", ok, message)
	}
}

func TestBothReadersFindTheCode(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"example.com", "login.example.com", "xn--bcher-kva.example", "a-b.c-d.example", "localhost", "EXAMPLE.com", "1.example"} {
		for _, frame := range []string{"", "pay.example.net"} {
			for locale := range builtin("") {
				text := written(t, Config{Origin: host, Embedded: frame}, verify.WithLocale(locale), verify.WithTransaction("EUR 1 @ #3", "a@example.com #2"))
				found := chromium.FindStringSubmatch(text)
				require.NotNil(t, found, text)
				assert.Equal(t, []string{host, "123456", frame}, found[1:], "Chromium")
				gotHost, gotCode, ok := wicg(text)
				assert.Equal(t, []any{host, "123456", true}, []any{gotHost, gotCode, ok}, "the specification")
				line := "\n@" + host + " #123456"
				if frame != "" {
					line += " @" + frame
				}
				assert.True(t, strings.HasSuffix(text, line), "nothing follows it, and it is a line of its own")
			}
		}
	}
}

func TestTheHashOfAnAppIsTheLastLine(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "Acme: 123456 is your code. Never share it.\nFA+9qCX9VSu", written(t, Config{Product: "Acme", AppHash: "FA+9qCX9VSu"}))
}

func TestLastLinesAreRefused(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		cfg  Config
		says string
	}{
		"two last lines":           {Config{Origin: "a.example", AppHash: "FA+9qCX9VSu"}, "not both"},
		"two hosts in one":         {Config{Origin: "a.example @b.example"}, "Origin must be"},
		"a frame with a scheme":    {Config{Origin: "a.example", Embedded: "https://b.example"}, "Embedded must be"},
		"a frame with a line":      {Config{Origin: "a.example", Embedded: "b.example\n@c.example #1"}, "Embedded must be"},
		"a frame in no site":       {Config{Embedded: "b.example"}, "goes with Origin"},
		"a frame of an app":        {Config{Embedded: "b.example", AppHash: "FA+9qCX9VSu"}, "goes with Origin"},
		"a hash that is too short": {Config{AppHash: "FA+9qCX9VS"}, "AppHash"},
	} {
		_, err := New(tc.cfg)
		require.ErrorContains(t, err, tc.says, name)
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 63)
	for host, want := range map[string]bool{
		"example.com": true, "a": true, "a.b.c.d": true, "x-1.example": true, long + ".example": true,
		"": false, ".": false, "example.com.": false, ".example.com": false, "a..b": false, "-a.example": false, "a-.example": false,
		"a_b.example": false, "a b.example": false, "a.example:443": false, "a.example/": false, "https://a.example": false,
		"a@b.example": false, "a#b.example": false, "a\n.example": false, "bücher.example": false, "a.example ": false,
		long + "a.example": false, strings.Repeat("a.", 126) + "aa": false, "127.0.0.1": false, "1": false, "[::1]": false, "a.example\x00": false,
	} {
		assert.Equal(t, want, isHost(host), "%q", host)
	}
}

// FuzzOrigin holds that hosts that New accepts survive both readers.
func FuzzOrigin(f *testing.F) {
	for _, seed := range []string{"example.com", "a b", "a#b", "a\nb", "-a.b", "127.0.0.1", "a.b.", "ａ.example", "a..b", strings.Repeat("a.", 127)} {
		f.Add(seed, "", "EUR 1", "Acme")
		f.Add("a.example", seed, "EUR 1", "Acme")
	}
	f.Add("example.com", "", "@evil.example #1", "x")
	f.Add("example.com", "", "1", "\t@evil.example #1")
	f.Fuzz(func(t *testing.T, host, frame, amount, payee string) {
		texts, err := New(Config{Origin: host, Embedded: frame})
		if err != nil || host == "" {
			return
		}
		req, err := request(t, verify.WithTransaction(amount, payee))
		if err != nil {
			return
		}
		message, err := texts.Append(nil, []byte("123456"), req)
		if err != nil {
			return
		}
		found := chromium.FindStringSubmatch(string(message))
		if found == nil || found[1] != host || found[2] != "123456" || found[3] != frame {
			t.Fatalf("Chromium reads %q as %q", message, found)
		}
		if h, c, ok := wicg(string(message)); !ok || h != host || c != "123456" {
			t.Fatalf("the specification reads %q as %q, %q", message, h, c)
		}
	})
}

// FuzzBindsOrigin compares our reader with Chromium's.
func FuzzBindsOrigin(f *testing.F) {
	for _, seed := range []string{
		"@a #1", " @a #1", "x@a #1", "@a  #1", "@a #", "@a ##", "@ #1", "@a\t#1", "@a # 1", "\n@a.b-c #x y", "@@a #1", "@a #\xff", "\v@a #1", "@a #\v",
		"@é #1", " @a @b #1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, want := bindsOrigin([]byte(s)), chromium.MatchString(s); got != want {
			t.Fatalf("%q: %v, and %v to Chromium", s, got, want)
		}
	})
}
