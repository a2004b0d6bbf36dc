package main

import (
	"strings"

	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/vendors/emulated"
)

// pick returns the emulators of these vendors in the order of all, and all of them
// if none is named.
func pick(vendors []string) ([]emulator.Vendor, error) {
	var picked []emulator.Vendor
	named := map[string]bool{}
	for _, v := range vendors {
		named[v] = true
	}
	var all []string
	for _, v := range emulated.All() {
		scheme := v.Facts.Scheme
		if len(vendors) == 0 || named[scheme] {
			picked = append(picked, v)
		}
		delete(named, scheme)
		all = append(all, scheme)
	}
	if len(named) > 0 {
		return nil, misuse("no emulator has this name; there are: " + strings.Join(all, ", "))
	}
	return picked, nil
}
