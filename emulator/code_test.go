package emulator_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify/emulator"
)

func TestCodeIn(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ text, want string }{
		"six digits":                   {"Acme: 123456 is your code. Never share it.", "123456"},
		"ten digits":                   {"Acme: 1234567890 is your code.", "1234567890"},
		"leading zeros":                {"Your code is 000042", "000042"},
		"at the end of a sentence":     {"Your code is 123456.", "123456"},
		"in front of a comma":          {"123456, says Acme", "123456"},
		"in brackets":                  {"Your code (123456)", "123456"},
		"nothing else":                 {"123456", "123456"},
		"beside letters without space": {"コード123456です", "123456"},
		"for a transaction":            {"Acme: 123456 confirms EUR 1234567.00 to Acme 7654321.", "123456"},
		"behind an amount":             {"EUR 1234567.00 to Acme: 123456", "123456"},
		"behind an amount in commas":   {"EUR 1234567,00: 123456", "123456"},
		"in a line for browsers":       {"Acme 654321 Inc.: 123456\n\n@login.example.com #123456", "123456"},
		"and an embedded page":         {"7654321: 123456\n@example.com #123456 @other.example.com", "123456"},
		"five digits":                  {"Your code is 12345", ""},
		"eleven digits":                {"Your code is 12345678901", ""},
		"a phone number":               {"Call +15005550", ""},
		"a word":                       {"Your code is a123456", ""},
		"no digits":                    {"Hello", ""},
		"no text":                      {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.want, emulator.CodeIn(tc.text))
		})
	}
}
