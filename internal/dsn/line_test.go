package dsn

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	for name, tc := range map[string]struct {
		dsn  string
		want Line
	}{
		"a scheme alone":      {"authy://", Line{Scheme: "authy"}},
		"a host alone":        {"authy://phone", Line{Scheme: "authy", Host: Part{Text: "phone"}}},
		"user and host":       {"authy://KEY@phone", Line{Scheme: "authy", User: Part{Text: "KEY"}, Host: Part{Text: "phone"}}},
		"user, pass and host": {"a://u:p@h", Line{Scheme: "a", User: Part{Text: "u"}, Pass: Part{Text: "p"}, Host: Part{Text: "h"}}},
		"no host":             {"a://u:p@?k=v", Line{Scheme: "a", User: Part{Text: "u"}, Pass: Part{Text: "p"}, Pairs: []Pair{{Key: "k", Value: "v"}}}},
		"pairs alone":         {"a://?k=v&l=", Line{Scheme: "a", Pairs: []Pair{{Key: "k", Value: "v"}, {Key: "l"}}}},
		"case is kept":        {"a://U@Host", Line{Scheme: "a", User: Part{Text: "U"}, Host: Part{Text: "Host"}}},
		"escapes everywhere":  {"a://%75%3a:%70%2F@%68%25?%6b%3D=%76%26", Line{Scheme: "a", User: Part{Text: "u:"}, Pass: Part{Text: "p/"}, Host: Part{Text: "h%"}, Pairs: []Pair{{Key: "k=", Value: "v&"}}}},
		"a plus is a plus":    {"a://a+b@c+d?e+f=+1500", Line{Scheme: "a", User: Part{Text: "a+b"}, Host: Part{Text: "c+d"}, Pairs: []Pair{{Key: "e+f", Value: "+1500"}}}},
		"a URL as a value":    {"a://?k=http://h:1/p?q=@", Line{Scheme: "a", Pairs: []Pair{{Key: "k", Value: "http://h:1/p?q=@"}}}},
		"a failover":          {"failover(a://x b://y)", Line{Scheme: "failover", Backends: []Line{{Scheme: "a", Host: Part{Text: "x"}}, {Scheme: "b", Host: Part{Text: "y"}}}}},
		"all its white space": {"failover( \t\na://x\n\tb://y \n)", Line{Scheme: "failover", Backends: []Line{{Scheme: "a", Host: Part{Text: "x"}}, {Scheme: "b", Host: Part{Text: "y"}}}}},
		"pairs of all":        {"failover(a://?k=v)?l=w&m=n", Line{Scheme: "failover", Backends: []Line{{Scheme: "a", Pairs: []Pair{{Key: "k", Value: "v"}}}}, Pairs: []Pair{{Key: "l", Value: "w"}, {Key: "m", Value: "n"}}}},
		"a guard":             {"guard(a://x)?k=v", Line{Scheme: "guard", Backends: []Line{{Scheme: "a", Host: Part{Text: "x"}}}, Pairs: []Pair{{Key: "k", Value: "v"}}}},
		"a spacious guard":    {"guard(\n\ta://x \n)", Line{Scheme: "guard", Backends: []Line{{Scheme: "a", Host: Part{Text: "x"}}}}},
		"a guard around a failover": {"guard(failover(a://x b://y)?k=v)?l=w", Line{Scheme: "guard", Pairs: []Pair{{Key: "l", Value: "w"}}, Backends: []Line{
			{Scheme: "failover", Backends: []Line{{Scheme: "a", Host: Part{Text: "x"}}, {Scheme: "b", Host: Part{Text: "y"}}}, Pairs: []Pair{{Key: "k", Value: "v"}}}}}},
		"a guard around four failovers": {"guard(failover(failover(failover(failover(a://)))))", Line{Scheme: "guard", Backends: []Line{
			{Scheme: "failover", Backends: []Line{{Scheme: "failover", Backends: []Line{{Scheme: "failover", Backends: []Line{{Scheme: "failover", Backends: []Line{{Scheme: "a"}}}}}}}}}}}},
		"one in another": {"failover(failover(a://)?k=v b://)", Line{Scheme: "failover", Backends: []Line{
			{Scheme: "failover", Backends: []Line{{Scheme: "a"}}, Pairs: []Pair{{Key: "k", Value: "v"}}}, {Scheme: "b"}}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Parse(tc.dsn, "a DSN opens with one of ...")
			require.NoError(t, err)
			assert.Equal(t, tc.want, unplaced(got))
			assert.Equal(t, tc.want, reparse(t, got))
		})
	}
}

