package stress

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9/logging"
	"go.uber.org/goleak"
)

var (
	full = flag.Bool("full", false, "run every test to the figure that docs/stress.md names")
	seed = flag.Uint64("seed", 1, "where tests that draw lots begin")
	soak = flag.Duration("soak", time.Second, "how long TestSoak lasts at least")
)

// TestMain looks for goroutines that outlive all tests.
func TestMain(m *testing.M) {
	logging.Disable() // go-redis would tell of every fault that a test makes
	if os.Getenv(proxyEnv) != "" {
		os.Exit(serveProxies())
	}
	flag.Parse()
	if flag.Lookup("test.fuzz").Value.String() != "" {
		os.Exit(m.Run())
	}

	_ = flag.Set("test.parallel", "16") // a number; most tests wait
	if *full {
		_ = flag.Set("rapid.checks", "10000") // a number too
	}
	status := withRedis(m.Run)
	if err := leaks(); err != nil && status == 0 {
		fmt.Fprintln(os.Stderr, err)
		status = 1
	}
	os.Exit(status)
}

// leaks names the goroutines that are left behind. A busy machine takes its time,
// and a pool of go-redis that could not dial sleeps for a second before it sees
// that it is closed.
func leaks(options ...goleak.Option) (err error) {
	options = append(options, goleak.IgnoreAnyFunction("github.com/redis/go-redis/v9/internal/pool.(*ConnPool).tryDial"))
	for range 5 {
		if err = goleak.Find(options...); err == nil {
			return nil
		}
	}
	return err
}

// size is how often something is tried: whole with -full.
func size(short, whole int) int {
	if *full {
		return whole
	}
	return short
}

// figure tells what was reached, in one line to be copied. Integers are grouped:
// print them by %v.
func figure(t *testing.T, format string, args ...any) {
	t.Helper()
	for i, arg := range args {
		if n, ok := arg.(int); ok {
			args[i] = grouped(n)
		}
	}
	if t.Failed() {
		format = "NOT REACHED: " + format
	}
	t.Logf("figure: "+format, args...)
}

// grouped writes 1234567 as 1,234,567.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
