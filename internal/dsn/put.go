package dsn

import (
	"encoding"
	"errors"
	"reflect"
	"slices"
	"strings"

	"github.com/go2fa/verify"
)

// put sets the field of config, or what is in a map of it under name.
func (s Setting) put(config reflect.Value, name, value string) error {
	field := config.FieldByIndex(s.index)
	if !strings.Contains(s.Key, AnyName) {
		return s.parse(field, value)
	}
	if field.IsNil() {
		field.Set(reflect.MakeMap(field.Type()))
	}
	elem := reflect.New(field.Type().Elem()).Elem()
	key := reflect.ValueOf(name).Convert(field.Type().Key())
	if old := field.MapIndex(key); old.IsValid() {
		elem.Set(old)
	}
	target := elem
	if s.inner != nil {
		target = elem.FieldByIndex(s.inner)
	}
	err := s.parse(target, value)
	field.SetMapIndex(key, elem)
	return err
}

// parse reads value into one field. Its errors say what the value must be.
func (s Setting) parse(into reflect.Value, value string) error {
	if s.scope && !verify.IsScope(value) {
		return errors.New("must be " + nameRule)
	}
	if s.OneOf != nil && !slices.Contains(s.OneOf, value) {
		return errors.New("must be " + either(s.OneOf))
	}
	switch s.kind {
	case timeType:
		d, err := parseTime(value)
		into.SetInt(int64(d))
		return err
	case bytesType:
		into.SetBytes([]byte(value))
		return nil
	case timesType, keysType, listType:
		return s.parseList(into, value)
	}
	if s.readsText() {
		return readText(into, value)
	}
	switch s.kind.Kind() {
	case reflect.Bool:
		b, err := parseFlag(value)
		into.SetBool(b)
		return err
	case reflect.Int:
		n, err := parseNumber(value)
		into.SetInt(int64(n))
		return err
	case reflect.Uint8: // an enumeration, whose values are listed in their order
		into.SetUint(uint64(slices.Index(s.OneOf, value))) //nolint:gosec // it is in the list
		return nil
	}
	into.SetString(value)
	return nil
}

// readText has a type read itself. Its error is shown if it says what the value must
// be; any other may quote it.
func readText(into reflect.Value, value string) error {
	err := into.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(value))
	if err != nil && !strings.HasPrefix(err.Error(), "must be ") {
		return errors.New("cannot be read")
	}
	return err
}

// parseList reads a list with commas.
func (s Setting) parseList(into reflect.Value, value string) error {
	item := Setting{kind: s.kind.Elem()}
	parts := strings.Split(value, ",")
	list := reflect.MakeSlice(s.kind, len(parts), len(parts))
	for i, part := range parts {
		if s.kind == timesType && part == "0s" { // of one time it would ask for the default
			continue
		}
		if err := item.parse(list.Index(i), part); err != nil {
			return err
		}
	}
	into.Set(list)
	return nil
}

func either(values []string) string {
	last := len(values) - 1
	if last == 0 {
		return values[0]
	}
	return strings.Join(values[:last], ", ") + " or " + values[last]
}
