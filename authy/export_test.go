package authy

import "strings"

// For tests in package authy_test.
var (
	LocaleName = localeName
	Split      = split
)

// ListedCodes are the vendor codes that have a meaning of their own.
func ListedCodes() (listed []string) {
	for code := range codes.All() {
		listed = append(listed, strings.TrimPrefix(code, "check:"))
	}
	return listed
}
