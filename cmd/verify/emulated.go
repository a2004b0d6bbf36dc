package main

import (
	"net"
	"strconv"
	"strings"

	"github.com/go2fa/verify/emulator"
)

// inboxAddress is where the inbox is unless -addr says otherwise. The emulators
// follow, each at a port that is the same in each run.
const inboxAddress = "127.0.0.1:4010"

// A service is an emulator, and how it is to be served.
type service struct {
	emulator.Vendor
	addr     string            // "host:port"; a free port of loopback if empty
	settings map[string]string // ids and secrets by the keys of a DSN
}

// pick returns the emulators of these vendors in the order of all, and all of them
// if none is named. A vendor's address does not depend on which others are named.
func pick(vendors []string, addr func(scheme string, number int) string) ([]service, error) {
	var picked []service
	named := map[string]bool{}
	for _, v := range vendors {
		named[v] = true
	}
	for i, v := range everyEmulator() {
		scheme := v.Facts.Scheme
		if len(vendors) == 0 || named[scheme] {
			picked = append(picked, service{Vendor: v, addr: addr(scheme, i+1)})
		}
		delete(named, scheme)
	}
	if len(named) > 0 {
		return nil, misuse("no emulator has this name; there are: " + strings.Join(emulatedSchemes(), ", "))
	}
	return picked, nil
}

// anywhere serves each at a free port.
func anywhere(string, int) string { return "" }

func emulatedSchemes() []string {
	var all []string
	for _, v := range everyEmulator() {
		all = append(all, v.Facts.Scheme)
	}
	return all
}

// behind is the address n ports behind addr. Port 0 stays a free one.
func behind(addr string, n int) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", misuse("-addr must be host:port, such as " + inboxAddress)
	}
	first, err := strconv.ParseUint(port, 10, 16)
	if err != nil || int(first)+n > 65535 {
		return "", misuse("-addr must be host:port, with room for a port for each vendor behind it, such as " + inboxAddress)
	}
	if first == 0 {
		return net.JoinHostPort(host, "0"), nil
	}
	return net.JoinHostPort(host, strconv.Itoa(int(first)+n)), nil
}

// ready is a DSN that works as it is while "verify emulate" runs.
func ready() string {
	for i, v := range everyEmulator() {
		if v.Facts.Scheme == "twilio" {
			_, sample := v.New(emulator.Setup{})
			addr, _ := behind(inboxAddress, i+1) // it is a constant
			return sample.DSN("http://" + addr)
		}
	}
	return ""
}
