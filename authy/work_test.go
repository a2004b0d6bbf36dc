//go:build !race

package authy_test

import (
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify"
)

// An allocation is about a value that was looked at, and a genuine callback is read
// with a few hundred: what a stranger posts must not cost much more, however many
// values fill its 64 KiB.
func TestAForgedCallbackCostsLittleWork(t *testing.T) {
	users, _ := emulated(t, listening)
	many := func(s, separator string) string { return strings.Repeat(s+separator, 63<<10/len(s+separator)) + s }
	cost := func(method, content string) float64 {
		r := signed(method, content)
		r.Header.Set("X-Authy-Signature", base64.StdEncoding.EncodeToString(make([]byte, 32)))
		return testing.AllocsPerRun(10, func() {
			r.Body = io.NopCloser(strings.NewReader(content))
			if _, err := users.ReadCallback(r); verify.OutcomeOf(err) != verify.ErrRejected {
				t.Fatal(err)
			}
		})
	}
	for name, tc := range map[string]struct{ method, content string }{
		"thousands of empty names": {http.MethodPost, "{" + many(`"":0`, ",") + "}"},
		"a list of numbers":        {http.MethodPost, `{"a":[` + many(`0`, ",") + "]}"},
		"a list of empty objects":  {http.MethodPost, `{"a":[` + many(`{}`, ",") + "]}"},
		"lists in lists":           {http.MethodPost, `{"a":[` + many(`[[0],[0]]`, ",") + "]}"},
		"one long text":            {http.MethodPost, `{"a":"` + strings.Repeat("*~", 31<<10) + `"}`},
		"thousands by GET":         {http.MethodGet, many("a=1", "&")},
		"thousands of nothing":     {http.MethodGet, strings.Repeat("&", 63<<10)},
	} {
		assert.LessOrEqual(t, cost(tc.method, tc.content), 4000.0, name)
	}
	assert.Greater(t, cost(http.MethodPost, body("approved")), 10.0, "the cost of a genuine one is counted")
}
