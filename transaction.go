package verify

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxTransaction counts characters: the name of a payee in a SEPA transfer has up
// to 70 (EPC115-06, attribute AT-E001).
const maxTransaction = 70

// A Transaction is what [WithTransaction] binds a code to, in the form in which
// it is shown and compared: every kind of space is U+0020, and a zero-width space
// is left out.
type Transaction struct {
	Amount string
	Payee  string
}

// fold makes one text of those that look alike because a formatter of money
// chose another space: U+00A0 and U+202F stand in the amounts of most languages.
// Both Send and Check fold, so that either spelling approves.
func (t Transaction) fold() Transaction {
	if t == (Transaction{}) {
		return t
	}
	return Transaction{foldSpaces(t.Amount), foldSpaces(t.Payee)}
}

func foldSpaces(s string) string {
	if !utf8.ValidString(s) {
		return s // refused later; Map would mend it
	}
	return strings.Map(foldSpace, s)
}

func foldSpace(r rune) rune {
	switch {
	case r == '\u200b': // the sign of the Cape Verdean escudo in some formatters
		return -1
	case unicode.Is(unicode.Zs, r):
		return ' '
	}
	return r
}

// isTransactionText keeps a payee from breaking the message into lines, the last
// of which a browser may read as a code, and from turning text around.
func isTransactionText(s string) bool {
	if !utf8.ValidString(s) || utf8.RuneCountInString(s) > maxTransaction {
		return false
	}
	visible := false
	for _, r := range s {
		if !unicode.IsPrint(r) && !isMark(r) {
			return false
		}
		visible = visible || r != ' ' && !isMark(r)
	}
	return visible
}

// isMark reports whether r is invisible, but needed to write some languages: the
// joiners, and the marks that formatters of Arabic, Hebrew and Persian amounts
// put beside signs. They are no stronger than a letter of that direction, unlike
// the embeddings, overrides and isolates, which reorder what follows.
func isMark(r rune) bool {
	switch r {
	case '\u200c', '\u200d', '\u200e', '\u200f', '\u061c':
		return true
	}
	return false
}

// Format hides the amount and the payee, under every verb.
func (Transaction) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte("verify.Transaction{" + hidden + "}"))
}

// MarshalJSON hides the amount and the payee.
func (Transaction) MarshalJSON() ([]byte, error) { return json.Marshal(hidden) }
