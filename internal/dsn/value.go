package dsn

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"
)

// MaxFile is how many bytes a value has at most that is read from elsewhere.
const MaxFile = 64 << 10

const nameRule = "1 to 64 of [A-Za-z0-9._:-]"

// What may be wrong with a value. None of these holds a part of it.
var (
	ErrTwice      = errors.New("is given twice")
	errEmpty      = errors.New("is empty")
	errControl    = errors.New("holds a control character")
	errName       = errors.New("has a NAME that is not " + nameRule)
	errNumber     = errors.New("must be a whole number from 1 to 999999")
	errTime       = errors.New("must be a time such as 90s, 10m or 24h")
	errFlag       = errors.New("must be true or false")
	errEnv        = errors.New("names an environment variable that is not set")
	errEnvName    = errors.New("has env: without the name of a variable")
	errFile       = errors.New("names a file that cannot be read")
	errFileGone   = errors.New("names a file that does not exist")
	errFileDenied = errors.New("names a file that this process is not permitted to read")
	errFileLong   = errors.New("names a file of more than 65536 bytes")
	errNoSource   = errors.New("names a secret, and no source of secrets was handed in by vendors.WithSecrets")
)

const (
	envReference    = "env:"
	fileReference   = "file:"
	secretReference = "secret:"
)

// IsReference reports whether a value is read from elsewhere.
func IsReference(value string) bool {
	return strings.HasPrefix(value, envReference) || isRead(value)
}

// isRead reports whether a value may be another one when it is read again.
func isRead(value string) bool {
	return strings.HasPrefix(value, fileReference) || strings.HasPrefix(value, secretReference)
}

// SecretName returns the name of a secret that the application's own source has.
func SecretName(value string) (name string, ok bool) {
	return strings.CutPrefix(value, secretReference)
}

// Read returns what a value stands for, and refuses what no setting can be.
func Read(value string) (string, error) {
	value, err := Resolve(value)
	if err == nil {
		err = fault(value, false)
	}
	if err != nil {
		return "", err
	}
	return value, nil
}

// fault says what no setting can be. One of bytes may be a key in the lines of PEM.
func fault(value string, isBytes bool) error {
	if isBytes && strings.HasPrefix(value, "-----BEGIN ") {
		value = strings.NewReplacer("\r", "", "\n", "").Replace(value)
	}
	switch {
	case value == "":
		return errEmpty
	case hasControl(value):
		return errControl
	}
	return nil
}

// Resolve reads what env:NAME and file:PATH point to, and returns any other value
// as it is. What it has read is not resolved again. A secret: is for the application's
// own source, which this package does not know.
func Resolve(value string) (string, error) {
	if name, ok := strings.CutPrefix(value, envReference); ok {
		return fromEnv(name)
	}
	if path, ok := strings.CutPrefix(value, fileReference); ok {
		return fromFile(path)
	}
	if _, ok := SecretName(value); ok {
		return "", errNoSource
	}
	return value, nil
}

func fromEnv(name string) (string, error) {
	if name == "" {
		return "", errEnvName
	}
	value, ok := os.LookupEnv(name)
	if !ok {
		return "", errEnv
	}
	return value, nil
}

// fromFile drops one newline at the end, which editors and echo leave there.
func fromFile(path string) (string, error) {
	f, err := os.Open(path) //nolint:gosec // G304: whoever configures names the file
	if err != nil {
		return "", fileError(err)
	}
	defer func() { _ = f.Close() }() // it was only read
	b, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	switch {
	case err != nil:
		return "", fileError(err)
	case len(b) > MaxFile:
		return "", errFileLong
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r"), nil
}

// fileError keeps the path, which *fs.PathError holds, to itself.
func fileError(err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errFileGone
	case errors.Is(err, fs.ErrPermission):
		return errFileDenied
	}
	return errFile
}

func parseNumber(s string) (int, error) {
	if s == "" || len(s) > 6 || s[0] == '0' {
		return 0, errNumber
	}
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, errNumber
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, nil
}

func parseTime(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 { // its error quotes what it read
		return 0, errTime
	}
	return d, nil
}

func parseFlag(s string) (bool, error) {
	switch s {
	case "true":
		return true, nil
	case "false":
		return false, nil
	}
	return false, errFlag
}
