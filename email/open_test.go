package email

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		dsn  string
		want Config
	}{
		"a host": {"smtp://smtp.example.com?from=a@example.com", Config{Host: "smtp.example.com", From: "a@example.com"}},
		"all of it": {
			"smtp://app:s3cret@smtp.example.com:465?from=Acme%20<a@example.com>&security=implicit&subject=Your%20code&subject.de=Ihr%20Code&subject.PT-BR=c%C3%B3digo&hello=www.example.com",
			Config{
				Host: "smtp.example.com", Port: 465, Username: "app", Password: "s3cret", From: "Acme <a@example.com>", Security: Implicit,
				Subject: "Your code", Subjects: map[string]string{"de": "Ihr Code", "PT-BR": "código"}, Hello: "www.example.com",
			},
		},
		"credentials behind the question mark": {
			"smtp://smtp.example.com?username=a@example.com&password=s3:cr/et&from=a@example.com",
			Config{Host: "smtp.example.com", Username: "a@example.com", Password: "s3:cr/et", From: "a@example.com"},
		},
		"escapes": {
			"smtp://a%40example.com:%2F%3F%23%40%3A%25+@smtp.example.com:587?from=a+b@example.com",
			Config{Host: "smtp.example.com", Port: 587, Username: "a@example.com", Password: "/?#@:%+", From: "a+b@example.com"},
		},
		"an equals sign in a value": {"smtp://localhost:1025?from=a@example.com&subject=a=b", Config{Host: "localhost", Port: 1025, From: "a@example.com", Subject: "a=b"}},
		"IPv6":                      {"smtp://[::1]:1025?from=a@example.com", Config{Host: "::1", Port: 1025, From: "a@example.com"}},
		"IPv6 without a port":       {"smtp://[::1]?from=a@example.com", Config{Host: "::1", From: "a@example.com"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg, err := parse(tc.dsn)
			require.NoError(t, err)
			assert.Equal(t, tc.want.shown(), cfg.shown())
			_, err = Open(tc.dsn)
			require.NoError(t, err)
		})
	}
}

// shown defeats Format, so that a test that fails tells what differs.
func (cfg Config) shown() any {
	type plain Config
	return plain(cfg)
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ dsn, want string }{
		"nothing":                         {"", "character 1: the line must open with smtp://"},
		"another scheme":                  {"https://app:s3cret@smtp.example.com", "smtp://"},
		"the scheme in capitals":          {"SMTP://app:s3cret@smtp.example.com", "smtp://"},
		"without end":                     {"smtp://" + strings.Repeat("s3cret", 3000), "16384"},
		"no host":                         {"smtp://app:s3cret@?from=a@example.com", "character 19: behind smtp://"},
		"no sender":                       {"smtp://app:s3cret@smtp.example.com", "From must read"},
		"a username alone":                {"smtp://s3cret@smtp.example.com?from=a@example.com", "character 8: in front of the @"},
		"an empty password":               {"smtp://s3cret:@smtp.example.com?from=a@example.com", "no value"},
		"a slash in the password":         {"smtp://app:12/s3cret@smtp.example.com?from=a@example.com", "in front of the @"},
		"a colon in the password":         {"smtp://app:s3:cret@smtp.example.com?from=a@example.com", "in front of the @"},
		"an at sign in the password":      {"smtp://app:s3@cret@smtp.example.com?from=a@example.com", "in front of the @"},
		"a question mark in the password": {"smtp://app:12?s3cret@smtp.example.com", "key=value"},
		"the same, that reads like a key": {"smtp://app:12?s3cret=@smtp.example.com", "the keys are"},
		"a number sign in the password":   {"smtp://app:12#s3cret@smtp.example.com?from=a@example.com", "character 14: a space"},
		"a bare percent":                  {"smtp://app:s3cret%@smtp.example.com?from=a@example.com", "a % is written %25"},
		"half an escape":                  {"smtp://app:s3cret%4@smtp.example.com?from=a@example.com", "a % is written %25"},
		"no hexadecimal digits":           {"smtp://app:s3cret%+1@smtp.example.com?from=a@example.com", "a % is written %25"},
		"a space":                         {"smtp://app:s3 cret@smtp.example.com?from=a@example.com", "character 14: a space"},
		"a parenthesis":                   {"smtp://app:s3(cret@smtp.example.com?from=a@example.com", "a parenthesis"},
		"not ASCII":                       {"smtp://app:s3crét@smtp.example.com?from=a@example.com", "printable ASCII"},
		"a port that is none":             {"smtp://smtp.example.com:s3cret?from=a@example.com", "the port must be a number"},
		"a port with a sign":              {"smtp://smtp.example.com:+25?from=a@example.com", "the port must be a number"},
		"a port too high":                 {"smtp://smtp.example.com:99999?from=a@example.com", "Port must be"},
		"a path":                          {"smtp://smtp.example.com/s3cret?from=a@example.com", "HOST:PORT"},
		"an unknown key":                  {"smtp://smtp.example.com?s3cret=1", "the keys are from"},
		"a key in capitals":               {"smtp://smtp.example.com?FROM=a@example.com", "the keys are from"},
		"a key without a value":           {"smtp://smtp.example.com?from", "key=value"},
		"an empty pair":                   {"smtp://smtp.example.com?from=a@example.com&", "key=value"},
		"a key given twice":               {"smtp://smtp.example.com?from=a@example.com&from=s3cret@example.com", "given twice"},
		"credentials given twice":         {"smtp://app:s3cret@smtp.example.com?password=s3cret&from=a@example.com", "given twice"},
		"a tag given twice":               {"smtp://smtp.example.com?from=a@example.com&subject.de=x&subject.DE=s3cret", "given twice"},
		"a reference":                     {"smtp://smtp.example.com?username=app&password=file:/s3cret&from=a@example.com", "not read here"},
		"another reference":               {"smtp://smtp.example.com?username=app&password=env:s3cret&from=a@example.com", "not read here"},
		"no security over a network":      {"smtp://smtp.example.com?from=a@example.com&security=none", "loopback only"},
		"a header in the subject":         {"smtp://smtp.example.com?from=a@example.com&subject=s3cret%0D%0ABcc:b", "Subject"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := Open(tc.dsn)
			require.ErrorContains(t, err, tc.want)
			assert.Nil(t, c)
			for _, secret := range []string{"s3cret", "cret", "example.com:", "a@example"} {
				assert.NotContains(t, err.Error(), secret)
			}
		})
	}
}

func FuzzOpen(f *testing.F) {
	const canary = "kanarie"
	for _, seed := range []string{
		"smtp://%s:%s@%s:25?from=%s@example.com", "smtp://%s?%s=%s", "%s://%s", "smtp://h?security=%s&from=%s", "smtp://h?subject.%s=%s",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, shape string) {
		if _, err := Open(strings.ReplaceAll(shape, "%s", canary)); err != nil {
			assert.NotContains(t, err.Error(), canary)
		}
	})
}
