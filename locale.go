package verify

import (
	"slices"
	"strings"
)

const (
	maxLocale   = 35      // RFC 5646 section 4.4.1
	maxHint     = 1 << 10 // bytes of a hint that are looked at
	fullQuality = 1000    // "q=1" in thousandths, RFC 9110 section 12.4.2
)

// LocaleFallbacks returns the tags under which to look for a text or a setting in
// the language of a hint, best first: "zh-Hant-TW", "zh-Hant", "zh-TW", "zh". They
// are written as in RFC 5646 section 2.1.1, whatever the hint looks like, and
// include the other names that a language goes by: "nb" for "no", "iw" for "he".
// There are none if the hint names no language. It is for authors of vendors; a
// [SendRequest] holds the first one.
func LocaleFallbacks(hint string) []string {
	tag := cleanLocale(hint)
	if tag == "" {
		return nil
	}
	language, rest := cutSubtag(tag)
	var all []string
	for _, name := range append([]string{language}, otherNames(language)...) {
		all = appendFallbacks(all, name, rest)
	}
	return all
}

// appendFallbacks appends a tag and what is left of it when subtags are dropped
// from its end (RFC 4647 section 3.4), and then without its script.
func appendFallbacks(all []string, language, rest string) []string {
	add := func(tag string) {
		if !slices.Contains(all, tag) {
			all = append(all, tag)
		}
	}
	for end := len(rest); end > 0; end = strings.LastIndexByte(rest[:end], '-') {
		add(language + "-" + rest[:end])
	}
	written, region := cutSubtag(rest)
	if kindOf(written) != script {
		written, region = "", rest
	}
	region, _ = cutSubtag(region)
	if kindOf(region) != area {
		region = ""
	}
	if language == "zh" {
		all = appendChinese(all, written, region)
	} else if written != "" && region != "" {
		add(language + "-" + region)
	}
	add(language)
	return all
}

// appendChinese appends the tags in the same script: each region has its own.
func appendChinese(all []string, written, region string) []string {
	usual := ""
	switch region {
	case "TW", "HK", "MO":
		usual = "Hant"
	case "CN", "SG", "MY":
		usual = "Hans"
	}
	if written == "" {
		written = usual
	}
	var same []string
	switch written {
	case "Hant":
		same = []string{"zh-Hant", "zh-TW", "zh-HK"}
	case "Hans":
		same = []string{"zh-Hans", "zh-CN"}
	}
	if region != "" && written == usual {
		same = append([]string{"zh-" + region}, same...)
	}
	for _, tag := range same {
		if !slices.Contains(all, tag) {
			all = append(all, tag)
		}
	}
	return all
}

// otherNames lists the names that texts may go by as well: macrolanguages, and
// names that IANA's registry of language subtags has deprecated.
func otherNames(language string) []string {
	switch language {
	case "no":
		return []string{"nb"}
	case "nb":
		return []string{"no"}
	case "nn":
		return []string{"no", "nb"}
	case "he":
		return []string{"iw"}
	case "id":
		return []string{"in"}
	case "yi":
		return []string{"ji"}
	case "jv":
		return []string{"jw"}
	case "ro":
		return []string{"mo"}
	case "fil":
		return []string{"tl"}
	case "tl":
		return []string{"fil"}
	}
	return nil
}

// cleanLocale returns the tag that a hint means, or nothing if it names no
// language. Extensions and private subtags are cut off, and so is all that
// follows a subtag which cannot be read.
func cleanLocale(hint string) string {
	var buf [maxLocale]byte
	tag := appendLocale(buf[:0], mostWanted(hint))
	if string(tag) == hint {
		return hint // the usual case, without an allocation
	}
	return string(tag)
}

// mostWanted returns the language with the highest quality of an Accept-Language
// header, the first one of equals. A tag alone is such a header too.
func mostWanted(header string) string {
	header = header[:min(len(header), maxHint)]
	best, bestQuality := "", 0
	for part := range strings.SplitSeq(header, ",") {
		tag, parameters, _ := strings.Cut(part, ";")
		tag = strings.TrimSpace(tag)
		if q := quality(parameters); tag != "" && tag != "*" && q > bestQuality {
			best, bestQuality = tag, q
		}
	}
	return best
}

