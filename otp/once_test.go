package otp

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

// TestTheCodeStandsInItsMessageOnce sends transactions whose texts hold pieces
// of codes, so that some draws must be thrown away.
func TestTheCodeStandsInItsMessageOnce(t *testing.T) {
	t.Parallel()
	e, p := newEngine(t, oftenSent, func(c *Config) { c.Product = "01 Acme" })
	e.random = fewDigits()
	rounds := atLength(2000, 2000, 200) // a recipient is sent 4,096 at most
	for _, channel := range []verify.Channel{verify.ChannelSMS, verify.ChannelVoice} {
		thrown := 0
		for range rounds {
			e.random = counting{e.random, &thrown}
			_, err := e.Send(t.Context(), phone, verify.WithChannel(channel), verify.WithTransaction("EUR 0101.01", "11 00 Bank 1-1-1-0-0-1"))
			e.random = e.random.(counting).Reader
			if err != nil {
				requireOne(t, err, verify.ErrUnsupported)
				continue
			}
			requireOnce(t, e, p)
		}
		assert.Greater(t, thrown, rounds+rounds/20, "no draw was thrown away: the test proves nothing")
	}
}

// counting counts draws of what a code is made of.
type counting struct {
	Reader interface{ Read([]byte) (int, error) }
	n      *int
}

func (c counting) Read(p []byte) (int, error) {
	if len(p) == len(draw{}.entropy) {
		*c.n++
	}
	return c.Reader.Read(p)
}

// fewDigits is a source whose codes consist of 0 and 1.
func fewDigits() readerFunc {
	source := seeded(5)
	return func(p []byte) (int, error) {
		n, err := source.Read(p)
		fill(p[:n], func(i int) byte { return p[i]&1 + 10*(p[i]>>4) })
		return n, err
	}
}

var (
	shown   = regexp.MustCompile(`: ([0-9](?:(?:, )?[0-9]){5})`)
	noDigit = regexp.MustCompile(`[^0-9]`)
)

// requireOnce finds the code that opens, and counts its digits in the message as
// a person would read them.
func requireOnce(t *testing.T, e *Engine, p *post) {
	t.Helper()
	m := p.last(t)
	people, machines, _ := strings.Cut(m.Text, "\n")
	code := shown.FindStringSubmatch(people)
	require.NotNil(t, code, people)
	digits := strings.ReplaceAll(code[1], ", ", "")
	before, after, _ := strings.Cut(people, code[1])
	for _, side := range []string{before, after} {
		require.NotContains(t, noDigit.ReplaceAllString(side, ""), digits, people)
	}
	require.NotContains(t, machines, digits)
	tx := m.Request.Transaction
	require.NoError(t, e.Check(t.Context(), phone, digits, verify.WithTransaction(tx.Amount, tx.Payee)))
}

func TestATextThatHoldsEveryCodeIsRefused(t *testing.T) {
	t.Parallel()
	e, p := newEngine(t, func(c *Config) { c.Store = noStore{t} })
	reads := 0
	e.random = counting{readerFunc(func(p []byte) (int, error) {
		return fill(p, func(i int) byte { return byte((i*(i+reads)%25)*10) % 250 }), nil
	}), &reads}
	_, err := e.Send(t.Context(), phone, verify.WithTransaction("EUR 000000", "Acme"))
	requireOne(t, err, verify.ErrUnsupported)
	assert.Equal(t, 1+maxRedraws, reads)
	assert.Zero(t, p.count())
	requirePrivate(t, err, "000000", "EUR")
}

func TestATransactionForBrowsersIsRefused(t *testing.T) {
	t.Parallel()
	e, p := newEngine(t)
	for _, tx := range [][2]string{
		{"EUR 1", "x @evil.example #999999"}, {"@evil.example #999999", "x"}, {"EUR 1", "@evil.example #9 @a.example"},
		{"EUR 1 @evil.example", "#1"},
	} {
		_, err := e.Send(t.Context(), phone, verify.WithTransaction(tx[0], tx[1]))
		if tx[1] == "#1" {
			require.NoError(t, err, "words stand between them")
			continue
		}
		requireOne(t, err, verify.ErrUnsupported)
		requirePrivate(t, err, "evil", "9999")
		assert.Zero(t, p.count())
	}
}
