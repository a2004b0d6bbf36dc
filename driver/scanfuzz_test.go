package driver_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var errOracle = errors.New("refused by the oracle")

// oracle reads what scan reads, token by token, as encoding/json does it.
func oracle(body []byte) (fields, error) {
	var f fields
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if open, err := d.Token(); err != nil || open != json.Delim('{') || !json.Valid(body) {
		return f, errOracle
	}
	values := map[string]json.RawMessage{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return f, err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return f, err
		}
		name := key.(string)
		if _, twice := values[name]; twice && known[name] {
			return f, errOracle
		}
		values[name] = value
	}
	return f, f.fill(values)
}

var known = map[string]bool{"status": true, "valid": true, "maybe": true, "code": true, "raw": true, "nested": true}

// fill uses encoding/json where its rules are the same for one value.
func (f *fields) fill(values map[string]json.RawMessage) error {
	var raw *string
	for name, to := range map[string]any{"status": &f.Status, "valid": &f.Valid, "maybe": &f.Maybe, "raw": &raw} {
		if value, ok := values[name]; ok && json.Unmarshal(value, to) != nil {
			return errOracle
		}
	}
	if raw != nil {
		f.Raw = []byte(*raw)
	}
	if nested := values["nested"]; string(nested) != "null" {
		f.Nested = nested
	}
	if status := values["status"]; status == nil || string(status) == "null" {
		return errOracle
	}
	return f.fillCode(values["code"])
}

func (f *fields) fillCode(value json.RawMessage) error {
	var number json.Number
	switch {
	case len(value) == 0 || string(value) == "null":
		return nil
	case value[0] == '"':
		return json.Unmarshal(value, &f.Code)
	case json.Unmarshal(value, &number) != nil || !isDigits(number.String()):
		return errOracle
	}
	f.Code = number.String()
	return nil
}

func isDigits(s string) bool {
	return len(s) <= 10 && len(bytes.Trim([]byte(s), "0123456789")) == 0
}

// Scan and a reading by tokens agree on every body, but that the tokens take
// what is not UTF-8 for something else.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{
		`{"status":"approved"}`, `{"status":"a","status":"b"}`, `{"st\u0061tus":"a","code":60200}`, `{}`, `[]`, `null`,
		`{"status":"a","valid":true,"maybe":null,"raw":"x\ty","nested":{"status":[1,"}"]}}`, ` { "status" : "\ud800" } `,
		`{"status":"a"}{}`, `{"status":"a","code":-1}`, `{"status":{"status":"a"}}`, "{\"status\":\"\xff\"}", `{"a":1e5,"status":""}`,
		`{"nested":[[],{}],"status":"\\\""}`, `{"valid":"true","status":"x"}`, `{"":"","status":"x","Status":"y"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := scan(string(body))
		want, wantErr := oracle(body)
		if !utf8.Valid(body) {
			return // it must not panic
		}
		require.Equal(t, wantErr == nil, err == nil, "scan: %v, oracle: %v", err, wantErr)
		if err == nil {
			assert.Equal(t, want, got)
		}
	})
}
