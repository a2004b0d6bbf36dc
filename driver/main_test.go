package driver_test

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"
)

// TestMain runs many tests at a time, since most of them wait, and looks for
// what they leave behind: a call that has ended must not keep a goroutine.
func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Lookup("test.fuzz").Value.String() != "" {
		os.Exit(m.Run())
	}

	_ = flag.Set("test.parallel", "12") // a number
	before := runtime.NumGoroutine()
	status := m.Run()
	if left := leftBehind(before); left > 0 {
		buf := make([]byte, 1<<20)
		fmt.Fprintf(os.Stderr, "%d goroutines are left behind:\n%s\n", left, buf[:runtime.Stack(buf, true)])
		status = 1
	}
	os.Exit(status)
}

// leftBehind returns how many goroutines there are beyond before, once those
// that are about to end have ended.
func leftBehind(before int) int {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for range 1000 {
		if runtime.NumGoroutine() <= before {
			return 0
		}
		<-tick.C
	}
	return runtime.NumGoroutine() - before
}
