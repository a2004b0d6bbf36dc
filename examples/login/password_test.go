package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What is kept of a password is hashed as dearly as OWASP asks: 19 MiB, twice. The
// other tests make it cheap.
func TestAPasswordIsHashedAtItsPrice(t *testing.T) {
	p := newPasswords()
	kept, err := p.hash(t.Context(), "correct horse")
	require.NoError(t, err)
	assert.Regexp(t, `^\$argon2id\$v=19\$m=19456,t=2,p=1\$[^$]{22}\$[^$]{43}$`, kept)
	assert.Regexp(t, `^\$argon2id\$v=19\$m=19456,t=2,p=1\$`, p.decoy)
	for name, tc := range map[string]struct {
		kept, password string
		want           bool
	}{
		"the password":       {kept, "correct horse", true},
		"another":            {kept, "correct hors", false},
		"nobody":             {"", "correct horse", false},
		"one that is broken": {"$argon2id$", "correct horse", false},
	} {
		got, err := p.matches(t.Context(), tc.kept, tc.password)
		require.NoError(t, err, name)
		assert.Equal(t, tc.want, got, name)
	}
}
