//go:build race

package sqlstore_test

// inParallel is how many tests run at once for each processor, or 0 for one in all: under
// the race detector a storm needs all of them to end in time.
const inParallel = 0
