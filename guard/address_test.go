package guard_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/guard"
)

func TestClientAddressesThatAreOneShareALimit(t *testing.T) {
	for name, tc := range map[string]struct {
		addresses []string // each sends once, beyond a limit of two
		admitted  int
	}{
		"one IPv4 address":                   {[]string{"203.0.113.7", "203.0.113.7", "203.0.113.7"}, 2},
		"IPv4 addresses":                     {[]string{"203.0.113.7", "203.0.113.8", "203.0.113.9"}, 3},
		"IPv4 mapped into IPv6":              {[]string{"203.0.113.7", "::ffff:203.0.113.7", "203.0.113.7"}, 2},
		"through NAT64":                      {[]string{"203.0.113.7", "64:ff9b::203.0.113.7", "64:ff9b::cb00:7107"}, 2},
		"through 6to4, from any network":     {[]string{"203.0.113.7", "2002:cb00:7107:1::1", "2002:cb00:7107:2::2"}, 2},
		"through Teredo, whose bits are not": {[]string{"203.0.113.7", "2001:0:4136:e378:8000:63bf:34ff:8ef8", "203.0.113.7"}, 2},
		"one IPv6 network of /64":            {[]string{"2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:1::3"}, 2},
		"networks of /64": {[]string{
			"2001:db8:0:1::1", "2001:db8:0:2::1", "2001:db8:0:3::1", "2001:db8:0:4::1", "2001:db8:0:5::1", "2001:db8:0:6::1", "2001:db8:0:7::1",
			"2001:db8:0:8::1", "2001:db8:0:9::1", "2001:db8:0:a::1",
		}, 8},
		"networks of /48": {[]string{
			"2001:db8:1::1", "2001:db8:2::1", "2001:db8:3::1", "2001:db8:4::1", "2001:db8:5::1", "2001:db8:6::1", "2001:db8:7::1",
			"2001:db8:8::1", "2001:db8:9::1",
		}, 9},
		"a zone is of the machine": {[]string{"2001:db8::1%eth0", "2001:db8::1%eth1", "2001:db8::1"}, 2},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGuarded(t, guard.Config{IP: guard.Limit{Sends: 2, Window: time.Hour}})
			for i, a := range tc.addresses {
				_ = g.send(apart(i), from(a))
			}
			assert.Len(t, g.sent, tc.admitted)
		})
	}
}

func TestTheAddressOfAProxyIsAnErrorAndAnEvent(t *testing.T) {
	for _, a := range []string{
		"10.0.0.1", "172.16.3.4", "192.168.1.1", "127.0.0.1", "169.254.1.1", "0.0.0.0", "100.64.9.9", "224.0.0.1",
		"::1", "::", "fe80::1", "fd00::1", "ff02::1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::1", "2002:0a00:0001::1",
		"2001:0:4136:e378:8000:63bf:f5ff:fffe",
	} {
		t.Run(a, func(t *testing.T) {
			g := newGuarded(t, guard.Config{})
			err := g.send(american, from(a))
			require.ErrorIs(t, err, verify.ErrUnsupported)
			assert.ErrorContains(t, err, "the client address is a proxy's")
			assert.Empty(t, g.sent)
			assert.Equal(t, []string{guard.RuleProxy}, g.rules())
			assert.NoError(t, newGuarded(t, guard.Config{Private: true}).send(american, from(a)))
		})
	}
}

func TestALimitOfAddressesNeedsOne(t *testing.T) {
	g := newGuarded(t, guard.Config{IP: guard.Limit{Sends: 2, Window: time.Hour}})
	require.ErrorIs(t, g.send(american), verify.ErrUnsupported)
	assert.Empty(t, g.sent)
	require.NoError(t, newGuarded(t, guard.Config{}).send(american), "by default it may be missing")
	assert.Equal(t, 30, newGuarded(t, guard.Config{}).sendAll(99, func(i int) string { return fmt.Sprintf("a%d@example.com", i) }, from("203.0.113.7")), "and then it is 30/10m")
}
