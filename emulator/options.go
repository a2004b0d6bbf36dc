package emulator

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Default returns opts, a struct, with the fields of defaults where its own are
// zero.
func Default[O any](opts, defaults O) O {
	to, from := reflect.ValueOf(&opts).Elem(), reflect.ValueOf(defaults)
	for i := range to.NumField() {
		if to.Field(i).IsZero() {
			to.Field(i).Set(from.Field(i))
		}
	}
	return opts
}

// Configure returns the options of an emulator that a Setup chooses, and the
// settings of its [Sample]. A field of O is chosen by a setting if it is tagged
// with its key:
//
//	type Options struct {
//		AccountID string `dsn:"account_id"`
//		Digits    int    `dsn:"digits,optional"`
//		NewCode   func(digits int) string
//		Start     time.Time
//	}
//
// An optional one is in the Sample only if the Setup has it. Fields called NewCode
// and Start are those of the Setup. A number that cannot be read is the default.
func Configure[O any](s Setup, defaults O) (opts O, settings map[string]string) {
	opts, settings = defaults, map[string]string{}
	v := reflect.ValueOf(&opts).Elem()
	for i := range v.NumField() {
		key, flag, _ := strings.Cut(v.Type().Field(i).Tag.Get("dsn"), ",")
		if key == "" {
			continue
		}
		given := s.Settings[key]
		choose(v.Field(i), given)
		if given != "" {
			settings[key] = given
		} else if flag != "optional" {
			settings[key] = fmt.Sprint(v.Field(i).Interface())
		}
	}
	if f := v.FieldByName("NewCode"); f.IsValid() && s.NewCode != nil {
		f.Set(reflect.ValueOf(s.NewCode))
	}
	if f := v.FieldByName("Start"); f.IsValid() && !s.Start.IsZero() {
		f.Set(reflect.ValueOf(s.Start))
	}
	return opts, settings
}

// choose sets a field to what a setting says, unless it cannot be read.
func choose(field reflect.Value, given string) {
	switch field.Kind() {
	case reflect.Int:
		if n, err := strconv.Atoi(given); err == nil {
			field.SetInt(int64(n))
		}
	case reflect.Bool:
		field.SetBool(field.Bool() || given == "true")
	default:
		if given != "" {
			field.SetString(given)
		}
	}
}

// ConfigureScopes returns what serves each scope that a Setup names, by the tags of T:
// the id of the thing is tagged with "self", and fields without a tag are those of
// defaults.
//
//	type Profile struct {
//		ID         string `dsn:"id,self"` // "scope.NAME", or "scope.NAME.id"
//		CodeLength int    `dsn:"digits"`  // "scope.NAME.digits"
//	}
//
// It adds them to the settings of the [Sample]. Keys below a scope without a meaning
// for the emulator are ignored.
func ConfigureScopes[T any](s Setup, settings map[string]string, defaults T) (things []T) {
	kind := reflect.TypeFor[T]()
	for _, key := range slices.Sorted(maps.Keys(s.Settings)) {
		base := strings.TrimSuffix(key, "."+self(kind))
		parent := base[:max(strings.LastIndexByte(base, '.'), 0)]
		if !strings.HasPrefix(key, "scope.") || s.Settings[parent] != "" || s.Settings[parent+"."+self(kind)] != "" {
			continue
		}
		thing := defaults
		v := reflect.ValueOf(&thing).Elem()
		for i := range v.NumField() {
			name, flag, _ := strings.Cut(kind.Field(i).Tag.Get("dsn"), ",")
			switch {
			case name == "":
			case flag == "self":
				v.Field(i).SetString(s.Settings[key])
				settings[base] = s.Settings[key]
			default:
				choose(v.Field(i), s.Settings[base+"."+name])
				if !v.Field(i).IsZero() {
					settings[base+"."+name] = fmt.Sprint(v.Field(i).Interface())
				}
			}
		}
		things = append(things, thing)
	}
	return things
}

// ConfigureThings is ConfigureScopes with what serves the empty scope in front: its id is
// under the key of a setting, and its other fields are under their own. Where the Setup
// names no id, it is that of defaults.
func ConfigureThings[T any](s Setup, settings map[string]string, key string, defaults T) []T {
	kind, first := reflect.TypeFor[T](), defaults
	v := reflect.ValueOf(&first).Elem()
	for i := range v.NumField() {
		name, flag, _ := strings.Cut(kind.Field(i).Tag.Get("dsn"), ",")
		if flag == "self" {
			name = key
		}
		if name == "" {
			continue
		}
		choose(v.Field(i), s.Settings[name])
		if !v.Field(i).IsZero() {
			settings[name] = fmt.Sprint(v.Field(i).Interface())
		}
	}
	return append([]T{first}, ConfigureScopes(s, settings, defaults)...)
}

// self is the key of the id of a thing.
func self(kind reflect.Type) string {
	for i := range kind.NumField() {
		if key, flag, _ := strings.Cut(kind.Field(i).Tag.Get("dsn"), ","); flag == "self" {
			return key
		}
	}
	panic("emulator: no field of " + kind.String() + " is tagged with self")
}
