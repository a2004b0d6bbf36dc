package gatewayapitest

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

// toGSM is what arrives of a text under the encoding UTF8.
func toGSM(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(gsmBasic+gsmExtension, r) {
			return r
		}
		return '?'
	}, text)
}

// parts is how many SMS a text takes.
func parts(text string) int {
	septets := 0
	for _, r := range text {
		switch {
		case strings.ContainsRune(gsmBasic, r):
			septets++
		case strings.ContainsRune(gsmExtension, r):
			septets += 2
		default:
			return chain(len(utf16.Encode([]rune(text))), 70, 67)
		}
	}
	return chain(septets, 160, 153)
}

func chain(length, alone, each int) int {
	if length <= alone {
		return 1
	}
	return (length + each - 1) / each
}
