package papers

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/tests/all"
	"github.com/go2fa/verify/vendors"
)

const root = "../.."

func TestThePapersAreWhatTheCodeSays(t *testing.T) {
	files, err := Files(root)
	require.NoError(t, err)
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		assert.True(t, want == string(got), "%s is not what the code says: run go generate in tests/cmd/papers", name)
	}
}

func TestEveryVendorIsInEachPaper(t *testing.T) {
	files, err := Files(root)
	require.NoError(t, err)
	require.Len(t, all.Vendors(), len(all.Emulated()))
	for _, v := range all.Vendors() {
		assert.Contains(t, files["docs/dsn.md"], "\n### "+v.Scheme+"\n")
		assert.Contains(t, files["docs/vendors.md"], "\n## "+v.Scheme+"\n")
		assert.Contains(t, files["README.md"], "docs/vendors.md#"+v.Scheme+")")
	}
}

// A ready line has every setting of the sample, which opens the emulator.
func TestAReadyLineHasWhatTheVendorNeeds(t *testing.T) {
	p, err := read(root)
	require.NoError(t, err)
	for _, v := range p.vendors {
		c, err := vendors.ParseDSN(v.ready(), all.Options()...)
		require.NoError(t, err, v.Scheme)
		for key := range v.sample.Settings {
			assert.Contains(t, c.Settings, key, v.Scheme)
		}
		for _, s := range v.table.Settings {
			assert.True(t, !s.Required || c.Settings[s.Key] != "", "%s: %s", v.Scheme, s.Key)
		}
		_, err = all.Open(v.line)
		require.NoError(t, err, v.Scheme)
	}
}

// A default in a tag is what the field's comment says.
func TestADefaultIsInTheComment(t *testing.T) {
	p, err := read(root)
	require.NoError(t, err)
	said := map[string]string{"10m": "10 minutes", "720h": "30 days", "30s,40s,60s,90s,120s": "30, 40, 60, 90, 120 seconds"}
	tables := append(p.vendors, vendor{table: p.engine}, vendor{table: p.fail})
	for _, v := range tables {
		for _, s := range v.table.Settings {
			if s.Default == "" {
				continue
			}
			text, err := p.docs.setting(v.table, s)
			require.NoError(t, err)
			want := s.Default
			if words := said[want]; words != "" {
				want = words
			}
			assert.Contains(t, strings.ToLower(text), strings.ToLower(want), "%s: %s", v.table.Scheme, s.Key)
		}
	}
}

// Each line of docs/dsn.md that looks like a DSN can be read.
func TestDocumentedLinesCanBeRead(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join(root, "docs/dsn.md"))
	require.NoError(t, err)
	lines := regexp.MustCompile(`(?m)^[a-z-]+(://|\().*$`).FindAllString(string(doc), -1)
	require.NotEmpty(t, lines)
	for _, line := range lines {
		_, err := vendors.ParseDSN(line, all.Options()...)
		assert.NoError(t, err, line)
	}
}

// The error that docs/dsn.md quotes is one that Open makes.
func TestTheDocumentedErrorIsReal(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join(root, "docs/dsn.md"))
	require.NoError(t, err)
	line := regexp.MustCompile(`(?m)^vendors: .*$`).FindString(string(doc))
	_, err = vendors.Open("twilio://AC00000000000000000000000000000000:token@VA00000000000000000000000000000000?scope.pay.digits=six")
	assert.EqualError(t, err, line)
}

// The file that docs/dsn.md shows is one that Config reads and opens.
func TestTheDocumentedFileOpens(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join(root, "docs/dsn.md"))
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(doc), "```json\n")
	file, _, found := strings.Cut(rest, "```")
	require.True(t, found)
	var c vendors.Config
	require.NoError(t, json.Unmarshal([]byte(file), &c))
	t.Setenv("TWILIO_AUTH_TOKEN", "placeholder")
	t.Setenv("BANDWIDTH_CLIENT_ID", "placeholder")
	c.Backends[1].Settings["client_secret"] = "placeholder"
	_, err = c.Open()
	require.NoError(t, err)

	c.Backends[1].Settings["expiry"] = "5"
	_, err = c.Open()
	assert.Contains(t, string(doc), "`"+err.Error()+"`")
}

func TestBetweenNeedsItsMarks(t *testing.T) {
	got, err := between("a\n"+begin+"old\n"+end+"b\n", "new")
	require.NoError(t, err)
	assert.Equal(t, "a\n"+begin+"\nnew\n\n"+end+"b\n", got)
	for _, old := range []string{"", begin, end, end + begin} {
		_, err := between(old, "new")
		assert.Error(t, err, old)
	}
}
