package verifytest

import (
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/emulator"
)

// An EmulatorServer is an emulator that listens, as the NewServer of each emulator of
// package emulator returns.
type EmulatorServer interface {
	Fail(faults ...emulator.Fault)
	Close()
}

// Arrange has an emulator show a Fault, by what the table says of it, until the
// scenario ends or as often as the table says. It reports whether the table knows the
// fault: it is a [Target].Fault. For a vendor that cannot be reached it closes the
// server, and the client, since what dies on a warm connection may have been read.
func Arrange(t testing.TB, srv EmulatorServer, client io.Closer, faults map[Fault]emulator.Fault, f Fault) bool {
	t.Helper()
	if f == FaultUnreachable || f == FaultCheckUnreachable {
		srv.Close()
		require.NoError(t, client.Close())
		return true
	}
	fault, known := faults[f]
	if fault.Times == 0 {
		fault.Times = -1
	}
	if known {
		srv.Fail(fault)
	}
	return known
}
