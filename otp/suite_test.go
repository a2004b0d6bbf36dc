package otp_test

import (
	"testing"

	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/verifytest"
)

func TestMemoryStore(t *testing.T) {
	t.Parallel()
	verifytest.RunStore(t, func(*testing.T) verifytest.StoreTarget {
		return verifytest.StoreTarget{Store: new(otp.MemoryStore)}
	})
}
