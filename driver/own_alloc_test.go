//go:build !race

package driver

import (
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What the connections of our own transport look at costs no allocation: it is
// asked before every request.
func TestStaleConnectionsAreFoundWithoutAllocations(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		c, err := l.Accept()
		if err == nil {
			_, _ = io.Copy(io.Discard, c) // until the end of the test
		}
	}()
	d := dialer{}
	made, err := d.dial(t.Context(), "tcp", l.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = made.Close() })
	c := made.(*conn)
	stale := false
	got := testing.AllocsPerRun(1000, func() { stale = stale || c.isStale() })
	assert.Zero(t, got)
	assert.False(t, stale)

	whole := []byte(created)
	got = testing.AllocsPerRun(1000, func() { c.answer.feed(whole) })
	assert.Zero(t, got)
}
