package text

import (
	"strings"
	"unicode"
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
// UCS-2. Characters are Unicode code points, and none is split between two parts.
// An empty text is one part. See [SegmentsAtMost] for what may be billed.
func Segments(text string) (parts int, encoding Encoding) {
	if parts, ok := count(text, septets, 160, 153); ok {
		return parts, GSM7
	}
	parts, _ = count(text, utf16.RuneLen, 70, 67)
	return parts, UCS2
}

// SegmentsAtMost returns how many parts a text takes where the vendor keeps what a
// person sees as one character within one part: a letter with its vowel signs, an
// emoji with its skin tone. It is never below [Segments], and it is what may be
// billed: vendors do not say which way they count.
func SegmentsAtMost(text string) (parts int) {
	if parts, ok := count(text, septets, 160, 153); ok {
		return parts
	}
	var filled, total, cluster int
	parts = 1
	var before rune
	place := func() {
		if filled+cluster > ucs2Part && filled > 0 {
			parts, filled = parts+1, 0
		}
		for filled+cluster > ucs2Part { // no part holds so much: it is split after all
			parts, cluster = parts+1, cluster-ucs2Part+filled
			filled = 0
		}
		filled, cluster = filled+cluster, 0
	}
	flags := 0
	for i, r := range text {
		if r >= firstFlag && r <= lastFlag {
			flags++
		} else {
			flags = 0
		}
		if i > 0 && !joins(before, r, flags) {
			place()
		}
		w := max(1, utf16.RuneLen(r))
		cluster, total, before = cluster+w, total+w, r
	}
	place()
	if total <= 70 {
		return 1
	}
	return parts
}

const (
	ucs2Part            = 67
	firstFlag, lastFlag = '\U0001f1e6', '\U0001f1ff' // two of these letters are a flag
	firstTone, lastTone = '\U0001f3fb', '\U0001f3ff' // of skin
)

// joins reports whether a person sees r as part of the character before it, where
// flags counts the letters of flags up to r: in short, the extended grapheme
// clusters of Unicode Standard Annex 29.
func joins(before, r rune, flags int) bool {
	switch {
	case unicode.IsMark(r), r == joiner, before == joiner, r >= firstTone && r <= lastTone:
		return true
	case flags > 0:
		return flags%2 == 0
	}
	vowel, final := r >= '\u1160' && r <= '\u11a7', r >= '\u11a8' && r <= '\u11ff'
	return (vowel || final) && before >= '\u1100' && before <= '\ud7a3'
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
