package main

import (
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	bolt "go.etcd.io/bbolt"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/recovery"
	"github.com/go2fa/verify/totp"
	"github.com/go2fa/verify/verifytest"
)

// movable is a clock that a test moves.
func movable() (now func() time.Time, advance func(time.Duration)) {
	var ahead atomic.Int64
	return func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) },
		func(d time.Duration) { ahead.Add(int64(d)) }
}

func TestAppsAreKeptAsPromised(t *testing.T) {
	verifytest.RunFactors(t, func(t *testing.T) verifytest.FactorTarget {
		path := filepath.Join(t.TempDir(), "apps.db")
		now, advance := movable()
		var s *store
		open := func(t *testing.T) totp.Store {
			s = reopened(t, s, path)
			return appStore{s, now}
		}
		t.Cleanup(func() { s.close() })
		records := func(t *testing.T) int { return kept(t, s, apps) }
		return verifytest.FactorTarget{Store: open(t), Advance: advance, Reopen: open, Records: records, Histories: 20}
	})
}

func TestRecoveryCodesAreKeptAsPromised(t *testing.T) {
	verifytest.RunRecovery(t, func(t *testing.T) verifytest.RecoveryTarget {
		path := filepath.Join(t.TempDir(), "papers.db")
		now, advance := movable()
		var s *store
		open := func(t *testing.T) recovery.Store {
			s = reopened(t, s, path)
			return paperStore{s, now}
		}
		t.Cleanup(func() { s.close() })
		records := func(t *testing.T) int { return kept(t, s, papers) }
		return verifytest.RecoveryTarget{Store: open(t), Advance: advance, Reopen: open, Records: records, Histories: 20}
	})
}

// reopened closes a store, if there is one, and opens the file as a program does that
// starts.
func reopened(t *testing.T, old *store, path string) *store {
	t.Helper()
	if old != nil {
		old.close()
	}
	s, err := openStore(path)
	require.NoError(t, err)
	s.NoSync = true
	return s
}

// kept is how many records a bucket has.
func kept(t *testing.T, s *store, bucket string) (n int) {
	t.Helper()
	require.NoError(t, s.View(func(tx *bolt.Tx) error {
		n = tx.Bucket([]byte(bucket)).Stats().KeyN
		return nil
	}))
	return n
}

// TestWhatIsKeptOfFactorsIsNoUse to somebody who reads the file without the key.
func TestWhatIsKeptOfFactorsIsNoUse(t *testing.T) {
	s, key := newStore(t), []byte("0123456789abcdef0123456789abcdef")
	authenticator, err := totp.New(totp.Config{Store: appStore{s, time.Now}, Keys: [][]byte{key}, Issuer: "Acme"})
	require.NoError(t, err)
	codes, err := recovery.New(recovery.Config{Store: paperStore{s, time.Now}, Keys: [][]byte{key}})
	require.NoError(t, err)
	const name, secret = "ada.lovelace", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	require.NoError(t, authenticator.Import(t.Context(), name, "otpauth://totp/b?secret="+secret))
	list, err := codes.Replace(t.Context(), name)
	require.NoError(t, err)
	text, err := os.ReadFile(s.Path())
	require.NoError(t, err)
	for _, leak := range append(list, name, secret, "12345678901234567890") {
		assert.NotContains(t, string(text), leak)
	}
}

// TestAStepTakesPartInATransaction has a change that fails take the approval back
// as well.
func TestAStepTakesPartInATransaction(t *testing.T) {
	s := newStore(t)
	codes, err := recovery.New(recovery.Config{Store: paperStore{s, time.Now}, Keys: [][]byte{make([]byte, 32)}})
	require.NoError(t, err)
	list, err := codes.Replace(t.Context(), "ada")
	require.NoError(t, err)
	fault := errors.New("the disk is full")
	require.ErrorIs(t, s.Update(func(tx *bolt.Tx) error {
		require.NoError(t, codes.Check(within(tx), "ada", list[0]))
		return fault
	}), fault)
	require.NoError(t, codes.Check(t.Context(), "ada", list[0]), "it was not spent")
	require.ErrorIs(t, codes.Check(t.Context(), "ada", list[0]), verify.ErrMismatch)
}

// TestARecordThatCannotBeReadIsNoMissingOne: else the next Confirm would put another
// app in its place.
func TestARecordThatCannotBeReadIsNoMissingOne(t *testing.T) {
	s := newStore(t)
	require.NoError(t, s.Update(func(tx *bolt.Tx) error {
		return tx.Bucket([]byte(apps)).Put([]byte("00000000000000000000000000000000"), []byte("{"))
	}))
	_, err := appStore{s, time.Now}.Create(t.Context(), totp.Key{}, totp.ID{1}, totp.Factor{})
	require.Error(t, err)
	_, _, err = appStore{s, time.Now}.Get(t.Context(), totp.Key{})
	require.Error(t, err)
}
