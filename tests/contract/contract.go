// Package contract holds no code, only tests: every request of a vendor's client
// against what the vendor wants of it, which stands in the vendor's
// testdata/contract.yaml. A server refuses what the contract forbids, and has
// the vendor's emulator answer the rest; what the emulator answers must keep the
// contract too.
package contract
