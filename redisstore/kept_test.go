package redisstore_test

import (
	"context"
	"crypto/subtle"
	"encoding/binary"
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

// R63: a code for its life, sends for their window, failures for thirty days, ids
// of attempts and of revoked sends for two minutes.
func TestNothingLivesLongerThanItMust(t *testing.T) {
	t.Parallel()
	const (
		life, brief = 10 * time.Minute, 2 * time.Minute
		month       = 30 * 24 * time.Hour
	)
	resend := func(t *testing.T, s otp.Store, k otp.Key) otp.ID {
		id := anID()
		mustIssue(t, s, k, id, aMAC())
		return id
	}
	tests := map[string]struct {
		calls func(t *testing.T, s otp.Store, k otp.Key, id otp.ID, mac otp.MAC)
		lives map[string]time.Duration
	}{
		"a send": {
			func(t *testing.T, s otp.Store, k otp.Key, id otp.ID, mac otp.MAC) {},
			map[string]time.Duration{"s": life},
		},
		"a wrong attempt": {func(t *testing.T, s otp.Store, k otp.Key, id otp.ID, mac otp.MAC) {
			attempt(t, s, k, anID(), aMAC())
		}, map[string]time.Duration{"s": life, "f": month, "a": brief}},
		"an approval after a wrong attempt": {func(t *testing.T, s otp.Store, k otp.Key, id otp.ID, mac otp.MAC) {
			attempt(t, s, k, anID(), aMAC())
			attempt(t, s, k, anID(), mac)
		}, map[string]time.Duration{"s": life, "a": brief}},
		"a resend": {func(t *testing.T, s otp.Store, k otp.Key, id otp.ID, mac otp.MAC) {
			resend(t, s, k)
		}, map[string]time.Duration{"s": life, "p": brief}},
		"a resend that was revoked": {func(t *testing.T, s otp.Store, k otp.Key, id otp.ID, mac otp.MAC) {
			require.NoError(t, s.Revoke(t.Context(), k, resend(t, s, k)))
		}, map[string]time.Duration{"s": life, "u": brief}},
		"an approval after a resend": {func(t *testing.T, s otp.Store, k otp.Key, id otp.ID, _ otp.MAC) {
			mac := aMAC()
			mustIssue(t, s, k, anID(), mac)
			attempt(t, s, k, anID(), mac)
		}, map[string]time.Duration{"s": life, "a": brief}},
		"every code revoked": {func(t *testing.T, s otp.Store, k otp.Key, id otp.ID, mac otp.MAC) {
			resend(t, s, k)
			require.NoError(t, s.Revoke(t.Context(), k, otp.ID{}))
		}, map[string]time.Duration{"s": life}},
		"a send that was revoked": {func(t *testing.T, s otp.Store, k otp.Key, id otp.ID, mac otp.MAC) {
			require.NoError(t, s.Revoke(t.Context(), k, id))
		}, map[string]time.Duration{"u": brief}},
		"the same, after an approval": {func(t *testing.T, s otp.Store, k otp.Key, id otp.ID, mac otp.MAC) {
			attempt(t, s, k, anID(), mac)
			require.NoError(t, s.Revoke(t.Context(), k, id))
		}, map[string]time.Duration{"u": brief, "a": brief}},
		"the same, after a wrong attempt": {func(t *testing.T, s otp.Store, k otp.Key, id otp.ID, mac otp.MAC) {
			attempt(t, s, k, anID(), aMAC())
			require.NoError(t, s.Revoke(t.Context(), k, id))
		}, map[string]time.Duration{"u": brief, "a": brief, "f": month}},
		"a send without a code, after one with it": {func(t *testing.T, s otp.Store, k otp.Key, id otp.ID, mac otp.MAC) {
			mustIssue(t, s, k, anID(), otp.MAC{})
		}, map[string]time.Duration{"c": life, "s": life}},
		"the same, approved": {func(t *testing.T, s otp.Store, k otp.Key, id otp.ID, mac otp.MAC) {
			mustIssue(t, s, k, anID(), otp.MAC{})
			attempt(t, s, k, anID(), mac)
		}, map[string]time.Duration{"s": life, "a": brief}},
		"the same, every code revoked": {func(t *testing.T, s otp.Store, k otp.Key, id otp.ID, mac otp.MAC) {
			mustIssue(t, s, k, anID(), otp.MAC{})
			require.NoError(t, s.Revoke(t.Context(), k, otp.ID{}))
		}, map[string]time.Duration{"s": life}},
		"the same, which was revoked": {func(t *testing.T, s otp.Store, k otp.Key, id otp.ID, mac otp.MAC) {
			without := anID()
			mustIssue(t, s, k, without, otp.MAC{})
			require.NoError(t, s.Revoke(t.Context(), k, without))
		}, map[string]time.Duration{"s": life, "u": brief}},
		"all forgotten": {func(t *testing.T, s otp.Store, k otp.Key, id otp.ID, mac otp.MAC) {
			resend(t, s, k)
			attempt(t, s, k, anID(), aMAC())
			require.NoError(t, s.Reset(t.Context(), k))
		}, map[string]time.Duration{}},
		"a code that lives for a minute, in a long window": {func(t *testing.T, s otp.Store, k otp.Key, id otp.ID, mac otp.MAC) {
			l := otp.Limits{Window: 24 * time.Hour, Sends: 9, Cooldown: []time.Duration{0}}
			_, err := s.Issue(t.Context(), k, anID(), aMAC(), time.Minute, l)
			require.NoError(t, err)
		}, map[string]time.Duration{"c": time.Minute, "s": 24 * time.Hour, "p": brief}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			onServers(t, func(t *testing.T, srv server) {
				client := srv.client(t)
				store, prefix := aStore(t, client)
				k, id, mac := aKey(), anID(), aMAC()
				mustIssue(t, store, k, id, mac)
				tc.calls(t, store, k, id, mac)

				got := lives(t, client, prefix)
				for part, life := range tc.lives {
					assert.InDelta(t, life, got[part], float64(20*time.Second), part) // a busy machine is slow
					assert.LessOrEqual(t, got[part], life+time.Millisecond, part)
				}
				assert.Len(t, got, len(tc.lives), "%v", got)
			})
		})
	}
}

