package recovery_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/recovery"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	account = "account-1"
	wrong   = "AAAA-AAAA-AAAA-AAAA"
)

var key = []byte("0123456789abcdef0123456789abcdef")

func newCodes(t testing.TB, change ...func(*recovery.Config)) *recovery.Codes {
	t.Helper()
	cfg := recovery.Config{Store: new(recovery.MemoryStore), Keys: [][]byte{key}}
	for _, c := range change {
		c(&cfg)
	}
	c, err := recovery.New(cfg)
	require.NoError(t, err)
	return c
}

func listOf(t testing.TB, c *recovery.Codes) []string {
	t.Helper()
	list, err := c.Replace(t.Context(), account)
	require.NoError(t, err)
	return list
}

func TestTenCodesEachGoodOnce(t *testing.T) {
	c := newCodes(t)
	list := listOf(t, c)
	require.Len(t, list, 10)
	for i, code := range list {
		assert.Regexp(t, regexp.MustCompile(`^([A-Z2-7]{4}-){3}[A-Z2-7]{4}$`), code)
		require.ErrorIs(t, c.Check(t.Context(), "account-2", code), verify.ErrNotPending, "another account's")
		require.NoError(t, c.Check(t.Context(), account, code))
		want := verify.ErrMismatch
		if i == 9 {
			want = verify.ErrNotPending // none is left
		}
		require.ErrorIs(t, c.Check(t.Context(), account, code), want, "it is spent")
		left, err := c.Left(t.Context(), account)
		require.NoError(t, err)
		assert.Equal(t, 9-i, left)
	}
}

func TestCodesAreReadAsPeopleTypeThem(t *testing.T) {
	for name, typed := range map[string]func(string) string{
		"lower case":              strings.ToLower,
		"without dashes":          func(s string) string { return strings.ReplaceAll(s, "-", "") },
		"with spaces":             func(s string) string { return " " + strings.ReplaceAll(s, "-", "  ") + "\n" },
		"digits that look alike":  func(s string) string { return strings.NewReplacer("O", "0", "I", "1", "B", "8").Replace(s) },
		"another dash, invisible": func(s string) string { return "\u200b" + strings.ReplaceAll(s, "-", "\u2013") },
	} {
		t.Run(name, func(t *testing.T) {
			c := newCodes(t)
			for _, code := range listOf(t, c) {
				require.NoError(t, c.Check(t.Context(), account, typed(code)))
			}
		})
	}
}

func TestWhatCannotBeACodeIsNotCharged(t *testing.T) {
	c := newCodes(t)
	list := listOf(t, c)
	for range 20 {
		for _, typed := range []string{"", "AAAA", "AAAA-AAAA-AAAA-AAA9", "AAAA-AAAA-AAAA-AAAAA", strings.Repeat("A", 1000), "ÄAAA-AAAA-AAAA-AAAA"} {
			require.ErrorIs(t, c.Check(t.Context(), account, typed), verify.ErrMismatch)
		}
	}
	require.NoError(t, c.Check(t.Context(), account, list[0]))
}

func TestNewCodesEndTheOldOnes(t *testing.T) {
	c := newCodes(t)
	old := listOf(t, c)
	fresh := listOf(t, c)
	require.ErrorIs(t, c.Check(t.Context(), account, old[0]), verify.ErrMismatch)
	require.NoError(t, c.Check(t.Context(), account, fresh[0]))
	require.NoError(t, c.Remove(t.Context(), account))
	require.ErrorIs(t, c.Check(t.Context(), account, fresh[1]), verify.ErrNotPending)
}

// After the tenth failure in a row the waits begin; they end at 15 minutes, and
// nothing blocks.
func TestWaitsGrowAndNothingBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCodes(t)
		list := listOf(t, c)
		want := time.Duration(0)
		for n := 1; n <= 200; n++ {
			err := c.Check(t.Context(), account, wrong)
			var e *verify.Error
			require.ErrorAs(t, err, &e)
			if n < 10 {
				require.ErrorIs(t, err, verify.ErrMismatch)
				require.Equal(t, 10-n, e.AttemptsLeft)
				continue
			}
			want = min(max(2*want, 30*time.Second), 15*time.Minute)
			require.ErrorIs(t, err, verify.ErrTooManyAttempts)
			require.Equal(t, want, e.RetryAfter)
			time.Sleep(want - time.Second)
			require.ErrorIs(t, c.Check(t.Context(), account, list[0]), verify.ErrTooManyAttempts, "the right code too")
			time.Sleep(time.Second)
		}
		require.NoError(t, c.Check(t.Context(), account, list[0]))
		require.ErrorIs(t, c.Check(t.Context(), account, wrong), verify.ErrMismatch, "an approval clears the count")
	})
}