func TestParseRefuses(t *testing.T) {
	const (
		scheme = "a DSN opens with one of "
		bare   = "a space, a parenthesis and what is not printable ASCII"
		reads  = "in front of the question mark"
		here   = "the DSN must end here"
	)
	for name, tc := range map[string]struct {
		dsn  string
		at   int
		want string
	}{
		"nothing":                           {"", 1, "the line is empty: is VERIFY_DSN set?"},
		"white space alone":                 {" \t\n", 1, "the line is empty"},
		"double quotes":                     {`"a://h"`, 1, "remove the quotes around the DSN"},
		"single quotes around a failover":   {"'failover(a://h b://h)'", 1, "remove the quotes"},
		"a quote in front alone":            {"`a://h", 1, "remove the quotes"},
		"no scheme":                         {"ACCOUNT:TOKEN@SERVICE", 1, scheme},
		"a scheme in capitals":              {"Twilio://x", 1, scheme},
		"an empty scheme":                   {"://x", 1, scheme},
		"failover is no scheme":             {"failover://x", 1, scheme},
		"a slash in the token":              {"a://u:to/ken@h", 9, reads},
		"a hash in the token":               {"a://u:to#ken@h", 9, reads},
		"a question mark in the token":      {"a://u:to?ken@h", 6, reads},
		"an at sign in the token":           {"a://u:to@ken@h", 13, reads},
		"a space in the token":              {"a://u:to ken@h", 9, bare},
		"a bracket is fine, an é is not":    {"a://u:t[é]@h", 9, bare},
		"a reference in the pass":           {"a://u:file:/run/secrets/t@h", 11, reads},
		"references in user and pass":       {"a://env:SID:env:TOKEN@h", 12, reads},
		"a port":                            {"a://h:80", 6, reads},
		"a path":                            {"a://h/p", 6, reads},
		"a fragment behind the host":        {"a://h#f", 6, reads},
		"a fragment behind a value":         {"a://h?k=v#f", 10, "a # is written"},
		"a fragment within a key":           {"a://h?k#=v", 8, "a # is written"},
		"an empty user":                     {"a://@h", 5, "the user is empty"},
		"an empty user with a pass":         {"a://:p@h", 5, "the user is empty"},
		"an empty pass":                     {"a://u:@h", 7, "the pass is empty"},
		"a question mark and nothing":       {"a://h?", 7, "key=value is missing"},
		"an ampersand and nothing":          {"a://h?k=v&", 11, "key=value is missing"},
		"two ampersands":                    {"a://h?k=v&&l=w", 11, "key=value is missing"},
		"a key alone":                       {"a://h?k", 7, "key=value is missing"},
		"a value alone":                     {"a://h?=v", 7, "key=value is missing"},
		"a key twice":                       {"a://h?k=v&l=w&k=v", 15, "this key stands a second time"},
		"a key twice, once escaped":         {"a://h?k=v&%6b=w", 11, "this key stands a second time"},
		"a percent sign at the end":         {"a://h?k=5%", 10, "a % is written %25"},
		"half an escape":                    {"a://h?k=%4", 9, "a % is written %25"},
		"no hexadecimal digits":             {"a://u%zz@h", 6, "a % is written %25"},
		"a percent sign in a key":           {"a://h?k%=v", 8, "a % is written %25"},
		"a space behind it":                 {"a://h ", 6, bare},
		"a newline behind it":               {"a://h\n", 6, bare},
		"a space in front":                  {" a://h", 1, bare},
		"a parenthesis in a value":          {"a://h?k=(v)", 9, bare},
		"a control byte":                    {"a://h?k=\x00", 9, bare},
		"DEL":                               {"a://h?k=\x7f", 9, bare},
		"an open failover":                  {"failover(a://h", 1, "the parenthesis of this failover is not closed"},
		"an open failover in another":       {"failover(failover(a://h)", 1, "the parenthesis of this failover is not closed"},
		"an empty failover":                 {"failover( )", 11, "a failover needs a DSN"},
		"a failover with a comma":           {"failover(a://h,b://h)", 17, reads},
		"backends that touch":               {"failover(failover(a://h)b://h)", 25, "a space between two DSNs"},
		"something behind a failover":       {"failover(a://h) b://h", 16, here},
		"a space behind its pairs":          {"failover(a://h)?k=v w", 20, here},
		"a second parenthesis":              {"failover(a://h))", 16, here},
		"a parenthesis opened in a backend": {"failover(a://h(b://h))", 15, bare},
		"an é in a backend":                 {"failover(a://h b://é)", 20, bare},
		"a backend without a scheme":        {"failover(a://h bcd)", 16, scheme},
		"a guard in a failover":             {"failover(a://h guard(b://h))", 16, "a guard stands around everything, once: put it around"},
		"a guard in a guard":                {"guard(guard(a://h))", 7, "a guard stands around everything, once"},
		"a guard in a failover in a guard":  {"guard(failover(a://h guard(b://h)))", 22, "a guard stands around everything, once"},
		"an empty guard":                    {"guard( )", 8, "a guard needs a DSN"},
		"an open guard":                     {"guard(a://h", 1, "the parenthesis of this guard is not closed"},
		"an open guard of nothing":          {"guard(", 7, scheme},
		"two DSNs in a guard":               {"guard(a://h b://h)", 13, "a guard has one DSN in its parentheses: join several by failover(...)"},
		"guard is no scheme":                {"guard://x", 1, scheme},
		"something behind a guard":          {"guard(a://h) b://h", 13, here},
		"failovers five deep in a guard":    {"guard(" + strings.Repeat("failover(", 5) + "a://" + strings.Repeat(")", 6), 43, "at most 4 deep"},
		"failovers five deep":               {strings.Repeat("failover(", 5) + "a://" + strings.Repeat(")", 5), 37, "at most 4 deep"},
		"failovers a thousand deep":         {strings.Repeat("failover(", 1000), 37, "at most 4 deep"},
		"longer than any":                   {"a://" + strings.Repeat("x", 65536), 65537, "at most 65536"},
		"a space between name and bracket":  {"failover (a://h)", 9, bare},
		"a carriage return is no SP":        {"failover(a://h\r\nb://h)", 15, bare},
		"pairs of a failover, a key twice":  {"failover(a://h)?k=v&k=w", 21, "this key stands a second time"},
		"pairs of a failover, not a mark":   {"failover(a://h)&k=v", 16, here},
		"a second question mark is a value": {"a://h?k?l", 7, "key=value is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse(tc.dsn, "a DSN opens with one of ...")
			require.ErrorContains(t, err, tc.want)
			assert.Contains(t, err.Error(), fmt.Sprintf("vendors: character %d: ", tc.at))
		})
	}
}

