package verify

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Requests are values, and a failover derives one for each backend: what one backend is
// told must not reach another through a shared array.
func TestRequestsDerivedFromOneShareNothing(t *testing.T) {
	var base SendRequest
	for i := range 3 { // an array with room to spare is what makes append overwrite
		base = VendorOption("twilio", i).applySend(base)
	}
	one := VendorOption("twilio", 11).applySend(base)
	two := VendorOption("twilio", 22).applySend(base)

	assert.Equal(t, []int{0, 1, 2, 11}, VendorOptions[int](one, "twilio"))
	assert.Equal(t, []int{0, 1, 2, 22}, VendorOptions[int](two, "twilio"))
	assert.Equal(t, []int{0, 1, 2}, VendorOptions[int](base, "twilio"))
}
