package dsn

import (
	"encoding/hex"
	"strings"
)

// upTo returns what stands in front of one of ends, of a space, of a parenthesis
// or of a byte that must be escaped.
func (r *reader) upTo(ends string) string {
	rest := r.text[r.at:]
	for i := range len(rest) {
		if !isBare(rest[i]) || strings.IndexByte(ends, rest[i]) >= 0 {
			return rest[:i]
		}
	}
	return rest
}

// decode moves over raw and replaces its percent-escapes. A plus is a plus.
func (r *reader) decode(raw string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(raw); i++ {
		if raw[i] != '%' {
			b.WriteByte(raw[i])
			continue
		}
		escaped, err := hex.DecodeString(raw[i+1 : min(i+3, len(raw))])
		if err != nil || len(escaped) == 0 {
			return "", faultAt(r.at+i, "a % is written %25, or stands before two hexadecimal digits")
		}
		b.Write(escaped)
		i += 2
	}
	r.at += len(raw)
	return b.String(), nil
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' }

// endsBackend knows what may follow a DSN within a failover.
func endsBackend(c byte) bool { return isSpace(c) || c == ')' }

// isBare knows what may stand in a DSN without an escape: printable ASCII but
// for the space and the parentheses.
func isBare(c byte) bool { return ' ' < c && c < 0x7f && c != '(' && c != ')' }

func isScheme(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789+.-") == ""
}

func hasControl(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == 0x7f {
			return true
		}
	}
	return false
}

// Escape writes what a reader decodes: whatever is not bare, and also those bytes.
func Escape(s, also string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; isBare(c) && strings.IndexByte(also, c) < 0 {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}
