// Package bench holds no code, only benchmarks: what the stores of codes cost,
// beside the least that they could. Run them by make bench.
package bench