// reparse writes d out and reads it again.
func reparse(t *testing.T, d Line) Line {
	t.Helper()
	again, err := Parse(format(d), "a DSN opens with one of ...")
	require.NoError(t, err)
	return unplaced(again)
}

// unplaced forgets where things stand.
func unplaced(d Line) Line {
	d.At, d.User.At, d.Pass.At, d.Host.At = 0, 0, 0, 0
	for i := range d.Pairs {
		d.Pairs[i].At = 0
	}
	for i := range d.Backends {
		d.Backends[i] = unplaced(d.Backends[i])
	}
	return d
}

// format writes d as a line that parse reads.
func format(d Line) string {
	var b strings.Builder
	if len(d.Backends) > 0 {
		backends := make([]string, len(d.Backends))
		for i, backend := range d.Backends {
			backends[i] = format(backend)
		}
		b.WriteString(d.Scheme + "(" + strings.Join(backends, " ") + ")")
	} else {
		b.WriteString(d.Scheme + "://")
	}
	if d.User.Text != "" {
		b.WriteString(escapeNaively(d.User.Text, "/?#@:%"))
		if d.Pass.Text != "" {
			b.WriteString(":" + escapeNaively(d.Pass.Text, "/?#@:%"))
		}
		b.WriteString("@")
	}
	b.WriteString(escapeNaively(d.Host.Text, "/?#@:%"))
	for i, p := range d.Pairs {
		b.WriteString([]string{"?", "&"}[min(i, 1)])
		b.WriteString(escapeNaively(p.Key, "&=#%") + "=" + escapeNaively(p.Value, "&#%"))
	}
	return b.String()
}

func escapeNaively(s, also string) string {
	var b strings.Builder
	for i := range len(s) {
		if isBare(s[i]) && strings.IndexByte(also, s[i]) < 0 {
			b.WriteByte(s[i])
			continue
		}
		fmt.Fprintf(&b, "%%%02X", s[i])
	}
	return b.String()
}

// FuzzDSN: what can be read can be written, and reads the same.
func FuzzDSN(f *testing.F) {
	for _, seed := range []string{
		"twilio://ACCOUNT_SID:AUTH_TOKEN@VERIFY_SERVICE_SID?scope.payment=VA00",
		"twilio://?account_sid=env:TWILIO_ACCOUNT_SID&auth_token=file:/run/secrets/twilio&service_sid=VA00",
		"bandwidth://CLIENT_ID:SECRET@ACCOUNT_ID?sms_app=a&voice_app=b&from=+15005550006",
		"gatewayapi://TOKEN@eu?sender=Acme&code_key=env:OTP_KEY&store=redis://127.0.0.1:6379/0",
		"authy://API_KEY@phone", "authy://API_KEY@users", "a://", "a://%40:%3A@%2F?%3D=%26",
		"failover(twilio://a b://c)?on_unknown=next&ledger=redis://h&code_key=env:OTP_KEY&route.45=bandwidth",
		"failover(\n\tfailover(a://b)?c=d e://f\n)", "twilio://AC:to/ken@VA", "a://?k=%", "failover(", "failover()",
		"guard(twilio://a)?countries=DK,GB", "guard( failover(a:// b://) )?prefix=20/1h", "guard(", "failover(guard(a://))",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := Parse(s, "a DSN opens with one of ...")
		if err != nil {
			require.True(t, strings.HasPrefix(err.Error(), "vendors: character "), err)
			return
		}
		want := unplaced(d)
		assert.Equal(t, want, reparse(t, d))
	})
}
