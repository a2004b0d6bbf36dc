package driver_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

func TestCodesAreReadALineEach(t *testing.T) {
	codes := driver.Codes{Text: "# limits\n60203 too_many_sends 10m 5 messages within 10 minutes\n\nno-such-app rejected check the application\n"}
	f, known := codes.Find("60203")
	assert.True(t, known)
	assert.Equal(t, driver.Failure{Code: "60203", Outcome: verify.ErrTooManySends, Detail: "5 messages within 10 minutes", RetryAfter: 10 * time.Minute}, f)
	f, known = codes.Find("no-such-app")
	assert.True(t, known)
	assert.Equal(t, driver.Failure{Code: "no-such-app", Outcome: verify.ErrRejected, Detail: "check the application"}, f)
	_, known = codes.Find("#")
	assert.False(t, known)
	assert.Len(t, codes.All(), 2)
}

func TestALineThatIsNoneIsFoundByTheVendorsTest(t *testing.T) {
	for name, text := range map[string]string{
		"an outcome that there is not": "1 mismatched a detail",
		"no detail":                    "1 rejected",
		"only a wait":                  "1 rejected 10m",
		"the same code twice":          "1 rejected a\n1 blocked b",
	} {
		t.Run(name, func(t *testing.T) {
			codes := driver.Codes{Text: text}
			assert.Panics(t, func() { codes.All() })
		})
	}
}
