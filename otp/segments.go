package otp

import (
	"strings"
	"unicode/utf16"
)

// An Encoding is how a text travels by SMS.
type Encoding string

// The encodings of 3GPP TS 23.038.
const (
	GSM7 Encoding = "GSM-7" // 160 septets in one part, 153 in each of several
	UCS2 Encoding = "UCS-2" // 70 UTF-16 units in one part, 67 in each of several
)

// The GSM 7-bit default alphabet and its extension table, whose characters take
// two septets: 3GPP TS 23.038 section 6.2.1. Lower-case c with cedilla is not in
// it, nor is the backtick.
const (
	gsmBasic = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
		"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
	gsmExtension = "\f^{}\\[~]|€"
)

// Segments returns how many SMS parts a text takes, which is what it costs, and
// in which encoding it travels: GSM-7 if every character has a place there, else
// UCS-2. A character is never split between two parts. An empty text is one part.
func Segments(text string) (parts int, encoding Encoding) {
	if parts, ok := count(text, septets, 160, 153); ok {
		return parts, GSM7
	}
	parts, _ = count(text, utf16.RuneLen, 70, 67)
	return parts, UCS2
}

// count fills parts with characters of the given width. It gives up at a
// character without one.
func count(text string, width func(rune) int, single, each int) (parts int, ok bool) {
	total, filled, parts := 0, 0, 1
	for _, r := range text {
		w := width(r)
		if w == 0 {
			return 0, false
		}
		total += w
		if filled+w > each {
			parts, filled = parts+1, 0
		}
		filled += w
	}
	if total <= single {
		return 1, true
	}
	return parts, true
}

func septets(r rune) int {
	switch {
	case strings.ContainsRune(gsmBasic, r):
		return 1
	case strings.ContainsRune(gsmExtension, r):
		return 2
	}
	return 0
}
