package emulator_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify/emulator"
)

func TestAPhoneNumberHasItsPlus(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"+15005550006": true, "+4512345": true, "+451234": false, "+123456789012345": true, "+1234567890123456": false,
		"15005550006": false, "+05005550006": false, "+1500555000a": false, "+1500 555 0006": false, "++15005550006": false, "+": false, "": false,
	} {
		assert.Equal(t, want, emulator.IsPhone(text), text)
	}
}
