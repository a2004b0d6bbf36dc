package main

import (
	"bytes"
	"context"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func runTOTP(t *testing.T, env map[string]string, args ...string) (status int, out, problems string) {
	t.Helper()
	var o, e bytes.Buffer
	status = run(context.Background(), append([]string{"totp"}, args...), strings.NewReader(""), &o, &e, func(k string) string { return env[k] })
	return status, o.String(), e.String()
}

func TestNewAppIsAQRCodeAndItsURI(t *testing.T) {
	status, out, _ := runTOTP(t, nil, "-new", "-issuer", "Acme & Sons", "-account", "a@example.com", "-digits", "8", "-algorithm", "sha256", "-period", "60s")
	require.Zero(t, status)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	uri := lines[len(lines)-1]
	assert.Regexp(t, regexp.MustCompile(`^otpauth://totp/Acme%20%26%20Sons:a%40example\.com\?secret=[A-Z2-7]{32}&issuer=Acme%20%26%20Sons&algorithm=SHA256&digits=8&period=60$`), uri)
	assert.Greater(t, len(lines), 20, "a QR code stands above it")

	status, out, _ = runTOTP(t, nil, "-uri", uri)
	require.Zero(t, status)
	assert.Regexp(t, regexp.MustCompile(`^\d{8} for \d{1,2} seconds\n$`), out)
	status, _, _ = runTOTP(t, map[string]string{"VERIFY_TOTP_URI": uri}, "-code", out[:4]+" "+out[4:8])
	assert.Zero(t, status, "its own code, typed in two groups")
	status, _, problems := runTOTP(t, nil, "-uri", uri, "-code", "00000000")
	assert.Equal(t, 1, status)
	assert.Equal(t, "verify: totp: check: mismatch\n", problems)
}

func TestTOTPRefusesInWordsAndQuotesNothing(t *testing.T) {
	for name, args := range map[string][]string{
		"nothing at all":       {},
		"new without a name":   {"-new", "-issuer", "Acme"},
		"new with a URI":       {"-new", "-uri", "otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ"},
		"five digits":          {"-new", "-issuer", "Acme", "-account", "a", "-digits", "5"},
		"no otpauth URI":       {"-uri", "https://example.com/GEZDGNBVGY3TQOJQ"},
		"a secret of one byte": {"-uri", "otpauth://totp/a?secret=GE"},
	} {
		t.Run(name, func(t *testing.T) {
			status, out, problems := runTOTP(t, nil, args...)
			assert.Equal(t, 2, status)
			assert.Empty(t, out)
			assert.NotContains(t, problems, "GEZDGNBV")
			assert.NotEmpty(t, problems)
		})
	}
}

// What we print is what oathtool prints, for every choice of parameters.
func TestTOTPPrintsWhatOathtoolPrints(t *testing.T) {
	if _, err := exec.LookPath("oathtool"); err != nil {
		t.Skip("no oathtool on the PATH")
	}
	const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	for _, algorithm := range []string{"SHA1", "SHA256", "SHA512"} {
		for _, digits := range []string{"6", "7", "8"} {
			for _, period := range []string{"30", "60"} {
				theirs := func() string {
					out, err := exec.Command("oathtool", "--totp="+algorithm, "-b", "-d", digits, "-s", period+"s", secret).Output()
					require.NoError(t, err)
					return strings.TrimSpace(string(out))
				}
				uri := "otpauth://totp/a?secret=" + secret + "&algorithm=" + algorithm + "&digits=" + digits + "&period=" + period
				before := theirs()
				_, out, _ := runTOTP(t, nil, "-uri", uri)
				after := theirs()
				ours, _, _ := strings.Cut(out, " ")
				assert.Contains(t, []string{before, after}, ours, "%s, %s digits, %s s", algorithm, digits, period)
			}
		}
	}
}
