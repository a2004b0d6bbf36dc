package driver

import (
	"net/url"
	"strings"
)

// IsID reports whether s is 1 to longest of [A-Za-z0-9_-].
func IsID(s string, longest int) bool {
	if s == "" || len(s) > longest {
		return false
	}
	for i := range len(s) {
		if !isUnreserved(s[i]) || s[i] == '.' || s[i] == '~' {
			return false
		}
	}
	return true
}

// ReceiptID returns id, or "" if it may be a number or a text: what a vendor
// sends back may quote a person.
func ReceiptID(id string) string {
	if !isSegment(id) || strings.Trim(id, "0123456789") == "" {
		return ""
	}
	return id
}

// IsCodeLength reports whether codes anywhere may have so many digits: 4 to 10.
func IsCodeLength(digits int) bool { return digits >= minCode && digits <= maxCode }

// IsLabel reports whether s may be a part of a host name: lower-case letters, digits and
// hyphens, with none in front or at the end.
func IsLabel(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == "" && strings.Trim(s, "-") == s
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
