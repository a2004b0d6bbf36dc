package email

import (
	"context"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestDefaults(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		cfg      Config
		security Security
		port     int
	}{
		"a host":                    {Config{Host: "smtp.example.com"}, StartTLS, 587},
		"a port behind the host":    {Config{Host: "smtp.example.com:2525"}, StartTLS, 2525},
		"implicit TLS behind it":    {Config{Host: "smtp.example.com:465"}, Implicit, 465},
		"a port":                    {Config{Host: "smtp.example.com", Port: 2525}, StartTLS, 2525},
		"the port of implicit TLS":  {Config{Host: "smtp.example.com", Port: 465}, Implicit, 465},
		"implicit TLS":              {Config{Host: "smtp.example.com", Security: Implicit}, Implicit, 465},
		"STARTTLS on an odd port":   {Config{Host: "smtp.example.com", Port: 465, Security: StartTLS}, StartTLS, 465},
		"localhost":                 {Config{Host: "localhost"}, None, 587},
		"loopback":                  {Config{Host: "127.0.0.53", Port: 25}, None, 25},
		"loopback of IPv6":          {Config{Host: "::1"}, None, 587},
		"loopback, with TLS":        {Config{Host: "127.0.0.1", Security: StartTLS}, StartTLS, 587},
		"a name like localhost":     {Config{Host: "localhost.example.com"}, StartTLS, 587},
		"an address like loopback":  {Config{Host: "128.0.0.1"}, StartTLS, 587},
		"an address of all of them": {Config{Host: "0.0.0.0"}, StartTLS, 587},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tc.cfg.From = "login@example.com"
			c, err := New(tc.cfg)
			require.NoError(t, err)
			assert.Equal(t, tc.security, c.cfg.Security)
			assert.Equal(t, tc.port, c.cfg.Port)
			assert.Contains(t, c.cfg.Hello, ".", "a name that is qualified")
		})
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		change func(*Config)
		want   string
	}{
		"no host":                        {func(c *Config) { c.Host = "" }, "Host"},
		"two ports":                      {func(c *Config) { c.Host, c.Port = "smtp.example.com:25", 25 }, "Port is given once"},
		"a host with a word for a port":  {func(c *Config) { c.Host = "smtp.example.com:smtp" }, "Host"},
		"a host with a port too high":    {func(c *Config) { c.Host = "smtp.example.com:65536" }, "Host"},
		"a host with a line break":       {func(c *Config) { c.Host = "smtp\r\nx" }, "Host"},
		"a host that is an option":       {func(c *Config) { c.Host = "-x" }, "Host"},
		"a host too long":                {func(c *Config) { c.Host = strings.Repeat("x", 254) }, "Host"},
		"a port below one":               {func(c *Config) { c.Port = -1 }, "Port"},
		"a port too high":                {func(c *Config) { c.Port = 65536 }, "Port"},
		"another security":               {func(c *Config) { c.Security = "opportunistic" }, "Security must be"},
		"no security over a network":     {func(c *Config) { c.Security = None }, "loopback only"},
		"a username alone":               {func(c *Config) { c.Username = "s3cret" }, "both Username and Password"},
		"a password alone":               {func(c *Config) { c.Password = "s3cret" }, "both Username and Password"},
		"a token without a username":     {func(c *Config) { c.Token = aToken }, "Token goes with Username"},
		"a token and a password":         {func(c *Config) { c.Username, c.Password, c.Token = "app", "s3cret", aToken }, "without Password"},
		"a line break in the password":   {func(c *Config) { c.Username, c.Password = "app", "s3cret\r\n" }, "control characters"},
		"a NUL in the username":          {func(c *Config) { c.Username, c.Password = "app\x00", "s3cret" }, "control characters"},
		"a password without end":         {func(c *Config) { c.Username, c.Password = "app", strings.Repeat("s3cret", 200) }, "1024 bytes"},
		"no sender":                      {func(c *Config) { c.From = "" }, "From"},
		"a sender without a domain":      {func(c *Config) { c.From = "login" }, "From"},
		"two senders":                    {func(c *Config) { c.From = "a@example.com, b@example.com" }, "From"},
		"a header in the sender":         {func(c *Config) { c.From = "Acme\r\nBcc: b@example.com <a@example.com>" }, "From"},
		"a hidden header in the sender":  {func(c *Config) { c.From = "=?utf-8?q?a=0D=0ABcc:_b?= <a@example.com>" }, "From"},
		"a sender to be quoted":          {func(c *Config) { c.From = `"a b"@example.com` }, "From"},
		"a name too long":                {func(c *Config) { c.From = strings.Repeat("x", 65) + " <a@example.com>" }, "From"},
		"a header in the subject":        {func(c *Config) { c.Subject = "x\r\nBcc: b@example.com" }, "Subject"},
		"a subject too long":             {func(c *Config) { c.Subject = strings.Repeat("x", 151) }, "Subject"},
		"a subject that is not UTF-8":    {func(c *Config) { c.Subject = "\xff" }, "Subject"},
		"a header in one of subjects":    {func(c *Config) { c.Subjects = map[string]string{"de": "x\nBcc: b@example.com"} }, "Subjects"},
		"an empty one of subjects":       {func(c *Config) { c.Subjects = map[string]string{"de": ""} }, "Subjects"},
		"a tag that is none":             {func(c *Config) { c.Subjects = map[string]string{"de_DE": "x"} }, "BCP 47"},
		"a hello with a space":           {func(c *Config) { c.Hello = "a b" }, "Hello"},
		"a hello with a command":         {func(c *Config) { c.Hello = "a\r\nRCPT" }, "Hello"},
		"a name that is not to be shown": {func(c *Config) { c.From = "\u202eAcme <a@example.com>" }, "From"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := Config{Host: "smtp.example.com", From: "login@example.com"}
			tc.change(&cfg)
			c, err := New(cfg)
			require.ErrorContains(t, err, tc.want)
			assert.Nil(t, c)
			for _, secret := range []string{"s3cret", "b@example.com"} {
				assert.NotContains(t, err.Error(), secret)
			}
		})
	}
}

