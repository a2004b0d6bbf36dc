package vendors

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/dsn"
)

// A Config says what a DSN says, for programs that keep their settings in a file:
//
//	{"vendor": "twilio", "settings": {
//		"account_sid": "AC00000000000000000000000000000000",
//		"auth_token":  "env:TWILIO_AUTH_TOKEN",
//		"service_sid": "VA00000000000000000000000000000000"
//	}}
//
// The keys are those of docs/dsn.md. JSON and YAML hold all of it, secrets too,
// since a file could not be written otherwise: keep secrets behind env: and file:,
// which stay as they are until Open reads them. Every verb of package fmt hides
// the settings, and so does log/slog, but not where its JSON handler is given a
// struct or a map that holds a Config.
//
// In YAML write every value in quotes: some readers take +15017122661 for a number,
// and drop its plus.
type Config struct {
	// Vendor is what stands in front of "://": "twilio", or "failover" or "guard" with
	// Backends.
	Vendor string `json:"vendor" yaml:"vendor"`
	// Settings by their keys, as they are meant: nothing is percent-escaped. The
	// user, pass and host of a messenger of another module have those names.
	Settings map[string]string `json:"settings,omitempty" yaml:"settings,omitempty"`
	// Backends are those of a failover, in their order, or the one that a guard stands
	// around.
	Backends []Config `json:"backends,omitempty" yaml:"backends,omitempty"`
}

// Format keeps the secrets of a Config out of every print.
func (Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(hiddenConfig)) }

// LogValue keeps them out of logs: the JSON handler of log/slog would marshal the
// fields.
func (Config) LogValue() slog.Value { return slog.StringValue(hiddenConfig) }

// UnmarshalJSON reads a Config and refuses a field that it does not have, such as a
// misspelled "setings". Its errors hold nothing of the file.
func (c *Config) UnmarshalJSON(file []byte) error {
	type plain Config // without this method
	d := json.NewDecoder(bytes.NewReader(file))
	d.DisallowUnknownFields()
	var read plain
	err := d.Decode(&read)
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		return errors.New("vendors: vendor and each setting are texts, settings an object and backends a list: write numbers, true and false in quotes")
	}
	if err != nil && strings.HasPrefix(err.Error(), "vendors: ") { // of a backend
		return err
	}
	if err != nil {
		return errors.New("vendors: a Config has the fields vendor, settings and backends, and no other")
	}
	*c = Config(read)
	return nil
}

const hiddenConfig = "vendors.Config{[hidden]}"

// ParseDSN returns what line says. It reads no environment variable and no file,
// and does not look whether the vendor has these settings: Open does. What stands
// in front of the question mark is returned under its key. Opts are those of Open.
// Its errors are like those of Open.
func ParseDSN(line string, opts ...Option) (Config, error) {
	o := with(opts)
	d, err := parse(line, o)
	if err != nil {
		return Config{}, err
	}
	return configOf(d, o)
}

func configOf(d dsn.Line, o options) (Config, error) {
	c := Config{Vendor: d.Scheme}
	pairs, err := keyed(d, o)
	if err != nil {
		return Config{}, err
	}
	for _, p := range pairs {
		if c.Settings == nil {
			c.Settings = map[string]string{}
		}
		c.Settings[p.Key] = p.Value
	}
	for _, backend := range d.Backends {
		l, err := configOf(backend, o)
		if err != nil {
			return Config{}, err
		}
		c.Backends = append(c.Backends, l)
	}
	return c, nil
}

// keyed returns all settings of d by their keys.
func keyed(d dsn.Line, o options) ([]dsn.Pair, error) {
	for _, v := range o.known() {
		if v.scheme != d.Scheme {
			continue
		}
		table, err := v.table(v.configs()...)
		if err != nil {
			return nil, faultAt(d.At, err.Error())
		}
		return table.Keyed(d)
	}
	return d.Foreign("this scheme") // a failover and a guard have no parts
}

// DSN returns the line that says what c says, with every secret that c holds. All
// settings stand behind the question mark, in the order of their keys. If c is
// not a Config that Open accepts, neither is the line a DSN that Open accepts.
func (c Config) DSN() string {
	var b strings.Builder
	b.WriteString(dsn.Escape(c.Vendor, "/?#@:%&=")) // no scheme has an escape
	if dsn.IsJoint(c.Vendor) || len(c.Backends) > 0 {
		backends := make([]string, len(c.Backends))
		for i, backend := range c.Backends {
			backends[i] = backend.DSN()
		}
		b.WriteString("(" + strings.Join(backends, " ") + ")")
	} else {
		b.WriteString("://")
	}
	mark := "?"
	for _, key := range slices.Sorted(maps.Keys(c.Settings)) {
		b.WriteString(mark + dsn.Escape(key, "&=#%") + "=" + dsn.Escape(c.Settings[key], "&#%"))
		mark = "&"
	}
	return b.String()
}

// Open makes the Verifier that c describes, as [Open] does of a DSN. Its errors
// say which backend is at fault, and like those of Open hold nothing of the settings.
func (c Config) Open(opts ...Option) (verify.Verifier, error) {
	var p placer
	d, err := p.place(c, "", 0)
	var v verify.Verifier
	if err == nil {
		v, err = open(d, with(opts))
	}
	var f dsn.Fault
	if errors.As(err, &f) {
		return nil, errors.New("vendors: " + p.places[f.At] + f.Text)
	}
	return v, err
}

// A placer turns a Config into what parse would have read, and remembers where
// each part of it stands.
type placer struct{ places []string }

func (p *placer) place(c Config, where string, depth int) (dsn.Line, error) {
	d := dsn.Line{Scheme: c.Vendor, At: len(p.places)}
	p.places = append(p.places, where)
	if c.Vendor == dsn.FailoverScheme {
		depth++
	}
	switch _, nameless := c.Settings[""]; {
	case dsn.IsJoint(c.Vendor) != (len(c.Backends) > 0):
		return d, faultAt(d.At, "a failover and a guard have backends, and no other vendor has")
	case c.Vendor == dsn.GuardScheme && where != "":
		return d, faultAt(d.At, dsn.Outermost)
	case c.Vendor == dsn.GuardScheme && len(c.Backends) > 1:
		return d, faultAt(d.At, "a guard has one backend: join several by a failover within")
	case depth > dsn.MaxDepth:
		return d, faultAt(d.At, dsn.TooDeep)
	case nameless:
		return d, faultAt(d.At, "a setting has no key")
	}
	for _, key := range slices.Sorted(maps.Keys(c.Settings)) {
		d.Pairs = append(d.Pairs, dsn.Pair{Key: key, Value: c.Settings[key], At: d.At})
	}
	for i, backend := range c.Backends {
		l, err := p.place(backend, fmt.Sprintf("%sbackend %d: ", where, i+1), depth)
		if err != nil {
			return d, err
		}
		d.Backends = append(d.Backends, l)
	}
	return d, nil
}
