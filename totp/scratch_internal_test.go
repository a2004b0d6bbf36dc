package totp

import (
	"crypto/sha1"
	"hash"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The memory that one call works in tells the next one nothing: neither a key nor what
// HMAC makes of it, with a longer one before a shorter one.
func TestWhatACheckWorksInIsWiped(t *testing.T) {
	t.Parallel()
	r, err := newKeyring([][]byte{[]byte("0123456789abcdef0123456789abcdef")}, nil)
	require.NoError(t, err)
	p := Parameters{}.withDefaults()
	at, d := time.Unix(1_700_000_010, 0), r.get()
	opened := func(account, secret string) *open {
		f, err := r.open(d, account, r.factor(p, []byte(secret), account, ID{1}, 0))
		require.NoError(t, err)
		return f
	}
	want := map[string]string{}
	for account, secret := range map[string]string{"ada": strings.Repeat("a longer secret ", 4), "bob": "12345678901234567890"} {
		f := open{Parameters: p, key: keyOf(p.Algorithm, []byte(secret))}
		var text [maxDigits]byte
		want[account] = string(f.code(&text, p.now(at)))
	}
	require.NotEqual(t, want["ada"], want["bob"])
	for range 2 {
		f := opened("ada", strings.Repeat("a longer secret ", 4))
		assert.True(t, f.is(p.now(at), want["ada"]))
		f = opened("bob", "12345678901234567890")
		assert.True(t, f.is(p.now(at), want["bob"]), "of the account that was opened last")
		assert.False(t, f.is(p.now(at), want["ada"]))
	}
	r.put(d)
	assert.Nil(t, d.mac.hash)
	assert.Equal(t, mac{all: d.mac.all}, d.mac)
	assert.Equal(t, sha1.New(), d.mac.all[0].state.(hash.Hash), "nothing of what was hashed")
	assert.Equal(t, open{}, d.open)
	assert.Zero(t, strings.Trim(string(d.plain[:cap(d.plain)]), "\x00"))
	assert.Zero(t, strings.Trim(string(d.extra[:cap(d.extra)]), "\x00"))
}

// No name of a call is handed out twice, across fillings of the stock.
func TestNamesOfCallsAreNeverTheSame(t *testing.T) {
	t.Parallel()
	seen := map[ID]bool{{}: true}
	var d scratch
	for range 1000 {
		id := d.newID()
		require.False(t, seen[id])
		seen[id] = true
	}
}
