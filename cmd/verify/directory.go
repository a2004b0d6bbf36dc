package main

import (
	"context"
	"encoding/json"
	"errors"
	"os"

	"github.com/go2fa/verify"
)

// A directory is the application's own of Authy ids by phone, read from a file:
// {"+15005550006": "1000"}. It is not written to.
type directory map[string]string

var errReadOnly = errors.New("the directory is a file that is only read")

// AuthyID implements authy.Directory.
func (d directory) AuthyID(_ context.Context, phone string) (string, bool, error) {
	id, ok := d[phone]
	return id, ok, nil
}

// SetAuthyID implements authy.Directory.
func (directory) SetAuthyID(context.Context, string, string) error { return errReadOnly }

// DeleteAuthyID implements authy.Directory.
func (directory) DeleteAuthyID(context.Context, string) error { return errReadOnly }

// readDirectory keeps the file's name and content to itself.
func readDirectory(file string) (directory, error) {
	text, err := os.ReadFile(file) //nolint:gosec // G304: the user names the file
	if err != nil {
		return nil, misuse("the file of -directory cannot be read")
	}
	var d directory
	if json.Unmarshal(text, &d) != nil {
		return nil, misuse(`the file of -directory must be JSON: {"+15005550006": "1000"}`)
	}
	for phone := range d {
		if !verify.IsPhone(phone) {
			return nil, misuse("a key in the file of -directory is not a phone number in E.164 form")
		}
	}
	return d, nil
}
