package emulator

import (
	"strings"
	"unicode/utf16"
)

// The GSM 7-bit default alphabet and its extension, whose characters take twice
// the room: 3GPP TS 23.038 section 6.2.1.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtension = "\f^{}\\[~]|€"
)

// GSM7 returns what arrives of a text in the GSM 7-bit alphabet: a question mark
// for each character that it lacks.
func GSM7(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(gsmBasic+gsmExtension, r) {
			return r
		}
		return '?'
	}, text)
}

// Parts returns how many SMS a text takes.
func Parts(text string) int {
	septets := 0
	for _, r := range text {
		switch {
		case strings.ContainsRune(gsmBasic, r):
			septets++
		case strings.ContainsRune(gsmExtension, r):
			septets += 2
		default:
			return chained(len(utf16.Encode([]rune(text))), 70, 67)
		}
	}
	return chained(septets, 160, 153)
}

func chained(length, alone, each int) int {
	if length <= alone {
		return 1
	}
	return (length + each - 1) / each
}
