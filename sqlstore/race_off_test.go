//go:build !race

package sqlstore_test

// inParallel is how many tests run at once for each processor: most of them wait, for a
// lock, a clock or a server, more than they reckon.
const inParallel = 2
