package driver

const hex = "0123456789ABCDEF"

// A Form is an encoded list of keys and values, for a body or a query.
type Form []byte

// Add appends one pair.
func (f *Form) Add(key, value string) {
	b := *f
	if len(b) > 0 {
		b = append(b, '&')
	}
	b = appendEscaped(b, key)
	b = append(b, '=')
	*f = appendEscaped(b, value)
}

// AddGiven appends one pair unless its value is empty.
func (f *Form) AddGiven(key, value string) {
	if value != "" {
		f.Add(key, value)
	}
}

// appendEscaped escapes every byte outside the unreserved set of RFC 3986, so
// that its result is good in a path, a query and a form.
func appendEscaped(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; isUnreserved(c) {
			b = append(b, c)
		} else {
			b = append(b, '%', hex[c>>4], hex[c&15])
		}
	}
	return b
}
