package emulator

import "regexp"

var (
	// A browser looks here: https://wicg.github.io/sms-one-time-codes/.
	boundCode = regexp.MustCompile(`(?:^|\n)@[A-Za-z0-9.-]+ #([0-9]{6,10})[^\n]*$`)
	// A person looks for digits that no word, amount or other number holds.
	plainCode = regexp.MustCompile(`(?:^|[^0-9A-Za-z.,+])([0-9]{6,10})(?:$|[^0-9A-Za-z.,]|[.,](?:$|[^0-9]))`)
)

// CodeIn returns the code in a text that a vendor was given to deliver, six to ten
// digits, or "" if there is none. It prefers the one in a last line for browsers,
// and else takes the first.
func CodeIn(text string) string {
	for _, code := range []*regexp.Regexp{boundCode, plainCode} {
		if found := code.FindStringSubmatch(text); found != nil {
			return found[1]
		}
	}
	return ""
}
