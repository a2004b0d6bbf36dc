//go:build !unix

package bench

// processor is not known here, and so not reported.
func processor() int64 { return 0 }
