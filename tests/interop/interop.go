// Package interop holds no code, only tests: the vendors' official client
// libraries, unmodified but for the address they call, against the emulators of
// this project. What they accept, an emulator may claim to be.
//
// The Go libraries come through go.mod, those of npm through npm-VENDOR, a folder
// for each vendor that is found by its name; both are pinned, and a test that
// needs Node.js is skipped where there is none.
package interop
