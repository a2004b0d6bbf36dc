package driver

import (
	"net/url"
	"strings"
)

// IsID reports whether s is 1 to longest of [A-Za-z0-9_-].
func IsID(s string, longest int) bool { return len(s) <= longest && isSegment(s) }

// ReceiptID returns id, or "" if it may be a number or a text: what a vendor
// sends back may quote a person.
func ReceiptID(id string) string {
	if !isSegment(id) || strings.Trim(id, "0123456789") == "" {
		return ""
	}
	return id
}

// IsCallback reports whether a vendor may be given raw to call back: https to a
// host name, with no user and no fragment. It refuses what reaches into a network
// from within: an address in any spelling, and a name without dots or of a
// private domain. A name that resolves to a private address passes, since nothing
// is looked up.
func IsCallback(raw string) bool {
	u, err := url.Parse(raw)
	return err == nil && u.Scheme == "https" && u.User == nil && u.Fragment == "" && isPublicHost(u.Hostname())
}

// isPublicHost knows a host name of two or more labels whose last one is no
// number, as that of an address would be, and no domain for private use
// (RFC 6761, RFC 6762, RFC 8375 and ICANN's reservation of internal).
func isPublicHost(host string) bool {
	labels := strings.Split(strings.ToLower(host), ".")
	last := labels[len(labels)-1]
	if len(labels) < 2 || strings.Trim(last, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" ||
		last == "" || last[0] < 'a' || last[0] > 'z' {
		return false
	}
	switch last {
	case "localhost", "local", "internal", "invalid", "test", "onion", "localdomain", "lan", "home", "corp":
		return false
	}
	return !strings.HasSuffix(strings.ToLower(host), ".home.arpa")
}