func TestOneCodeTypedByManyIsApprovedOnce(t *testing.T) {
	c := newCodes(t)
	code := listOf(t, c)[0]
	var approved atomic.Int32
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			if c.Check(t.Context(), account, code) == nil {
				approved.Add(1)
			}
		})
	}
	wg.Wait()
	assert.EqualValues(t, 1, approved.Load())
}

func TestCodesOfAnOlderKeyStillCount(t *testing.T) {
	store, fresh := new(recovery.MemoryStore), []byte("a key that is newer, of 32 bytes!")
	code := listOf(t, newCodes(t, func(c *recovery.Config) { c.Store = store }))[0]
	both := newCodes(t, func(c *recovery.Config) { c.Store, c.Keys, c.IndexKey = store, [][]byte{fresh, key}, key })
	require.NoError(t, both.Check(t.Context(), account, code))
}

// deaf does what it is told and loses its first replies.
type deaf struct {
	recovery.Store
	lost int
}

func (d *deaf) Attempt(ctx context.Context, k recovery.Key, id recovery.ID, macs []recovery.MAC, l recovery.Limits) (recovery.Attempt, error) {
	a, err := d.Store.Attempt(ctx, k, id, macs, l)
	if d.lost--; d.lost >= 0 {
		return recovery.Attempt{}, errors.New("the reply was lost at redis://user:secret@host")
	}
	return a, err
}

func TestALostReplyLosesNoApproval(t *testing.T) {
	store := &deaf{Store: new(recovery.MemoryStore)}
	c := newCodes(t, func(cfg *recovery.Config) { cfg.Store = store })
	list := listOf(t, c)
	store.lost = 1
	require.NoError(t, c.Check(t.Context(), account, list[0]))
	store.lost = 2
	err := c.Check(t.Context(), account, list[1])
	require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
	assert.NotContains(t, fmt.Sprintf("%+v", err), "secret")
}

func TestTheStoreSeesNeitherAccountNorCode(t *testing.T) {
	store := &spy{Store: new(recovery.MemoryStore)}
	c := newCodes(t, func(cfg *recovery.Config) { cfg.Store = store })
	list := listOf(t, c)
	_ = c.Check(t.Context(), account, list[0])
	for _, secret := range append(list, account, strings.ReplaceAll(list[0], "-", "")) {
		assert.NotContains(t, store.seen, secret)
	}
	for _, verb := range []string{"%v", "%+v", "%#v"} {
		assert.NotContains(t, fmt.Sprintf(verb, c), string(key))
		assert.NotContains(t, fmt.Sprintf(verb, recovery.Config{Keys: [][]byte{key}}), string(key))
	}
}

type spy struct {
	recovery.Store
	seen string
}

func (s *spy) Replace(ctx context.Context, k recovery.Key, id recovery.ID, macs []recovery.MAC) error {
	s.seen += fmt.Sprintf("%s %s %s", k, id, macs)
	return s.Store.Replace(ctx, k, id, macs)
}

func TestNewSaysWhichFieldIsAtFault(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*recovery.Config)
		want   string
	}{
		"no store":           {func(c *recovery.Config) { c.Store = nil }, "Store is missing"},
		"no keys":            {func(c *recovery.Config) { c.Keys = nil }, "Keys is missing"},
		"a short key":        {func(c *recovery.Config) { c.Keys = [][]byte{key[:31]} }, "at least 32 bytes"},
		"a key twice":        {func(c *recovery.Config) { c.Keys = [][]byte{key, key} }, "a key twice"},
		"two keys, no index": {func(c *recovery.Config) { c.Keys = [][]byte{key, []byte("another key, of thirty-two bytes.")} }, "IndexKey is required"},
		"eleven attempts":    {func(c *recovery.Config) { c.Limits.Attempts = 11 }, "Attempts must be 1 to 10"},
		"a wait of a second": {func(c *recovery.Config) { c.Limits.Wait = time.Second }, "Wait must be at least 30 seconds"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := recovery.Config{Store: new(recovery.MemoryStore), Keys: [][]byte{key}}
			tc.change(&cfg)
			_, err := recovery.New(cfg)
			require.ErrorContains(t, err, tc.want)
		})
	}
}
