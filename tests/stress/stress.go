// Package stress holds no code, only tests: what takes a million of something, or
// every fault of the network against every vendor, before it can be believed. Their
// names are those of docs/stress.md, which has the figures.
//
// By themselves the tests are short, and each proves on a small scale what it
// proves on a large one with -full. A test that draws lots prints its seed, and
// plays the same again with -seed.
package stress
