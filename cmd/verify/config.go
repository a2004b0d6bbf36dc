package main

import (
	"bytes"
	"os"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/go2fa/verify/vendors"
)

// readConfig reads the file of -config, which is YAML, or JSON, which YAML holds.
// It keeps the file's name and content to itself.
func readConfig(file string) (vendors.Config, error) {
	text, err := os.ReadFile(file) //nolint:gosec // G304: the user names the file
	if err != nil {
		return vendors.Config{}, misuse("the file of -config cannot be read")
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	var c vendors.Config
	if err := d.Decode(&c); err != nil {
		return vendors.Config{}, misuse("the file of -config must be JSON or YAML with vendor, settings and backends, and nothing else: " +
			`{"vendor": "twilio", "settings": {"account_sid": "AC..."}}`)
	}
	return c, nil
}

// source is what -config or -dsn says; known is false where neither is given.
func (f *flags) source() (c vendors.Config, known bool, err error) {
	switch {
	case f.config != "":
		c, err = readConfig(f.config)
	case f.dsn != "":
		c, err = vendors.ParseDSN(f.dsn, foreign()...)
		if err != nil {
			err = misuse(err.Error())
		}
	default:
		return vendors.Config{}, false, nil
	}
	return c, err == nil, err
}

// accounts are the settings of c by vendor, for emulators that take their ids and
// secrets from the application's own configuration. Of two backends of one vendor
// the first decides.
func (t terminal) accounts(c vendors.Config, into map[string]map[string]string) error {
	for _, backend := range c.Backends {
		if err := t.accounts(backend, into); err != nil {
			return err
		}
	}
	if _, taken := into[c.Vendor]; taken || len(c.Backends) > 0 {
		return nil
	}
	settings := map[string]string{}
	for key, value := range c.Settings {
		text, err := t.meant(value)
		if err != nil {
			return err
		}
		settings[key] = text
	}
	into[c.Vendor] = settings
	return nil
}

// meant reads values such as env:NAME and file:PATH, as package vendors does.
func (t terminal) meant(value string) (string, error) {
	text := value
	if name, ok := strings.CutPrefix(value, "env:"); ok {
		text = t.env(name)
	}
	if path, ok := strings.CutPrefix(value, "file:"); ok {
		read, err := os.ReadFile(path) //nolint:gosec // G304: the user names the file
		if err != nil {
			return "", misuse("a setting names a file that cannot be read")
		}
		text = strings.TrimSuffix(strings.TrimSuffix(string(read), "\n"), "\r")
	}
	if text == "" {
		return "", misuse("a setting is empty, or names a variable that is not set")
	}
	return text, nil
}
