// Package waits has the rule by which a wait grows with failures in a row.
package waits

import "time"

// After returns the wait that begins with the n-th failure in a row: none before the
// failure called free, then first, doubling up to longest.
func After(n, free int, first, longest time.Duration) time.Duration {
	if n < free {
		return 0
	}
	wait := first
	for range n - free {
		if wait > longest/2 {
			return longest
		}
		wait *= 2
	}
	return min(wait, longest)
}
