package emulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"math"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"
)

// ErrNotJSON is the error of [ReadJSON] and [ReadObject] if the body is anything
// else.
var ErrNotJSON = errors.New("emulator: the body is not what is read")

// ReadJSON returns the body of a request, whatever it is called, if it is one
// value of JSON and nothing else. Numbers are [json.Number]. The error is
// [ErrNotJSON], or that of reading a body that is too large.
func ReadJSON(r *http.Request) (value any, err error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if d.Decode(&value) != nil {
		return nil, ErrNotJSON
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, ErrNotJSON
	}
	return value, nil
}

// ReadObject is [ReadJSON] for an object.
func ReadObject(r *http.Request) (Fields, error) {
	value, err := ReadJSON(r)
	object, ok := value.(map[string]any)
	if err == nil && !ok {
		err = ErrNotJSON
	}
	return object, err
}

// ReadFields reads a form, if the request says that its body is one, and else is
// [ReadObject]. Of a field that stands more than once in a form the first counts.
func ReadFields(r *http.Request) (Fields, error) {
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media != "application/x-www-form-urlencoded" {
		return ReadObject(r)
	}
	err, fields := r.ParseForm(), Fields{}
	for key := range r.PostForm {
		fields[key] = r.PostForm.Get(key)
	}
	return fields, err
}

// Fields are an object of JSON, or a form. Its keys match to the letter.
type Fields map[string]any

// Has reports whether a key is given, even as null.
func (f Fields) Has(key string) bool { _, given := f[key]; return given }

// Given returns the fields without those that are null, for a vendor to whom null is as
// good as nothing.
func (f Fields) Given() Fields {
	given := maps.Clone(f)
	maps.DeleteFunc(given, func(_ string, value any) bool { return value == nil })
	return given
}

// Text returns a string of at most so many characters, or "" if the key is not
// given. It is not ok if the value is anything else.
func (f Fields) Text(key string, maxRunes int) (text string, ok bool) {
	value, given := f[key]
	if !given {
		return "", true
	}
	text, ok = value.(string)
	if !ok || utf8.RuneCountInString(text) > maxRunes {
		return "", false
	}
	return text, true
}

// Number returns a number between low and high, in any notation of JSON. It is
// not ok if the key is not given or the value is anything else.
func (f Fields) Number(key string, low, high float64) (n float64, ok bool) {
	number, _ := f[key].(json.Number)
	n, err := number.Float64()
	return n, err == nil && n >= low && n <= high
}

// Whole is Number for a whole one.
func (f Fields) Whole(key string, low, high int) (n int, ok bool) {
	number, ok := f.Number(key, float64(low), float64(high))
	n = int(number)
	return n, ok && number == float64(n)
}

// String returns the string under a key, or "".
func (f Fields) String(key string) string {
	text, _ := f[key].(string)
	return text
}

// Int returns the whole number under a key, or another one if there is none.
func (f Fields) Int(key string, otherwise int) int {
	if n, ok := f.Whole(key, math.MinInt32, math.MaxInt32); ok {
		return n
	}
	return otherwise
}

// Object returns the object under a key, or nil.
func (f Fields) Object(key string) Fields {
	object, _ := f[key].(map[string]any)
	return object
}

// Credential returns what follows a scheme, such as "Bearer", in a request's
// Authorization, or "".
func Credential(r *http.Request, scheme string) string {
	credential, ok := strings.CutPrefix(r.Header.Get("Authorization"), scheme+" ")
	if !ok {
		return ""
	}
	return credential
}