func aToken(context.Context) (string, error) { return "s3cret", nil }

// TestTheGreetingIsQualified: RFC 5321 section 4.1.1.1 asks for a name that DNS
// knows, and many servers refuse any other.
func TestTheGreetingIsQualified(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"app7.example.net": "app7.example.net", "app7.example.net.": "app7.example.net", "APP.Example.net": "APP.Example.net",
		"": "example.com", "app7": "example.com", "localhost": "example.com", "localhost.localdomain": "example.com",
		"app7.local": "example.com", "ip-192-0-2-1.ec2.internal": "example.com", "app.": "example.com", "192.0.2.1": "example.com",
		"app 7.example.net": "example.com", "app7.home.arpa": "example.com", ".net": "example.com",
	} {
		from, err := parseFrom("Acme <login@example.com>")
		require.NoError(t, err)
		assert.Equal(t, want, greeting(name, from), name)
	}
	c, err := New(Config{Host: "smtp.example.com", From: "login@example.com", Hello: "localhost"})
	require.NoError(t, err)
	assert.Equal(t, "localhost", c.cfg.Hello, "what is configured is used")
}

func TestTheCallersMapIsCopied(t *testing.T) {
	t.Parallel()
	subjects := map[string]string{"de": "Anmeldung"}
	c, err := New(Config{Host: "smtp.example.com", From: "login@example.com", Subjects: subjects})
	require.NoError(t, err)
	subjects["de"] = "x\r\nBcc: b@example.com"
	assert.Equal(t, "Anmeldung", c.cfg.subject("de"))
}

func TestLoopbackIsAnAddressNotAName(t *testing.T) {
	t.Parallel()
	assert.True(t, onLoopback(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}))
	assert.True(t, onLoopback(&net.TCPAddr{IP: net.IPv6loopback}))
	assert.False(t, onLoopback(&net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}))
	assert.False(t, onLoopback(&net.UnixAddr{Name: "127.0.0.1"}))
	assert.Contains(t, why(atConnect, errElsewhere, nil), "not on loopback")
}
