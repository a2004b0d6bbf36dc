package interop_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp"
	pquerna "github.com/pquerna/otp/totp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/totp"
)

// A codeCase is one code that a library is asked for.
type codeCase struct {
	Secret    string `json:"secret"`
	Algorithm string `json:"algorithm"`
	Digits    int    `json:"digits"`
	Period    int    `json:"period"`
	At        int64  `json:"at"`
}

func (c codeCase) uri() string {
	return fmt.Sprintf("otpauth://totp/a?secret=%s&algorithm=%s&digits=%d&period=%d", c.Secret, c.Algorithm, c.Digits, c.Period)
}

// A reading is what a library finds in an otpauth URI.
type reading struct {
	Issuer    string `json:"issuer"`
	Account   string `json:"account"`
	Secret    string `json:"secret"`
	Algorithm string `json:"algorithm"`
	Digits    int    `json:"digits"`
	Period    int    `json:"period"`
}

type question struct {
	Codes []codeCase `json:"codes"`
	URIs  []string   `json:"uris"`
}

// An answer is that of all libraries of one language.
type answer struct {
	Codes map[string][]string  `json:"codes"`
	URIs  map[string][]reading `json:"uris"`
}

// A language has libraries that people use where this module is not.
type language struct {
	program []string
	check   []string // fails where the libraries are missing
	prepare func(*testing.T)
	codes   []string // the libraries that make codes
	reads   []string // those of them that read URIs
}

var languages = map[string]language{
	"node": {
		program: []string{"node", "node.mjs"}, check: []string{"node", "--version"},
		prepare: func(t *testing.T) { install(t, "authenticators") },
		codes:   []string{"otpauth", "otplib", "speakeasy"}, reads: []string{"otpauth", "otplib"},
	},
	"python": {
		program: []string{"/usr/bin/python3", "python.py"}, check: []string{"/usr/bin/python3", "-c", "import pyotp"},
		codes: []string{"pyotp"}, reads: []string{"pyotp"},
	},
	"ruby": {
		program: []string{"ruby", "ruby.rb"}, check: []string{"ruby", "-e", "require 'rotp'"},
		codes: []string{"rotp"},
	},
}

// ask runs a program of a language.
func (l language) ask(t *testing.T, q question) answer {
	t.Helper()
	if err := exec.CommandContext(t.Context(), l.check[0], l.check[1:]...).Run(); err != nil {
		t.Skipf("%s cannot be run: its libraries are not tried", strings.Join(l.check, " "))
	}
	if l.prepare != nil {
		l.prepare(t)
	}
	text, err := json.Marshal(q)
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), l.program[0], l.program[1:]...)
	cmd.Dir, cmd.Stdin, cmd.Env = "authenticators", bytes.NewReader(text), os.Environ()
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil {
		_ = assert.ErrorAs(t, err, &exit)
		require.NoError(t, err, "%s: %s", filepath.Base(l.program[1]), exit.Stderr)
	}
	var a answer
	require.NoError(t, json.Unmarshal(out, &a))
	return a
}

// hashOf are the names of algorithms in github.com/pquerna/otp.
var hashOf = map[string]otp.Algorithm{"SHA1": otp.AlgorithmSHA1, "SHA256": otp.AlgorithmSHA256, "SHA512": otp.AlgorithmSHA512}

