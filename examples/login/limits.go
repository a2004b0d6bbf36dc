package main

import (
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// Limits bound what strangers can do to the site and to the people on it. The
// vendor's own limits count by recipient and scope, and these come first:
//
//   - Attempts at a code count for the account, which takes its password: nobody
//     else can use them up. They do not count for the number, because two
//     accounts may share one; the vendor's budget for number and scope stands
//     behind. Enrolment has a scope of its own where the vendor has any, so that
//     attempts at enrolling somebody else's number leave that person's logins alone.
//   - Attempts at a code of an app, and at a recovery code, are counted by packages
//     totp and recovery, in the same way: after the password, so that no stranger
//     can use them up. Neither count keeps another factor from opening the account.
//   - Attempts at a password count for the name, whether there is such an account
//     or not, and for the address. A remembered device and somebody who is logged
//     in have a count of their own: who floods a name, even from the same address,
//     does not lock its owner out.
//   - Messages to a number that is not proven yet count for the account, the
//     address, the number, its neighbors and the site as a whole: they cost money,
//     and fraudsters share in it.
//   - Messages to a number that the account has proven count apart, for the
//     account, the number and the site as a whole. Anybody can ask for messages to
//     anybody's number when he enrolls it; none of that keeps its owner from logging in.
//
// Zero fields take the defaults.
type limits struct {
	PasswordsByName    int // in 15 minutes: 10
	PasswordsByAddress int // in 15 minutes: 100
	SignupsByAddress   int // in an hour: 10

	Cooldown       []time.Duration // after each send for one purpose: 30, 40, 60, 90, 120 seconds
	SendsByAccount int             // for one purpose in 10 minutes: 5
	SendsByAddress int             // in an hour, to numbers that are not proven: 30
	SendsByNumber  int             // in an hour, over all accounts: 15; proven and not proven apart
	SendsByPrefix  int             // in an hour, to numbers that are not proven and equal but for three digits: 30
	SendsInAll     int             // in an hour, to numbers that are not proven: 1000
	SendsToProven  int             // in an hour, to all proven numbers: 5000
}

const sendWindow = 10 * time.Minute

func (l limits) withDefaults() limits {
	for _, f := range []struct {
		field *int
		value int
	}{
		{&l.PasswordsByName, 10}, {&l.PasswordsByAddress, 100}, {&l.SignupsByAddress, 10},
		{&l.SendsByAccount, 5}, {&l.SendsByAddress, 30}, {&l.SendsByNumber, 15}, {&l.SendsByPrefix, 30}, {&l.SendsInAll, 1000}, {&l.SendsToProven, 5000},
	} {
		if *f.field <= 0 {
			*f.field = f.value
		}
	}
	if len(l.Cooldown) == 0 {
		l.Cooldown = []time.Duration{30 * time.Second, 40 * time.Second, time.Minute, 90 * time.Second, 2 * time.Minute}
	}
	return l
}

// client returns the address that a request comes from. Behind a proxy it is the
// one that the proxy saw, which is the last of the header: those before it are
// what the client likes to tell.
func (s *site) client(r *http.Request) netip.Addr {
	text := r.RemoteAddr
	if at, err := netip.ParseAddrPort(text); err == nil {
		text = at.Addr().String()
	}
	if s.secure {
		hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		if last := strings.TrimSpace(hops[len(hops)-1]); last != "" {
			text = last
		}
	}
	addr, _ := netip.ParseAddr(text) // invalid: a client without an address shares one count
	return addr.Unmap().WithZone("")
}

// network returns what an address is likely to share with its next one: it
// stands for one customer of a provider.
func network(addr netip.Addr) string {
	bits := 24
	if addr.Is6() {
		bits = 48
	}
	p, err := addr.Prefix(bits)
	if err != nil {
		return "unknown"
	}
	return p.String()
}

// party is who an address counts for: all of an IPv6 customer's are one.
func party(addr netip.Addr) string {
	if addr.Is6() {
		return network(addr)
	}
	return addr.String()
}