// TestADeadCodeLeavesNoMAC: failures are kept for a month, and the code that they
// were made on is not.
func TestADeadCodeLeavesNoMAC(t *testing.T) {
	t.Parallel()
	srv := mini(t)
	client := srv.client(t)
	store, prefix := aStore(t, client)
	k, first, mac := aKey(), aMAC(), aMAC()
	mustIssue(t, store, k, anID(), first)
	mustIssue(t, store, k, anID(), mac)
	attempt(t, store, k, anID(), aMAC())
	all := func() (text string) {
		for _, key := range keysOf(t, client, prefix) {
			text += client.Get(t.Context(), key).Val() + "\n"
		}
		return text
	}
	require.Contains(t, all(), folded(first))
	require.Contains(t, all(), folded(mac))

	srv.advance(2*time.Minute + time.Millisecond)
	assert.NotContains(t, all(), folded(first), "a code that cannot come back")
	srv.advance(8 * time.Minute)
	assert.NotContains(t, all(), folded(mac), "a code that has expired")
	assert.Len(t, keysOf(t, client, prefix), 1, "the count of failures alone is left")
}

// folded is what is kept of a MAC.
func folded(m otp.MAC) string {
	half := make([]byte, 16)
	subtle.XORBytes(half, m[:16], m[16:])
	return string(half)
}

// TestTimesArePackedAlike: by a server's struct, and by hand where there is none.
func TestTimesArePackedAlike(t *testing.T) {
	t.Parallel()
	onServers(t, func(t *testing.T, srv server) {
		client := srv.client(t)
		store, prefix := aStore(t, client)
		k, mac := aKey(), aMAC()
		l := otp.Limits{Remember: 30 * 24 * time.Hour}
		_, err := store.Issue(t.Context(), k, anID(), mac, 10*time.Minute, l)
		require.NoError(t, err)
		_, _, err = store.Attempt(t.Context(), k, anID(), []otp.MAC{aMAC()}, l)
		require.NoError(t, err)
		part := func(name string) string { return client.Get(t.Context(), keyOf(t, client, prefix, name)).Val() }
		number := func(s string, from int) int64 {
			return int64(binary.BigEndian.Uint64([]byte("\x00" + s[from:from+7])))
		}
		recent := func(micros int64) {
			assert.WithinDuration(t, time.Now(), time.UnixMicro(micros), time.Minute)
		}
		sends, failures, answers := part("s"), part("f"), part("a")
		require.Len(t, sends, 2+7+16+15)
		assert.Equal(t, "3m", sends[:2])
		assert.Equal(t, (10 * time.Minute).Microseconds(), number(sends, 2), "keep")
		assert.Equal(t, folded(mac), sends[9:25])
		recent(number(sends, 25))
		require.Len(t, failures, 3+7+7+8)
		assert.Equal(t, "3\x01\x01", failures[:3])
		recent(number(failures, 3))
		assert.Equal(t, l.Remember.Microseconds(), number(failures, 10), "remember")
		assert.Equal(t, sends[32:], failures[17:], "the send whose code was attempted")
		require.Len(t, answers, 1+25)
		assert.Equal(t, "w\x04", answers[17:19])
		recent(number(answers, 19))
	})
}

// lives says how long each part of what is kept has left.
func lives(t *testing.T, client *redis.Client, prefix string) map[string]time.Duration {
	t.Helper()
	parts := map[string]time.Duration{}
	for _, key := range keysOf(t, client, prefix) {
		life := client.PTTL(t.Context(), key).Val()
		require.Positive(t, life)
		_, part, _ := strings.Cut(key, "}:")
		parts[part[:1]] = life
	}
	return parts
}

// What is kept grows with the sends and attempts of a while, and then no more.
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
		longest = max(longest, size(t, client, prefix))
		srv.advance(2 * time.Minute)
	}
	assert.Less(t, longest, 1500, "bytes")

	for range 200 {
		_, err := store.Issue(t.Context(), k, anID(), aMAC(), 10*time.Minute, otp.Limits{Sends: 1000, Cooldown: []time.Duration{0}})
		require.NoError(t, err)
		parts := client.Get(t.Context(), keyOf(t, client, prefix, "p")).Val()
		assert.LessOrEqual(t, len(parts), 1+39*otp.MaxReplaced)
	}
}

func size(t *testing.T, client *redis.Client, prefix string) (bytes int) {
	t.Helper()
	for _, key := range keysOf(t, client, prefix) {
		bytes += len(client.Get(t.Context(), key).Val())
	}
	return bytes
}

// keyOf is the key of one part of what is kept, or none.
func keyOf(t *testing.T, client *redis.Client, prefix, part string) string {
	t.Helper()
	for _, key := range keysOf(t, client, prefix) {
		if strings.Contains(key, "}:"+part+":") {
			return key
		}
	}
	return "none"
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