// quality reads "q=0.9" as 900. Anything it cannot read has full quality.
func quality(parameter string) int {
	value, ok := strings.CutPrefix(strings.TrimSpace(parameter), "q=0")
	if !ok {
		return fullQuality
	}
	q, unit := 0, fullQuality/10
	for _, c := range []byte(strings.TrimPrefix(value, ".")) {
		if c < '0' || c > '9' {
			break
		}
		q += int(c-'0') * unit
		unit /= 10
	}
	return q
}

// appendLocale appends the clean form of one tag. In the POSIX form an encoding
// or a modifier follows a dot or an at sign.
func appendLocale(tag []byte, s string) []byte {
	if end := strings.IndexAny(s, ".@"); end >= 0 {
		s = s[:end]
	}
	language, rest := cutSubtag(s)
	if !isLanguage(language) {
		return tag
	}
	tag = current(appendLower(tag, language))
	for last := primary; rest != ""; {
		var subtag string
		subtag, rest = cutSubtag(rest)
		kind := kindOf(subtag)
		if kind == other || kind < last || kind == last && kind != variant || len(tag)+1+len(subtag) > maxLocale {
			break
		}
		last = kind
		if kind != extended {
			tag = appendSubtag(tag, subtag, kind)
		}
	}
	return tag
}

// cutSubtag returns the first subtag, and what follows it.
func cutSubtag(s string) (subtag, rest string) {
	end := strings.IndexAny(s, "-_")
	if end < 0 {
		return s, ""
	}
	return s[:end], s[end+1:]
}

// The kinds of subtags, in the order in which they stand: RFC 5646 section 2.1.
const (
	primary  = iota // the language
	extended        // "yue" in "zh-yue"; dropped
	script
	area // a region
	variant
	other // an extension, a private subtag, or none at all
)

func kindOf(subtag string) int {
	switch n := len(subtag); {
	case n == 4 && every(subtag, isLetter):
		return script
	case n == 2 && every(subtag, isLetter), n == 3 && allDigits(subtag):
		return area
	case n == 3 && every(subtag, isLetter):
		return extended
	case (n >= 5 && n <= 8 || n == 4 && subtag[0] <= '9') && every(subtag, isAlphanumeric):
		return variant
	}
	return other
}

// appendSubtag writes "-Hant", "-TW", and everything else in lower case.
func appendSubtag(tag []byte, subtag string, kind int) []byte {
	tag = append(tag, '-')
	at := len(tag)
	tag = appendLower(tag, subtag)
	switch kind {
	case script:
		tag[at] -= 'a' - 'A'
	case area:
		for i := at; i < len(tag); i++ {
			if isLetter(tag[i]) {
				tag[i] -= 'a' - 'A'
			}
		}
	}
	return tag
}

func appendLower(tag []byte, s string) []byte {
	for i := range len(s) {
		c := s[i]
		if isLetter(c) {
			c |= 0x20
		}
		tag = append(tag, c)
	}
	return tag
}

// current replaces the languages whose names IANA's registry has deprecated.
// Devices still say them.
func current(language []byte) []byte {
	switch string(language) {
	case "iw":
		return append(language[:0], "he"...)
	case "in":
		return append(language[:0], "id"...)
	case "ji":
		return append(language[:0], "yi"...)
	case "jw":
		return append(language[:0], "jv"...)
	case "mo":
		return append(language[:0], "ro"...)
	}
	return language
}

// isLanguage reports whether s names a language: two or three letters, and none
// of those that say that the language is not known.
func isLanguage(s string) bool {
	switch strings.ToLower(s) {
	case "und", "mul", "mis", "zxx":
		return false
	}
	return (len(s) == 2 || len(s) == 3) && every(s, isLetter)
}
