package sqlstore_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/sqlstore"
	"github.com/go2fa/verify/sqlstore/mysql"
	"github.com/go2fa/verify/sqlstore/postgres"
	"github.com/go2fa/verify/sqlstore/sqlite"
)

// stormEnv makes this program one of the processes of a storm.
const stormEnv = "SQLSTORE_TEST_STORM"

const (
	stormProcesses  = 4
	stormGoroutines = 64
	stormAttempts   = 20 // of each goroutine, unless STORM says how many in all
)

// A storm tells a process whom to attempt at, and with what.
type storm struct {
	URL      string
	Key, MAC string // hexadecimal; no MAC: a new one each time
	Attempts int    // of each goroutine
}

// stormer is one process of a storm. It says that it is ready, waits for the word to
// go, attempts, and tells how often it got which verdict.
func stormer() int {
	var s storm
	if err := json.Unmarshal([]byte(os.Getenv(stormEnv)), &s); err != nil {
		return 1
	}
	db, err := openURL(s.URL)
	if err != nil || db.Migrate(context.Background()) != nil {
		return 1
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)

	verdicts := map[string]int{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for range stormGoroutines {
		all.Go(func() {
			for range s.Attempts {
				name := s.attempt(db.Store())
				mu.Lock()
				verdicts[name]++
				mu.Unlock()
			}
		})
	}
	all.Wait()
	if json.NewEncoder(os.Stdout).Encode(verdicts) != nil {
		return 1
	}
	return 0
}

func openURL(at string) (*sqlstore.DB, error) {
	switch scheme, _, _ := strings.Cut(at, ":"); scheme {
	case "postgres":
		return postgres.OpenDB(at)
	case "mysql":
		return mysql.OpenDB(at)
	}
	return sqlite.OpenDB(at)
}

func (s storm) attempt(store otp.Store) string {
	var k otp.Key
	_, _ = hex.Decode(k[:], []byte(s.Key))
	mac := aMAC()
	if s.MAC != "" {
		_, _ = hex.Decode(mac[:], []byte(s.MAC))
	}
	v, _, err := store.Attempt(context.Background(), k, anID(), []otp.MAC{mac}, otp.Limits{})
	if err != nil {
		return err.Error()
	}
	return v.String()
}

// rage lets all processes attempt at once, and adds up what they tell.
func (s storm) rage(t *testing.T) map[string]int {
	t.Helper()
	order, err := json.Marshal(s)
	require.NoError(t, err)
	sum := map[string]int{}
	var gates []io.Closer
	var outs []*bufio.Reader
	for range stormProcesses {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = append(os.Environ(), stormEnv+"="+string(order))
		gate, err := cmd.StdinPipe()
		require.NoError(t, err)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		t.Cleanup(func() { _ = cmd.Wait() })
		gates, outs = append(gates, gate), append(outs, bufio.NewReader(out))
	}
	for _, out := range outs {
		line, _ := out.ReadString('\n')
		require.Equal(t, "ready\n", line)
	}
	for _, gate := range gates {
		require.NoError(t, gate.Close())
	}
	for _, out := range outs {
		verdicts := map[string]int{}
		require.NoError(t, json.NewDecoder(out).Decode(&verdicts))
		for name, n := range verdicts {
			sum[name] += n
		}
	}
	return sum
}

// Of all attempts of four processes at one code five are compared.
func TestAttemptStorms(t *testing.T) {
	onAll(t, func(t *testing.T, b backend) {
		if b.url == nil {
			t.Skip("a process of its own would use the functions")
		}
		const goroutines = stormProcesses * stormGoroutines
		each := asked("STORM", goroutines*stormAttempts) / goroutines
		all := goroutines * each
		db, prefix := b.fresh(t)
		store, k, mac := db.Store(), aKey(), aMAC()
		s := storm{URL: b.url(t, prefix), Key: hex.EncodeToString(k[:]), Attempts: each}

		mustIssue(t, store, k, anID(), mac)
		start := time.Now()
		assert.Equal(t, map[string]int{"wrong": 4, "locked": all - 4}, s.rage(t))
		t.Logf("%d attempts in %v", all, time.Since(start))
		assert.Equal(t, otp.Locked, attempt(t, store, k, anID(), mac), "the right code comes too late")

		// Under other limits one more wrong attempt tells how many were compared.
		more := otp.Limits{Attempts: 10, Failures: 10, Sends: 10, Cooldown: []time.Duration{0}}
		_, err := store.Issue(t.Context(), k, anID(), mac, time.Minute, more)
		require.NoError(t, err)
		_, left, err := store.Attempt(t.Context(), k, anID(), []otp.MAC{aMAC()}, more)
		require.NoError(t, err)
		assert.Equal(t, 10-5-1, left, "exactly five were compared")

		require.NoError(t, store.Reset(t.Context(), k))
		mustIssue(t, store, k, anID(), mac)
		s.MAC = hex.EncodeToString(mac[:])
		assert.Equal(t, map[string]int{"match": 1, "gone": all - 1}, s.rage(t), "one winner of all who have the code")
	})
}

func anID() (id otp.ID) {
	_, _ = rand.Read(id[:]) // it never fails
	return id
}

func aKey() otp.Key { return otp.Key(anID()) }

func aMAC() (m otp.MAC) {
	_, _ = rand.Read(m[:])
	return m
}

// loose limits admit a send at once.
func loose() otp.Limits { return otp.Limits{Sends: 1000, Cooldown: []time.Duration{0}} }

func mustIssue(t testing.TB, s otp.Store, k otp.Key, id otp.ID, mac otp.MAC) {
	t.Helper()
	a, err := s.Issue(t.Context(), k, id, mac, 10*time.Minute, loose())
	require.NoError(t, err)
	require.Equal(t, otp.Admitted, a.Refused)
}

func attempt(t testing.TB, s otp.Store, k otp.Key, id otp.ID, macs ...otp.MAC) otp.Verdict {
	t.Helper()
	v, _, err := s.Attempt(t.Context(), k, id, macs, loose())
	require.NoError(t, err)
	return v
}
