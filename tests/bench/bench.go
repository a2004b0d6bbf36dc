// Package bench holds no code, only benchmarks: what a Send, a Check, a local
// code and the stores cost, beside what an application would use instead and
// beside the least that they could cost. README.md says how to run and read them.
//
// A benchmark is named Send/over=memory/callers=1/by=raw, and those that differ
// in by alone are compared.
package bench
