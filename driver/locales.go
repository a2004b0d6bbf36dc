package driver

import (
	"slices"
	"strings"

	"github.com/go2fa/verify"
)

// Locales are the languages that a vendor has. Their Text is a table, mostly an embedded
// file: a line for a channel, for several with commas in between, or with * for all that
// no line above names. Empty lines, and lines that begin with #, are skipped.
//
//	voice en en-GB de
//	email
//	* en de fr
type Locales struct{ Text string }

// Nearest returns the tag of a channel that is nearest to a locale, as [NearestTag]
// does, or "".
func (l Locales) Nearest(channel verify.Channel, locale string) string {
	if locale == "" {
		return ""
	}
	for line := range strings.Lines(l.Text) {
		names, tags, _ := strings.Cut(strings.TrimSpace(line), " ")
		if names == "*" || slices.Contains(strings.Split(names, ","), string(channel)) {
			return NearestTag(tags, locale)
		}
	}
	return ""
}

// NearestTag returns the tag of a list, with spaces in between, that is nearest to a
// locale, or "": the same one, a fallback of it (see [verify.LocaleFallbacks]), or the
// first of the list with the same language.
func NearestTag(list, locale string) string {
	for _, tag := range verify.LocaleFallbacks(locale) {
		near := ""
		for known := range strings.FieldsSeq(list) {
			if strings.EqualFold(known, tag) {
				return known
			}
			if language, _, _ := strings.Cut(known, "-"); near == "" && strings.EqualFold(language, tag) {
				near = known
			}
		}
		if near != "" {
			return near
		}
	}
	return ""
}
