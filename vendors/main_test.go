package vendors_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain runs many tests at a time: most of them wait for another try.
func TestMain(m *testing.M) {
	flag.Parse()
	_ = flag.Set("test.parallel", "16") // a number
	os.Exit(m.Run())
}