// Codes of the libraries that apps and other servers are made of are ours, for every
// choice of parameters.
func TestCodesOfOtherLibrariesAreAccepted(t *testing.T) {
	q := question{URIs: []string{}}
	for _, algorithm := range []string{"SHA1", "SHA256", "SHA512"} {
		for digits := 6; digits <= 8; digits++ {
			for _, period := range []int{30, 60} {
				for _, at := range []int64{1_700_000_000, 20_000_000_000} {
					q.Codes = append(q.Codes, codeCase{"GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", algorithm, digits, period, at})
				}
			}
		}
	}
	accepts := func(t *testing.T, library string, codes []string) {
		t.Helper()
		require.Len(t, codes, len(q.Codes))
		for i, c := range q.Codes {
			app, err := totp.ReadApp(c.uri())
			require.NoError(t, err)
			ours, _ := app.Code(time.Unix(c.At, 0))
			assert.Equal(t, ours, codes[i], "%s: %+v", library, c)
			assert.True(t, app.Matches(codes[i], time.Unix(c.At, 0)))
		}
	}
	for name, l := range languages {
		t.Run(name, func(t *testing.T) {
			all := l.ask(t, q).Codes
			assert.ElementsMatch(t, l.codes, slices.Collect(maps.Keys(all)))
			for library, codes := range all {
				accepts(t, library, codes)
			}
		})
	}
	t.Run("oathtool", func(t *testing.T) {
		if _, err := exec.LookPath("oathtool"); err != nil {
			t.Skip("no oathtool on the PATH")
		}
		var codes []string
		for _, c := range q.Codes {
			at := time.Unix(c.At, 0).UTC().Format("2006-01-02 15:04:05 UTC")
			out, err := exec.CommandContext(t.Context(), "oathtool", "--totp="+c.Algorithm, "-b", "-d", fmt.Sprint(c.Digits), "-s", fmt.Sprintf("%ds", c.Period), "-N", at, c.Secret).Output()
			require.NoError(t, err)
			codes = append(codes, strings.TrimSpace(string(out)))
		}
		accepts(t, "oathtool", codes)
	})
	t.Run("go", func(t *testing.T) {
		var codes []string
		for _, c := range q.Codes {
			code, err := pquerna.GenerateCodeCustom(c.Secret, time.Unix(c.At, 0), pquerna.ValidateOpts{
				Period: uint(c.Period), Digits: otp.Digits(c.Digits), Algorithm: hashOf[c.Algorithm],
			})
			require.NoError(t, err)
			codes = append(codes, code)
		}
		accepts(t, "pquerna", codes)
	})
}

// names are what people call their companies and accounts.
var names = []string{"Acme", "A & B", "A+B", "100% Pure", "a:b", "Bäckerei Ö", "one two three"}

// cannotRead are the names that a library reads otherwise than they were written.
var cannotRead = map[string]map[string]string{
	"otpauth": {"a:b": "it decodes the label before it looks for the colon between issuer and account"},
	"pyotp": {
		"a:b":   "it decodes the label before it looks for the colon between issuer and account",
		"A & B": "version 2.6 decodes the whole URI before it reads the parameters",
		"A+B":   "version 2.6 decodes the whole URI before it reads the parameters",
	},
	"pquerna": {"a:b": "it decodes the label before it looks for the colon between issuer and account"},
}

// The URI that Enroll makes is read back to the same issuer, account, secret and
// parameters by every library that reads URIs, or the test names what it cannot read.
func TestOurURIIsReadBackByOtherLibraries(t *testing.T) {
	q := question{Codes: []codeCase{}}
	var want []reading
	for _, name := range names {
		for _, p := range []totp.Parameters{{}, {Algorithm: totp.SHA256, Digits: 8, Period: time.Minute}} {
			a, err := totp.New(totp.Config{
				Store: new(totp.MemoryStore), Keys: [][]byte{[]byte("0123456789abcdef0123456789abcdef")}, Issuer: name, Parameters: p,
			})
			require.NoError(t, err)
			e, err := a.Enroll(t.Context(), "user-1", totp.WithLabel(name+" ann@example.com"))
			require.NoError(t, err)
			app, err := totp.ReadApp(e.URI)
			require.NoError(t, err)
			p = app.Parameters()
			q.URIs = append(q.URIs, e.URI)
			want = append(want, reading{name, name + " ann@example.com", e.Secret, string(p.Algorithm), p.Digits, int(p.Period / time.Second)})
		}
	}
	reads := func(t *testing.T, library string, got []reading) {
		t.Helper()
		require.Len(t, got, len(want))
		for i := range want {
			if why := cannotRead[library][want[i].Issuer]; why != "" {
				assert.NotEqual(t, want[i], got[i], "%s reads %q now: %s no more", library, want[i].Issuer, why)
				continue
			}
			assert.Equal(t, want[i], got[i], library)
		}
	}
	for name, l := range languages {
		t.Run(name, func(t *testing.T) {
			all := l.ask(t, q).URIs
			assert.ElementsMatch(t, l.reads, slices.Collect(maps.Keys(all)), "rotp and speakeasy read none")
			for library, got := range all {
				reads(t, library, got)
			}
		})
	}
	t.Run("go", func(t *testing.T) {
		var got []reading
		for _, uri := range q.URIs {
			k, err := otp.NewKeyFromURL(uri)
			require.NoError(t, err)
			got = append(got, reading{k.Issuer(), k.AccountName(), k.Secret(), k.Algorithm().String(), int(k.Digits()), int(k.Period())})
		}
		reads(t, "pquerna", got)
	})
}
