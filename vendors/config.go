package vendors

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/go2fa/verify"
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
type Config struct {
	// Vendor is what stands in front of "://": "twilio", or "failover" with Backends.
	Vendor string `json:"vendor" yaml:"vendor"`
	// Settings by their keys, as they are meant: nothing is percent-escaped. The
	// user, pass and host of a messenger of another module have those names.
	Settings map[string]string `json:"settings,omitempty" yaml:"settings,omitempty"`
	// Backends are those of a failover, in their order.
	Backends []Config `json:"backends,omitempty" yaml:"backends,omitempty"`
}

// Format keeps the secrets of a Config out of every print.
func (Config) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(hiddenConfig)) }

// LogValue keeps them out of logs: the JSON handler of log/slog would marshal the
// fields.
func (Config) LogValue() slog.Value { return slog.StringValue(hiddenConfig) }

const hiddenConfig = "vendors.Config{[hidden]}"

// ParseDSN returns what dsn says. It reads no environment variable and no file,
// and does not look whether the vendor has these settings: Open does. What stands
// in front of the question mark is returned under its key. Its errors are like
// those of Open.
func ParseDSN(dsn string) (Config, error) {
	d, err := parse(dsn)
	if err != nil {
		return Config{}, err
	}
	return d.config()
}

func (d dsn) config() (Config, error) {
	c := Config{Vendor: d.scheme}
	keys, what, err := d.parts()
	if err != nil {
		return Config{}, err
	}
	pairs, err := d.keyed(what, keys)
	if err != nil {
		return Config{}, err
	}
	for _, p := range pairs {
		if c.Settings == nil {
			c.Settings = map[string]string{}
		}
		c.Settings[p.key] = p.value
	}
	for _, backend := range d.backends {
		l, err := backend.config()
		if err != nil {
			return Config{}, err
		}
		c.Backends = append(c.Backends, l)
	}
	return c, nil
}

// parts are the keys of d's parts, and a name of its scheme that is fit for an
// error.
func (d dsn) parts() (keys partKeys, what string, err error) {
	for _, s := range schemes() {
		if s.name() == d.scheme {
			keys, err = s.parts(d)
			return keys, s.name(), err
		}
	}
	return foreignKeys, "this scheme", nil // a failover has no parts
}

// DSN returns the line that says what c says, with every secret that c holds. All
// settings stand behind the question mark, in the order of their keys. If c is
// not a Config that Open accepts, neither is the line a DSN that Open accepts.
func (c Config) DSN() string {
	var b strings.Builder
	b.WriteString(escaped(c.Vendor, inFront+"&=")) // no scheme has an escape
	if c.Vendor == failoverScheme || len(c.Backends) > 0 {
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
		b.WriteString(mark + escaped(key, "&=#%") + "=" + escaped(c.Settings[key], "&#%"))
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
	var f fault
	if errors.As(err, &f) {
		return nil, errors.New("vendors: " + p.places[f.at] + f.text)
	}
	return v, err
}

// A placer turns a Config into what parse would have read, and remembers where
// each part of it stands.
type placer struct{ places []string }

func (p *placer) place(c Config, where string, depth int) (dsn, error) {
	d := dsn{scheme: c.Vendor, at: len(p.places)}
	p.places = append(p.places, where)
	if c.Vendor == failoverScheme {
		depth++
	}
	switch _, nameless := c.Settings[""]; {
	case (c.Vendor == failoverScheme) != (len(c.Backends) > 0):
		return d, faultAt(d.at, "a failover has backends, and no other vendor has")
	case depth > maxDepth:
		return d, faultAt(d.at, tooDeep)
	case nameless:
		return d, faultAt(d.at, "a setting has no key")
	}
	for _, key := range slices.Sorted(maps.Keys(c.Settings)) {
		d.pairs = append(d.pairs, pair{key, c.Settings[key], d.at})
	}
	for i, backend := range c.Backends {
		l, err := p.place(backend, fmt.Sprintf("%sbackend %d: ", where, i+1), depth)
		if err != nil {
			return d, err
		}
		d.backends = append(d.backends, l)
	}
	return d, nil
}
