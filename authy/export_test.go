package authy

// For tests in package authy_test.
var (
	LocaleName = localeName
	Split      = split
)

// ListedCodes are the vendor codes that have a meaning of their own.
func ListedCodes() (codes []string) {
	for code := range refusals {
		codes = append(codes, code)
	}
	return codes
}
