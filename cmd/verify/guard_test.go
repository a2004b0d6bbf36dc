package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

// Two programs share the counts of a guard in a database.
func TestAGuardIsOpenedOnADatabase(t *testing.T) {
	store := "sqlite:" + filepath.Join(t.TempDir(), "guard.db")
	dsn := "guard(twilio://AC00000000000000000000000000000000:secret@VA00000000000000000000000000000000?base_url=http%3A%2F%2F127.0.0.1%3A1)" +
		"?countries=DK&recipient=1/1h&store=" + store + "&guard_key=" + strings.Repeat("k", 32)
	for i := range 2 {
		v, err := (&flags{dsn: dsn}).open()
		require.NoError(t, err)
		_, err = v.Send(t.Context(), "+447400123456")
		require.ErrorIs(t, err, verify.ErrBlocked)
		_, err = v.Send(t.Context(), fmt.Sprintf("+453212%04d", i))
		require.ErrorIs(t, err, verify.ErrUnavailable, "nobody listens at the vendor")
		assert.NotContains(t, err.Error(), "guard", "the store answered")
	}
	_, err := (&flags{dsn: strings.Replace(dsn, "sqlite:", "floppy://", 1)}).open()
	require.ErrorContains(t, err, "guard: store must be memory, or a URL whose scheme is of Redis or Valkey")
}

func TestTheDemoOfAGuardStopsAPump(t *testing.T) {
	got := start(t, nil, "guard", "demo", "-seeds", "1")
	require.Zero(t, got.status, got.err)
	assert.Contains(t, got.out, "1 h          10000       0 %       5 %   0.10 %")
	assert.Equal(t, 19, strings.Count(got.out, "\n"), "sixteen attacks")
	for line := range strings.Lines(got.out) {
		if strings.Contains(line, " h ") {
			assert.True(t, strings.HasSuffix(line, " 0\n"), "nobody who is known is refused")
		}
	}
}

func TestAReplayTellsWhatAGuardWouldHaveDone(t *testing.T) {
	var log strings.Builder
	for i := range 30 { // later lines first: a log need not be in order
		fmt.Fprintf(&log, `{"time":"2026-11-28T12:00:%02dZ","to":"+1501712%04d","ip":"203.0.113.7","approved":false}`+"\n", 59-i, 2000+i)
	}
	log.WriteString("\n" + `{"time":"2026-11-28T11:00:00+01:00","to":"+4532123456","approved":true}` + "\n")
	log.WriteString(`{"time":"2026-11-28T12:01:30Z","to":"+15017129999","approved":true}` + "\n")
	log.WriteString(`{"time":"2026-11-28T12:02:00Z","to":"+4532123456","approved":true}` + "\n")
	log.WriteString(`{"time":"2026-11-28T12:02:00Z","to":"a@example.com"}` + "\n")
	file := filepath.Join(t.TempDir(), "sends.jsonl")
	require.NoError(t, os.WriteFile(file, []byte(log.String()), 0o600))
	got := start(t, nil, "guard", "replay", "-settings", "prefix=20/1h", file)
	require.Zero(t, got.status, got.err)
	assert.Equal(t, `34 sends, of which the guard would have refused 11; the codes of 1 of these were approved

rule                sends    refused   approved
prefix                 11         11          1

region              sends    refused   approved
US                     31         11          1
DK                      2          0          0
e-mail                  1          0          0
`, got.out)

	got = start(t, nil, "guard", "replay", "-settings", "countries=US&total=1/1h", file)
	assert.Contains(t, got.out, "countries               2          2          2")

	require.NoError(t, os.WriteFile(file, []byte(log.String()+"+15017122661\n"), 0o600))
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"a line that is none":  {[]string{"replay", file}, "line 36 of the log must be an object"},
		"a file that is none":  {[]string{"replay", file + "x"}, "the log cannot be read"},
		"no file":              {[]string{"replay"}, "say demo, or replay"},
		"no word":              {nil, "say demo, or replay"},
		"another word":         {[]string{"+15017122661"}, "say demo, or replay"},
		"a setting it has not": {[]string{"demo", "-settings", "prefix=secret"}, "guard: prefix must be a number and a time"},
		"no seeds":             {[]string{"demo", "-seeds", "0"}, "-seeds must be 1 to 100"},
	} {
		got := start(t, nil, append([]string{"guard"}, tc.args...)...)
		assert.Equal(t, statusUsage, got.status, name)
		assert.Contains(t, got.err, tc.want, name)
		assert.NotContains(t, got.err, "17122661", name)
		assert.NotContains(t, got.err, "secret", name)
	}
}
