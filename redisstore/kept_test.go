package redisstore_test

import (
	"context"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/otp"
)

// A postbox is a messenger that keeps what it was given.
type postbox struct{ messages []otp.Message }

func (p *postbox) Deliver(_ context.Context, m otp.Message) (string, error) {
	p.messages = append(p.messages, m)
	return "1", nil
}

func (*postbox) Capabilities() verify.Capabilities {
	return verify.Capabilities{Vendor: "postbox", Channels: []verify.Channel{verify.ChannelSMS, verify.ChannelEmail}}
}

var tenDigits = regexp.MustCompile(`\d{10}`)

func (p *postbox) code() string { return tenDigits.FindString(p.messages[len(p.messages)-1].Text) }

// What is kept names nobody and holds no code, wherever one looks.
func TestTheDumpHoldsNoCodeAndNoRecipient(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, srv server) {
		client := srv.client(t)
		store, prefix := aStore(t, client)
		box := new(postbox)
		engine, err := otp.New(otp.Config{
			Messenger: box, Store: store, Keys: [][]byte{[]byte("0123456789abcdef0123456789abcdef")},
			Limits: otp.Limits{Cooldown: []time.Duration{0}},
		})
		require.NoError(t, err)
		secrets := []string{"15005550006", "15017122661", "5005550006", "a@example.com", "example", "login", "39.99", "Acme"}
		sent := func(to string, opts ...verify.SendOption) string {
			_, err := engine.Send(t.Context(), to, append(opts, verify.WithDigits(10))...)
			require.NoError(t, err)
			secrets = append(secrets, box.code())
			return box.code()
		}

		sent("+15005550006", verify.WithScope("login"))
		approved := sent("+15017122661", verify.WithTransaction("EUR 39.99", "Acme"))
		sent("a@example.com", verify.WithChannel(verify.ChannelEmail))
		require.ErrorIs(t, engine.Check(t.Context(), "+15005550006", "0123456789", verify.WithScope("login")), verify.ErrMismatch)
		require.NoError(t, engine.Check(t.Context(), "+15017122661", approved, verify.WithTransaction("EUR 39.99", "Acme")))
		require.NoError(t, engine.Cancel(t.Context(), "a@example.com"))

		keys := keysOf(t, client, prefix)
		require.GreaterOrEqual(t, len(keys), 3)
		for _, key := range keys {
			everything := key + " " + client.Get(t.Context(), key).Val()
			for _, secret := range append(secrets, "0123456789 ") {
				assert.NotContains(t, everything, secret)
			}
			life := client.PTTL(t.Context(), key).Val()
			assert.Positive(t, life, "nothing is kept for ever")
			assert.LessOrEqual(t, life, 30*24*time.Hour)
		}
	})
}

