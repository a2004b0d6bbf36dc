package emulator

import "strings"

// IsPhone reports whether s is a phone number in E.164 form with its plus, as most
// vendors want one: 7 to 15 digits, of which the first is no zero.
func IsPhone(s string) bool {
	digits, plus := strings.CutPrefix(s, "+")
	return plus && len(digits) >= 7 && len(digits) <= 15 && digits[0] != '0' && strings.Trim(digits, "0123456789") == ""
}
