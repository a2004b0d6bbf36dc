package vendors

import (
	"errors"
	"reflect"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/dsn"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/references"
)

// A vendor is one scheme whose settings are the tags of a Config.
type vendor struct {
	scheme    string
	config    reflect.Type
	messenger bool
	make      func(config reflect.Value) (any, error)
	ended     map[string]string // keys that are no more: what to do instead
}

// newVendor makes a scheme of a vendor's New.
func newVendor[C, V any](scheme string, open func(C) (V, error)) vendor {
	made := reflect.TypeFor[V]()
	v := vendor{scheme: scheme, config: reflect.TypeFor[C]()}
	delivers := made.Implements(reflect.TypeFor[otp.Messenger]()) || made.Implements(reflect.TypeFor[otp.CodeMessenger]())
	v.messenger = delivers && !made.Implements(reflect.TypeFor[verify.Verifier]())
	if open == nil {
		return v
	}
	v.make = func(config reflect.Value) (any, error) {
		made, err := open(config.Interface().(C))
		if err != nil {
			return nil, err // not a nil V in an interface
		}
		return made, nil
	}
	return v
}

// without has the keys answered by what to do instead.
func (v vendor) without(why string, keys ...string) vendor {
	v.ended = map[string]string{}
	for _, key := range keys {
		v.ended[key] = why
	}
	return v
}

// table reads the tags of all settings of v, or of those of its own and its name.
func (v vendor) table(configs ...reflect.Type) (dsn.Table, error) {
	table, err := dsn.NewTable(v.scheme, configs...)
	table.Ended = v.ended
	return table, err
}

// Named is what every scheme has.
type named struct {
	// Name is what a failover calls this backend: 1 to 64 of [A-Za-z0-9._:-].
	// Defaults to the scheme.
	Name string `dsn:"name,scope" example:"main"`
}

// Referencing is what a vendor has whose Config has a field of type
// [references.References].
type referencing struct {
	// ReferencesURL is where the ids of pending codes are kept: memory for one
	// process, or a URL whose scheme vendors.WithReferences knows, for several that
	// share a key. Defaults to memory.
	ReferencesURL string `dsn:"references" default:"memory" example:"redis://127.0.0.1:6379/0"`
}

// configs are the structs that hold all settings of v.
func (v vendor) configs() []reflect.Type {
	switch {
	case v.messenger:
		return append([]reflect.Type{v.config}, engineConfigs...)
	case has(v.config, reflect.TypeFor[references.References]()):
		return []reflect.Type{v.config, reflect.TypeFor[named](), reflect.TypeFor[referencing]()}
	}
	return []reflect.Type{v.config, reflect.TypeFor[named]()}
}

// open makes the Verifier that d describes.
func (v vendor) open(d dsn.Line, o options) (verify.Verifier, error) {
	f, err := v.fill(d, v.configs(), o)
	if err != nil {
		return nil, err
	}
	refs, err := o.openReferences(f)
	if err != nil {
		return nil, err
	}
	hand(f.configs[0], refs)
	made, err := v.made(f, o)
	if err != nil {
		return nil, abandon(err, refs)
	}
	if !v.messenger {
		verifier, ok := made.(verify.Verifier)
		if !ok {
			return nil, abandon(faultAt(d.At, v.scheme+": what vendors.With opens is no verify.Verifier, otp.Messenger or otp.CodeMessenger"), refs)
		}
		verifier = f.rotatingVerifier(verifier, o)
		if refs != nil {
			return &opened{verifier, []any{verifier, refs}}, nil
		}
		return verifier, nil
	}
	messenger := f.rotatingCourier(made.(otp.Courier), o)
	return openEngine(f, 1, messenger, []any{messenger}, o)
}

// openMessenger makes the messenger alone: the settings of the engine are elsewhere.
func (v vendor) openMessenger(d dsn.Line, o options) (otp.Courier, error) {
	f, err := v.fill(d, []reflect.Type{v.config, reflect.TypeFor[named]()}, o)
	if err != nil {
		return nil, err
	}
	made, err := v.made(f, o)
	if err != nil {
		return nil, err
	}
	return f.rotatingCourier(made.(otp.Courier), o), nil
}

// made hands over what a line cannot hold, and calls the vendor's New.
func (v vendor) made(f filled, o options) (any, error) {
	hand(f.configs[0], o.client)
	hand(f.configs[0], o.directory)
	f.keepReferences()
	made, err := v.make(f.configs[0])
	if err == nil && isNil(made) {
		err = errors.New("it was not made, and without an error")
	}
	if err != nil {
		return nil, f.Explain(0, err)
	}
	return made, nil
}

// hand sets the field of config that is of the type of value, which stays unset if
// that is nil.
func hand[T comparable](config reflect.Value, value T) {
	if value == *new(T) {
		return
	}
	if field, ok := fieldOf(config.Type(), reflect.TypeFor[T]()); ok {
		config.FieldByIndex(field.Index).Set(reflect.ValueOf(&value).Elem())
	}
}

// fieldOf finds the field of config, a struct, that is of the type t.
func fieldOf(config, t reflect.Type) (reflect.StructField, bool) {
	if config.Kind() != reflect.Struct {
		return reflect.StructField{}, false
	}
	for _, field := range reflect.VisibleFields(config) {
		if field.Type == t && field.IsExported() {
			return field, true
		}
	}
	return reflect.StructField{}, false
}

func has(config, t reflect.Type) bool {
	_, ok := fieldOf(config, t)
	return ok
}

func isNil(made any) bool {
	switch v := reflect.ValueOf(made); v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Pointer, reflect.Map, reflect.Func, reflect.Chan, reflect.Slice, reflect.Interface:
		return v.IsNil()
	}
	return false
}

// Filled are configs with the settings of a line in them.
type filled struct {
	*dsn.Filled
	configs []reflect.Value

	vendor   vendor
	line     dsn.Line
	types    []reflect.Type
	values   map[string]string // what the settings by their keys stood for
	rotating []dsn.Pair        // those of the vendor that may change
}

// fill makes the configs of an engine or a failover.
func fill(d dsn.Line, scheme string, types []reflect.Type, o options) (filled, error) {
	return vendor{scheme: scheme}.fill(d, types, o)
}

// fill makes a config of each type, and puts each setting of d where it belongs.
func (v vendor) fill(d dsn.Line, types []reflect.Type, o options) (filled, error) {
	f := filled{vendor: v, line: d, types: types, values: map[string]string{}}
	err := f.fill(func(p dsn.Pair) (string, error) {
		value, err := o.resolve(p.Value)
		f.values[p.Key] = value
		return value, err
	})
	return f, err
}

// fill reads each value by resolve.
func (f *filled) fill(resolve func(dsn.Pair) (string, error)) error {
	table, err := f.vendor.table(f.types...)
	if err != nil {
		return faultAt(f.line.At, err.Error())
	}
	table.Resolve = resolve
	f.configs = nil
	for _, t := range f.types {
		f.configs = append(f.configs, reflect.New(t).Elem())
	}
	f.rotating = table.Rotating(f.line, 0)
	f.Filled, err = table.Fill(f.line, f.configs...)
	return err
}
