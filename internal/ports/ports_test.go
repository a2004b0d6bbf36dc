package ports_test

import (
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/internal/ports"
)

// closed is a port of before. remembered is one that has a connection which the
// server ended, and which the system does not forget for a while.
func closed(t *testing.T, remembered bool) net.Addr {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	if remembered {
		c, err := net.Dial("tcp", l.Addr().String())
		require.NoError(t, err)
		theirs, err := l.Accept()
		require.NoError(t, err)
		require.NoError(t, theirs.Close())
		require.NoError(t, c.Close())
	}
	require.NoError(t, l.Close())
	return l.Addr()
}

// isTaken says whether the system keeps the port from whoever does not ask for it.
func isTaken(t *testing.T, addr net.Addr) bool {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	c, err := (&net.Dialer{LocalAddr: addr}).Dial("tcp", l.Addr().String())
	if err == nil {
		require.NoError(t, c.Close())
	}
	return err != nil
}

func TestNobodyListensOnAKeptPort(t *testing.T) {
	t.Parallel()
	held := closed(t, false)
	assert.False(t, isTaken(t, held), "a closed port is free")
	release := ports.Hold(held)
	never, err := net.ResolveTCPAddr("tcp", ports.Closed(t))
	require.NoError(t, err)
	for name, addr := range map[string]net.Addr{"of a listener that was closed": held, "that never had one": never} {
		t.Run(name, func(t *testing.T) {
			assert.True(t, isTaken(t, addr))
			_, err := net.Dial("tcp", addr.String())
			assert.ErrorContains(t, err, "refused")
		})
	}
	release()
	release() // twice does no harm
	assert.False(t, isTaken(t, held), "it is free again")
}

func TestAKeptPortIsGivenToWhoAsksForIt(t *testing.T) {
	t.Parallel()
	held := closed(t, true)
	t.Cleanup(ports.Hold(held))
	for name, addr := range map[string]string{"of a listener that was closed": held.String(), "that never had one": ports.Closed(t)} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", addr)
			require.NoError(t, err)
			c, err := net.Dial("tcp", addr)
			require.NoError(t, err)
			require.NoError(t, c.Close())
			require.NoError(t, l.Close())
		})
	}
}

func TestOnlyPortsAreKept(t *testing.T) {
	t.Parallel()
	assert.NotPanics(t, ports.Hold(&net.UnixAddr{Name: "socket", Net: "unix"}))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	assert.NotPanics(t, ports.Hold(l.Addr()), "somebody listens there")
	c, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	require.NoError(t, c.Close())
}
