package redisstore_test

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/recovery"
	"github.com/go2fa/verify/redisstore"
	"github.com/go2fa/verify/totp"
	"github.com/go2fa/verify/verifytest"
)

func TestFactorsKeepEveryPromise(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, srv server) {
		histories := asked(srv, "HISTORIES", 300)
		if srv.advance != nil { // miniredis compiles a script each time it runs it
			histories = asked(server{}, "MINI_HISTORIES", 30)
		}
		verifytest.RunFactors(t, func(t *testing.T) verifytest.FactorTarget {
			skipStorm(t, srv)
			prefix := "test-" + rand.Text() + ":"
			open := func(t *testing.T) totp.Store {
				store, err := redisstore.NewFactors(srv.client(t), redisstore.Config{Prefix: prefix})
				require.NoError(t, err)
				return store
			}
			records := func(t *testing.T) int { return len(keysOf(t, srv.client(t), prefix)) }
			return verifytest.FactorTarget{Store: open(t), Advance: srv.advance, Histories: histories, Reopen: open, Records: records}
		})
	})
}

func TestRecoveryKeepsEveryPromise(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, srv server) {
		histories := asked(srv, "HISTORIES", 300)
		if srv.advance != nil { // miniredis compiles a script each time it runs it
			histories = asked(server{}, "MINI_HISTORIES", 30)
		}
		verifytest.RunRecovery(t, func(t *testing.T) verifytest.RecoveryTarget {
			skipStorm(t, srv)
			prefix := "test-" + rand.Text() + ":"
			open := func(t *testing.T) recovery.Store {
				store, err := redisstore.NewRecovery(srv.client(t), redisstore.Config{Prefix: prefix})
				require.NoError(t, err)
				return store
			}
			records := func(t *testing.T) int { return len(keysOf(t, srv.client(t), prefix)) }
			return verifytest.RecoveryTarget{Store: open(t), Advance: srv.advance, Histories: histories, Reopen: open, Records: records}
		})
	})
}

// A dump of the server holds no secret, no account name and no recovery code.
func TestDumpOfFactorsHoldsNothingSecret(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, srv server) {
		const account, secret = "ada.lovelace", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
		client, prefix, key := srv.client(t), "test-"+rand.Text()+":", []byte("0123456789abcdef0123456789abcdef")
		factors, err := redisstore.NewFactors(client, redisstore.Config{Prefix: prefix})
		require.NoError(t, err)
		authenticator, err := totp.New(totp.Config{Store: factors, Keys: [][]byte{key}, Issuer: "Acme"})
		require.NoError(t, err)
		require.NoError(t, authenticator.Import(t.Context(), account, "otpauth://totp/b?secret="+secret))
		require.ErrorIs(t, authenticator.Check(t.Context(), account, "000000"), verify.ErrMismatch)
		if srv.advance == nil { // miniredis does not say how it evicts
			require.NoError(t, authenticator.Probe(t.Context()))
		}

		kept, err := redisstore.NewRecovery(client, redisstore.Config{Prefix: prefix})
		require.NoError(t, err)
		codes, err := recovery.New(recovery.Config{Store: kept, Keys: [][]byte{key}})
		require.NoError(t, err)
		list, err := codes.Replace(t.Context(), account)
		require.NoError(t, err)
		require.NoError(t, codes.Check(t.Context(), account, list[0]))

		dump := ""
		for _, name := range keysOf(t, client, prefix) {
			value, err := client.Get(context.Background(), name).Result()
			require.NoError(t, err)
			dump += name + "\n" + value + "\n"
		}
		require.NotEmpty(t, dump)
		for _, word := range append(list, account, secret, "12345678901234567890", string(key)) {
			assert.NotContains(t, dump, word)
			assert.NotContains(t, strings.ToLower(dump), strings.ToLower(strings.ReplaceAll(word, "-", "")))
		}
		counts, others, err := authenticator.SealedUnder(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []int{1}, counts)
		assert.Zero(t, others)
	})
}

// A record that this package did not write is no factor, and no denial.
func TestRecordOfAnotherLayoutIsNoFactor(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, srv server) {
		client, prefix := srv.client(t), "test-"+rand.Text()+":"
		factors, err := redisstore.NewFactors(client, redisstore.Config{Prefix: prefix})
		require.NoError(t, err)
		k := totp.Key{1}
		_, err = factors.Create(t.Context(), k, totp.ID{1}, totp.Factor{Sealed: []byte("sealed")})
		require.NoError(t, err)
		for _, name := range keysOf(t, client, prefix) {
			require.NoError(t, client.Set(t.Context(), name, `{"v":2}`, 0).Err())
		}
		_, err = factors.Attempt(t.Context(), k, totp.ID{2}, totp.Limits{})
		require.ErrorContains(t, err, "layout of another version")
	})
}
