package driver

import (
	"encoding/binary"
	"math/bits"
)

// maxDepth is how deep an answer may nest, as in encoding/json.
const maxDepth = 10000

// A walker walks over text that may be JSON. Each of its methods takes what it
// names and reports whether it stood there.
type walker struct {
	b []byte
	i int
}

func (w *walker) eat(c byte) bool {
	if w.i < len(w.b) && w.b[w.i] == c {
		w.i++
		return true
	}
	return false
}

func (w *walker) space() {
	for w.i < len(w.b) {
		switch w.b[w.i] {
		case ' ', '\t', '\r', '\n':
			w.i++
		default:
			return
		}
	}
}

// more takes what may follow a value: the comma before the next one, or nothing
// before the end of the level.
func (w *walker) more(end byte) bool {
	w.space()
	if !w.eat(',') {
		return w.i < len(w.b) && w.b[w.i] == end
	}
	w.space()
	return w.i < len(w.b) && w.b[w.i] != end
}

// key takes a key with its quotes, and what stands between it and its value.
func (w *walker) key() (quoted []byte, ok bool) {
	from := w.i
	if !w.text() {
		return nil, false
	}
	quoted = w.b[from:w.i]
	w.space()
	if !w.eat(':') {
		return nil, false
	}
	w.space()
	return quoted, true
}

// value takes one value, with all that it holds.
func (w *walker) value() bool {
	var room [64]byte
	ends := room[:0] // of the levels that are open
	for {
		if w.i >= len(w.b) {
			return false
		}
		switch c := w.b[w.i]; c {
		case '{', '[':
			if len(ends) >= maxDepth-1 { // the object around it is one more
				return false
			}
			w.i++
			ends = append(ends, c+2) // in ASCII a bracket closes two after it opens
			w.space()
		default:
			if !w.scalar(c) || len(ends) > 0 && !w.more(ends[len(ends)-1]) {
				return false
			}
		}
		for len(ends) > 0 && w.eat(ends[len(ends)-1]) {
			ends = ends[:len(ends)-1]
			if len(ends) > 0 && !w.more(ends[len(ends)-1]) {
				return false
			}
		}
		if len(ends) == 0 {
			return true
		}
		if ends[len(ends)-1] == '}' {
			if _, ok := w.key(); !ok {
				return false
			}
		}
	}
}

// scalar takes a value that opens with c and holds no other.
func (w *walker) scalar(c byte) bool {
	switch c {
	case '"':
		return w.text()
	case 't':
		return w.word("true")
	case 'f':
		return w.word("false")
	case 'n':
		return w.word("null")
	}
	return w.number()
}

func (w *walker) word(s string) bool {
	if len(w.b)-w.i < len(s) || string(w.b[w.i:w.i+len(s)]) != s {
		return false
	}
	w.i += len(s)
	return true
}

func (w *walker) number() bool {
	w.eat('-')
	if !w.eat('0') && !w.digits() {
		return false
	}
	if w.eat('.') && !w.digits() {
		return false
	}
	if !w.eat('e') && !w.eat('E') {
		return true
	}
	if !w.eat('+') {
		w.eat('-')
	}
	return w.digits()
}

func (w *walker) digits() bool {
	from := w.i
	for w.i < len(w.b) && '0' <= w.b[w.i] && w.b[w.i] <= '9' {
		w.i++
	}
	return w.i > from
}

func (w *walker) text() bool {
	if !w.eat('"') {
		return false
	}
	for {
		w.i += ordinary(w.b[w.i:])
		switch {
		case w.eat('"'):
			return true
		case !w.eat('\\') || !w.escape():
			return false
		}
	}
}

// escape takes what follows a backslash.
func (w *walker) escape() bool {
	if w.i >= len(w.b) {
		return false
	}
	w.i++
	switch w.b[w.i-1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return true
	case 'u':
		for range 4 {
			if !w.hex() {
				return false
			}
		}
		return true
	}
	return false
}

func (w *walker) hex() bool {
	if w.i >= len(w.b) {
		return false
	}
	c := w.b[w.i]
	w.i++
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

const (
	everyByte = 0x0101010101010101
	everyTop  = 0x8080808080808080
)

// ordinary counts the bytes at the head of b that are neither a quote, nor a
// backslash, nor a control character, eight at a time. In a word x the lowest
// byte that is zero is the lowest one whose top bit is set in (x-everyByte)&^x;
// above it the borrow may set others.
func ordinary(b []byte) int {
	n := 0
	for ; len(b)-n >= 8; n += 8 {
		x := binary.LittleEndian.Uint64(b[n:])
		quote, slash := x^('"'*everyByte), x^('\\'*everyByte)
		found := (quote-everyByte)&^quote | (slash-everyByte)&^slash | (x-' '*everyByte)&^x
		if found &= everyTop; found != 0 {
			return n + bits.TrailingZeros64(found)/8
		}
	}
	for ; n < len(b); n++ {
		if c := b[n]; c == '"' || c == '\\' || c < ' ' {
			break
		}
	}
	return n
}
