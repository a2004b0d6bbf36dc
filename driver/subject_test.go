package driver_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify/driver"
)

// A yes about somebody else is none. Two addresses that Unicode folds into one are two.
func TestIsSubjectKnowsOnePersonFromAnother(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		subject, to string
		want        bool
	}{
		"the number":                  {"+15005550006", "+15005550006", true},
		"the number without its plus": {"15005550006", "+15005550006", true},
		"another number":              {"+15005550007", "+15005550006", false},
		"an address in another case":  {"Kay.Smith@Example.com", "kay.smith@example.com", true},
		"a Kelvin sign for a k":       {"\u212aay.smith@example.com", "kay.smith@example.com", false},
		"a long s for an s":           {"kay.\u017fmith@example.com", "kay.smith@example.com", false},
		"nobody":                      {"", "kay.smith@example.com", false},
	} {
		assert.Equal(t, test.want, driver.IsSubject(test.subject, test.to), name)
	}
}
