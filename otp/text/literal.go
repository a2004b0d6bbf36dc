package text

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	nonJoiner = '\u200c' // Persian cannot be written without it,
	joiner    = '\u200d' // nor can Sinhala and Malayalam without this one
)

// checkLiteral says what is wrong with text that an application configures.
func checkLiteral(s string) error {
	if !utf8.ValidString(s) {
		return errors.New("it must be UTF-8")
	}
	var before rune
	for i, r := range s {
		_, size := utf8.DecodeRuneInString(s[i:])
		after, _ := utf8.DecodeRuneInString(s[i+size:])
		switch {
		case composes(before, r):
			return errors.New("a letter and its accent stand in it as two characters, which makes every message cost more: write it in the composed form (Unicode NFC)")
		case !isVisible(before, r, after):
			return errors.New("it holds invisible characters: only line feeds, no-break spaces, joiners between letters and direction marks are allowed")
		}
		before = r
	}
	return nil
}

// isVisible also accepts what cannot be seen and cannot deceive: characters that
// turn the direction of what follows can.
func isVisible(before, r, after rune) bool {
	switch r {
	case '\n', '\u00a0', '\u202f', '\u200e', '\u200f', '\u061c':
		return true
	case nonJoiner, joiner: // RFC 5892, appendices A.1 and A.2
		return isScript(before) && isScript(after)
	}
	return unicode.IsPrint(r)
}

func isScript(r rune) bool { return unicode.IsLetter(r) || unicode.IsMark(r) }

// composes reports whether two characters have a form in one, by which a text
// costs less: Hangul too, whose syllables some systems take apart.
func composes(letter, mark rune) bool {
	if bases, ok := compositions[mark]; ok {
		return strings.ContainsRune(bases, letter)
	}
	return letter >= '\u1100' && letter <= '\u1112' && mark >= '\u1161' && mark <= '\u1175'
}
