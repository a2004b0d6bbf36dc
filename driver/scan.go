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
// Keys that no field names are skipped. It stores nothing of a body that is not
// one JSON object.
func Scan(body []byte, fields ...Field) error {
	var room [16]pick // most vendors name fewer fields
	picks, ok := pickFields(body, fields, room[:0])
	if !ok {
		return errNotObject
	}
	var seen uint64
	for _, p := range picks {
		if seen&(1<<p.field) != 0 {
			return errDuplicate
		}
		seen |= 1 << p.field
		if err := fields[p.field].store(p.value); err != nil {
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

// ScanAt is Scan of an object that is within others: the path has a key for each, and
// "0" for the first of an array.
func ScanAt(body []byte, path []string, fields ...Field) error {
	for _, key := range path {
		var next json.RawMessage
		var list []json.RawMessage
		switch {
		case key != "0":
			if err := Scan(body, Field{Key: key, To: &next, Need: true}); err != nil {
				return err
			}
		case json.Unmarshal(body, &list) != nil || len(list) == 0:
			return errMissing
		default:
			next = list[0]
		}
		body = next
	}
	return Scan(body, fields...)
}

// A pick is the value of a field, as it stands in the body.
type pick struct {
	field int
	value []byte
}

// pickFields walks over the whole body once. It proves that the body is one JSON
// object, and appends the values of the fields to picks in the body's order: one
// more than there are fields if some stand twice, and no more than that.
func pickFields(body []byte, fields []Field, picks []pick) ([]pick, bool) {
	w := walker{b: body}
	w.space()
	if !w.eat('{') {
		return nil, false
	}
	w.space()
	for end := w.eat('}'); !end; end = w.eat('}') {
		key, ok := w.key()
		if !ok {
			return nil, false
		}
		from := w.i
		if !w.value() {
			return nil, false
		}
		if i := find(fields, plain(key)); i >= 0 && len(picks) <= len(fields) {
			picks = append(picks, pick{i, body[from:w.i]})
		}
		if !w.more('}') {
			return nil, false
		}
	}
	w.space()
	return picks, w.i == len(body)
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

func unquote(quoted []byte) string { return string(plain(quoted)) }

// plain returns what stands between the quotes.
func plain(quoted []byte) []byte {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1]
	}
	var s string
	_ = json.Unmarshal(quoted, &s) // the walk has shown that it is valid
	return []byte(s)
}
