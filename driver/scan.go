package driver

import (
	"bytes"
	"encoding/json"
	"errors"
)

// A Field is one field that decides something: Scan stores it in To.
type Field struct {
	Key string
	// To is a *string, a *[]byte for a string that need not be copied, a *bool, a
	// **bool, or a *json.RawMessage for what needs a Scan of its own.
	To any
	// Need makes a missing or null field an error.
	Need bool
	// Number lets a *string take a number as well: a vendor's error code may be
	// either.
	Number bool
}

// Errors of Scan. None quotes what was read.
var (
	errNotObject = errors.New("the answer is not one JSON object")
	errDuplicate = errors.New("a field of the answer stands twice")
	errType      = errors.New("a field of the answer has another type")
	errMissing   = errors.New("a field of the answer is missing")
)

// Scan reads the top level of one JSON object strictly: a key must match to the
// letter, stand once and have the right type, and nothing may follow the object.
// encoding/json would take "SUCCESS" for "success" and the last of two values.
// Keys that no field names are skipped.
func Scan(body []byte, fields ...Field) error {
	if !json.Valid(body) {
		return errNotObject
	}
	p := scanner{rest: bytes.TrimLeft(body, space)}
	if p.next() != '{' {
		return errNotObject
	}
	var seen uint64
	for p.next() != '}' {
		key, value := p.pair()
		i := find(fields, key)
		if i < 0 {
			continue
		}
		if seen&(1<<i) != 0 {
			return errDuplicate
		}
		seen |= 1 << i
		if err := fields[i].store(value); err != nil {
			return err
		}
	}
	for i, f := range fields {
		if f.Need && seen&(1<<i) == 0 {
			return errMissing
		}
	}
	return nil
}

func find(fields []Field, key []byte) int {
	for i := range fields {
		if string(key) == fields[i].Key {
			return i
		}
	}
	return -1
}

func (f Field) store(value []byte) error {
	if string(value) == "null" {
		if f.Need {
			return errMissing
		}
		return nil
	}
	switch to := f.To.(type) {
	case *string:
		if value[0] == '"' {
			*to = unquote(value)
			return nil
		}
		if f.Number && isSeconds(string(value)) {
			*to = string(value)
			return nil
		}
	case *[]byte:
		if value[0] == '"' {
			*to = plain(value)
			return nil
		}
	case *bool:
		if value[0] == 't' || value[0] == 'f' {
			*to = value[0] == 't'
			return nil
		}
	case **bool:
		if value[0] == 't' || value[0] == 'f' {
			yes := value[0] == 't'
			*to = &yes
			return nil
		}
	case *json.RawMessage:
		*to = value
		return nil
	}
	return errType
}

const space = " \t\r\n"

// A scanner walks the top level of JSON that is known to be valid.
type scanner struct{ rest []byte }

// next skips white space and separators and returns the byte that follows; it
// steps over an opening brace.
func (p *scanner) next() byte {
	p.rest = bytes.TrimLeft(p.rest, space+",")
	c := p.rest[0]
	if c == '{' {
		p.rest = p.rest[1:]
	}
	return c
}

// pair takes one key and its raw value.
func (p *scanner) pair() (key, value []byte) {
	quoted := p.take(stringEnd(p.rest))
	p.rest = bytes.TrimLeft(p.rest, space+":")
	return plain(quoted), p.take(valueEnd(p.rest))
}

func (p *scanner) take(n int) []byte {
	b := p.rest[:n]
	p.rest = p.rest[n:]
	return b
}

// stringEnd returns the length of the string that b opens with.
func stringEnd(b []byte) int {
	for i := 1; ; i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
}

// valueEnd returns the length of the value that b opens with.
func valueEnd(b []byte) int {
	depth := 0
	for i := 0; ; i++ {
		switch b[i] {
		case '"':
			i += stringEnd(b[i:]) - 1
			if depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\t', '\r', '\n':
			if depth == 0 {
				return i
			}
		}
	}
}

func unquote(quoted []byte) string { return string(plain(quoted)) }

// plain returns what stands between the quotes.
func plain(quoted []byte) []byte {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1]
	}
	var s string
	_ = json.Unmarshal(quoted, &s) // the whole body is valid
	return []byte(s)
}
