package hooks

import "slices"

// codeIn is a code that a server tells beside its text, or none: a text without one is
// delivered as well.
func codeIn(s string) string {
	if isCode(s) {
		return s
	}
	return ""
}

// isCode reports whether a server's code is 4 to 10 ASCII letters and digits, as all
// of them make.
func isCode(s string) bool {
	return len(s) >= 4 && len(s) <= 10 && !slices.ContainsFunc([]byte(s), func(c byte) bool {
		return (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z')
	})
}
