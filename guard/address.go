package guard

import (
	"encoding/binary"
	"net/netip"
)

// unwrap returns the address of the client itself: that of IPv4 within one of IPv6.
func unwrap(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	if !a.Is6() {
		return a
	}
	b := a.As16()
	switch {
	case [12]byte(b[:12]) == [12]byte{0, 0x64, 0xff, 0x9b}: // NAT64, 64:ff9b::/96: RFC 6052
		return netip.AddrFrom4([4]byte(b[12:]))
	case b[0] == 0x20 && b[1] == 0x02: // 6to4, 2002::/16: RFC 3056
		return netip.AddrFrom4([4]byte(b[2:6]))
	case [4]byte(b[:4]) == [4]byte{0x20, 0x01}: // Teredo, 2001::/32: RFC 4380 inverts its bits
		var v4 [4]byte
		binary.BigEndian.PutUint32(v4[:], ^binary.BigEndian.Uint32(b[12:]))
		return netip.AddrFrom4(v4)
	}
	return a
}

// isProxy reports whether no client on the internet can have the address, so that it
// must be that of something in between.
func isProxy(a netip.Addr) bool {
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsUnspecified() || a.IsMulticast() || isInner(a)
}

// isInner knows what package netip does not.
func isInner(a netip.Addr) bool {
	if a.Is4() {
		b := a.As4()
		return b[0] == 0 || b[0] == 100 && b[1]&0xc0 == 64 // this host, and 100.64.0.0/10, inside of an operator: RFC 6598
	}
	b := a.As16()
	return [6]byte(b[:6]) == [6]byte{0, 0x64, 0xff, 0x9b, 0, 1} // NAT64 within a site, 64:ff9b:1::/48: RFC 8215
}

// networks returns what is counted: an IPv4 address as it is and nothing else, and
// of IPv6 the /64 and the /48.
func networks(a netip.Addr) (address, network netip.Prefix) {
	if a.Is4() {
		return netip.PrefixFrom(a, 32), netip.Prefix{}
	}
	address, _ = a.Prefix(64) // never fails for IPv6
	network, _ = a.Prefix(48)
	return address, network
}