func TestNothingLivesLongerThanItMust(t *testing.T) {
	t.Parallel()
	day := 24 * time.Hour
	tests := map[string]struct {
		calls  func(t *testing.T, s otp.Store, k otp.Key, id otp.ID, mac otp.MAC)
		record time.Duration // what is left of its life; zero: gone
		others int           // keys besides it, for two minutes
	}{
		"a send": {func(t *testing.T, s otp.Store, k otp.Key, id otp.ID, mac otp.MAC) {}, 10 * time.Minute, 0},
		"a wrong attempt": {func(t *testing.T, s otp.Store, k otp.Key, id otp.ID, mac otp.MAC) {
			attempt(t, s, k, anID(), aMAC())
		}, 30 * day, 0},
		"an approval after a wrong attempt": {func(t *testing.T, s otp.Store, k otp.Key, id otp.ID, mac otp.MAC) {
			attempt(t, s, k, anID(), aMAC())
			attempt(t, s, k, anID(), mac)
		}, 10 * time.Minute, 0},
		"a send that was taken back": {func(t *testing.T, s otp.Store, k otp.Key, id otp.ID, mac otp.MAC) {
			require.NoError(t, s.Revoke(t.Context(), k, id))
		}, 0, 1},
		"the same, after an approval": {func(t *testing.T, s otp.Store, k otp.Key, id otp.ID, mac otp.MAC) {
			attempt(t, s, k, anID(), mac)
			require.NoError(t, s.Revoke(t.Context(), k, id))
		}, 2 * time.Minute, 1},
		"the same, after a wrong attempt": {func(t *testing.T, s otp.Store, k otp.Key, id otp.ID, mac otp.MAC) {
			attempt(t, s, k, anID(), aMAC())
			require.NoError(t, s.Revoke(t.Context(), k, id))
		}, 30 * day, 1},
		"all forgotten": {func(t *testing.T, s otp.Store, k otp.Key, id otp.ID, mac otp.MAC) {
			attempt(t, s, k, anID(), aMAC())
			require.NoError(t, s.Reset(t.Context(), k))
		}, 0, 0},
		"a long window": {func(t *testing.T, s otp.Store, k otp.Key, id otp.ID, mac otp.MAC) {
			_, err := s.Issue(t.Context(), k, anID(), aMAC(), time.Minute, otp.Limits{Window: day, Sends: 9, Cooldown: []time.Duration{0}})
			require.NoError(t, err)
		}, day, 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			onServers(t, func(t *testing.T, srv server) {
				client := srv.client(t)
				store, prefix := aStore(t, client)
				k, id, mac := aKey(), anID(), aMAC()
				mustIssue(t, store, k, id, mac)
				tc.calls(t, store, k, id, mac)

				records, others := lives(t, client, prefix)
				assert.Len(t, others, tc.others)
				for _, life := range others {
					assert.LessOrEqual(t, life, 2*time.Minute)
				}
				if tc.record == 0 {
					assert.Empty(t, records)
					return
				}
				require.Len(t, records, 1)
				assert.InDelta(t, tc.record, records[0], float64(5*time.Second))
				assert.LessOrEqual(t, records[0], tc.record)
			})
		})
	}
}

func lives(t *testing.T, client *redis.Client, prefix string) (records, others []time.Duration) {
	t.Helper()
	for _, key := range keysOf(t, client, prefix) {
		life := client.PTTL(t.Context(), key).Val()
		require.Positive(t, life)
		if strings.Contains(key, "}:r:") {
			records = append(records, life)
		} else {
			others = append(others, life)
		}
	}
	return records, others
}

// A record grows with the sends and attempts of a while, and then no more.
func TestRecordsStaySmall(t *testing.T) {
	t.Parallel()
	srv := mini(t)
	client := srv.client(t)
	store, prefix := aStore(t, client)
	k := aKey()
	longest := 0
	for range 200 {
		mac := aMAC()
		a, err := store.Issue(t.Context(), k, anID(), mac, 10*time.Minute, otp.Limits{})
		require.NoError(t, err)
		require.Equal(t, otp.Admitted, a.Refused)
		for range 4 {
			attempt(t, store, k, anID(), aMAC())
		}
		attempt(t, store, k, anID(), mac)
		longest = max(longest, len(client.Get(t.Context(), keysOf(t, client, prefix)[0]).Val()))
		srv.advance(2 * time.Minute)
	}
	assert.Less(t, longest, 1500, "bytes")
}

// The server's clock decides, and a real one cannot be moved: a short life.
func TestCodesDieOnARealClock(t *testing.T) {
	t.Parallel()
	store, _ := aStore(t, needReal(t).client(t))
	k, mac := aKey(), aMAC()
	_, err := store.Issue(t.Context(), k, anID(), mac, 50*time.Millisecond, loose())
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		v, _ := attempt(t, store, k, anID(), aMAC(), otp.MAC{})
		return v == otp.Gone
	}, 5*time.Second, 10*time.Millisecond)
	v, _ := attempt(t, store, k, anID(), mac)
	assert.Equal(t, otp.Gone, v)
}
