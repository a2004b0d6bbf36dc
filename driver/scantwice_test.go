package driver

import (
	"bytes"
	"encoding/json"
)

// scanTwice is Scan in two walks: encoding/json proves the body valid, and what
// comes after relies on that. It is the oracle of Scan.
func scanTwice(body []byte, fields ...Field) error {
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
