package emulator

import (
	"reflect"
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
		switch field := v.Field(i); {
		case given == "":
		case field.Kind() == reflect.Int:
			if n, err := strconv.Atoi(given); err == nil {
				field.SetInt(int64(n))
			}
		default:
			field.SetString(given)
		}
		if given != "" {
			settings[key] = given
		} else if flag != "optional" {
			settings[key] = v.Field(i).String()
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
