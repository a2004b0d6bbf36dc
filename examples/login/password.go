package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// What one hash costs
// (https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html).
const (
	hashMemory  = 19 << 10 // KiB
	hashPasses  = 2
	hashThreads = 1
	hashSize    = 32
	saltSize    = 16
)

// Bounds of a password, in characters and bytes.
const (
	minPassword = 10
	maxPassword = 256
)

// passwords hashes, and not more at once than the machine has memory for.
type passwords struct {
	memory uint32 // of one hash, in KiB
	slots  chan struct{}
	decoy  string // belongs to nobody: see matches
}

func newPasswords() *passwords {
	p := &passwords{memory: hashMemory, slots: make(chan struct{}, 2*runtime.GOMAXPROCS(0))}
	p.decoy = p.encode(rand.Text(), []byte(rand.Text())[:saltSize])
	return p
}

// hash returns what to keep of a password.
func (p *passwords) hash(ctx context.Context, password string) (string, error) {
	if err := p.enter(ctx); err != nil {
		return "", err
	}
	defer p.leave()
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // never fails: it ends the program instead
	return p.encode(password, salt), nil
}

// matches reports whether password is the one that was kept. For somebody
// unknown kept is empty: then it works as long, and says no.
func (p *passwords) matches(ctx context.Context, kept, password string) (bool, error) {
	if err := p.enter(ctx); err != nil {
		return false, err
	}
	defer p.leave()
	against := kept
	if kept == "" {
		against = p.decoy
	}
	parts := strings.Split(against, "$")
	if len(parts) != 6 {
		return false, nil
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, nil //nolint:nilerr // a hash that cannot be read fits no password
	}
	same := subtle.ConstantTimeCompare([]byte(p.encode(password, salt)), []byte(against)) == 1
	return same && kept != "", nil
}

func (p *passwords) enter(ctx context.Context) error {
	select {
	case p.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *passwords) leave() { <-p.slots }

func (p *passwords) encode(password string, salt []byte) string {
	sum := argon2.IDKey([]byte(password), salt, hashPasses, p.memory, hashThreads, hashSize)
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, p.memory, hashPasses, hashThreads, b64(salt), b64(sum))
}

// refusePassword says what is wrong with a new password, or nothing.
func refusePassword(name, password string) string {
	switch {
	case utf8.RuneCountInString(password) < minPassword:
		return fmt.Sprintf("A password has %d characters or more.", minPassword)
	case len(password) > maxPassword:
		return fmt.Sprintf("A password has %d characters at most.", maxPassword)
	case strings.Contains(strings.ToLower(password), name):
		return "The password must not hold the name."
	case strings.Count(password, password[:1]) == len(password):
		return "The password must not be one character again and again."
	}
	return ""
}
