package dsn

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRead(t *testing.T) {
	file := func(content string) string {
		path := filepath.Join(t.TempDir(), "secret")
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		return "file:" + path
	}
	t.Setenv("DSN_TEST_TEXT", "env:DSN_TEST_TEXT")
	t.Setenv("DSN_TEST_EMPTY", "")
	for name, tc := range map[string]struct {
		value, want string
		err         error
	}{
		"as it is":                    {"a b", "a b", nil},
		"a variable, read once":       {"env:DSN_TEST_TEXT", "env:DSN_TEST_TEXT", nil},
		"a file without its newline":  {file("a\n"), "a", nil},
		"a file of Windows":           {file("a\r\n"), "a", nil},
		"empty":                       {"", "", errEmpty},
		"an empty variable":           {"env:DSN_TEST_EMPTY", "", errEmpty},
		"a variable that is not set":  {"env:DSN_TEST_GONE", "", errEnv},
		"a variable without a name":   {"env:", "", errEnvName},
		"a file that is gone":         {"file:" + filepath.Join(t.TempDir(), "gone"), "", errFileGone},
		"a folder":                    {"file:" + t.TempDir(), "", errFile},
		"a file that is too long":     {file(strings.Repeat("a", MaxFile+1)), "", errFileLong},
		"a control character":         {"a\x00", "", errControl},
		"a second line":               {file("a\nb\n"), "", errControl},
		"a secret without a source":   {"secret:twilio", "", errNoSource},
		"what only looks like a name": {"environment", "environment", nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Read(tc.value)
			assert.Equal(t, tc.want, got)
			assert.Equal(t, tc.err, err)
		})
	}
}

// A private key is a file of lines. Only a setting of bytes takes them.
func TestAKeyMayHaveLines(t *testing.T) {
	for value, want := range map[string]error{
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----": nil,
		"-----BEGIN PRIVATE KEY-----\r\nAAAA\r\n":                      nil,
		"-----BEGIN PRIVATE KEY-----\nAA\x00AA\n":                      errControl,
		"AAAA\n-----BEGIN PRIVATE KEY-----":                            errControl,
		"AAAA\nAAAA":                                                   errControl,
		"AAAA":                                                         nil,
	} {
		path := filepath.Join(t.TempDir(), "key")
		require.NoError(t, os.WriteFile(path, []byte(value+"\n"), 0o600))
		value, err := Resolve("file:" + path)
		require.NoError(t, err)
		err = fault(value, true)
		assert.Equal(t, want, err, "%q", value)
	}
	table, err := NewTable("a", reflect.TypeFor[lines]())
	require.NoError(t, err)
	const key = "-----BEGIN%20X-----%0AAAAA"
	var filled lines
	for line, want := range map[string]string{
		"a://?key=" + key:  "",
		"a://?text=" + key: "vendors: character 6: a: text holds a control character",
	} {
		d, err := Parse(line, "")
		require.NoError(t, err)
		_, err = table.Fill(d, reflect.ValueOf(&filled).Elem())
		if want == "" {
			require.NoError(t, err)
			assert.Equal(t, "-----BEGIN X-----\nAAAA", string(filled.Key))
			continue
		}
		require.EqualError(t, err, want)
	}
}

type lines struct {
	Key  []byte `dsn:"key"`
	Text string `dsn:"text"`
}

func TestForeignNamesThePartsByThemselves(t *testing.T) {
	d, err := Parse("x://u:p@h%3A1?a=b", "")
	require.NoError(t, err)
	pairs, err := d.Foreign("this scheme")
	require.NoError(t, err)
	assert.Equal(t, []Pair{{User, "u", 4}, {Pass, "p", 6}, {Host, "h:1", 8}, {"a", "b", 14}}, pairs)
}

func TestAKeyThatIsNoMoreSaysWhatToDo(t *testing.T) {
	table, err := NewTable("a", reflect.TypeFor[sample]())
	require.NoError(t, err)
	table.Ended = map[string]string{"old": "is of the past: take text"}
	d, err := Parse("a://x@?flag=true&old=1", "")
	require.NoError(t, err)
	_, err = table.Keyed(d)
	assert.EqualError(t, err, "vendors: character 18: a: old is of the past: take text")
}

func TestACommentSpeaksOfKeys(t *testing.T) {
	table, err := NewTable("a", reflect.TypeFor[sample]())
	require.NoError(t, err)
	i, _, _ := table.find("many.p.digits")
	digits := table.Settings[i]
	assert.Equal(t, "`many.NAME.digits` goes with `wait`, not with Nothing.",
		Replace("Digits goes with Wait, not with Nothing.", table, digits))
	assert.True(t, table.Has("many.x.digits"))
	assert.False(t, table.Has("many"))
}

func TestEscapeWritesWhatIsRead(t *testing.T) {
	const odd = "a b(c)%d&e#\x01é+"
	d, err := Parse("a://?k="+Escape(odd, "&#%"), "")
	require.NoError(t, err)
	assert.Equal(t, odd, d.Pairs[0].Value)
}
