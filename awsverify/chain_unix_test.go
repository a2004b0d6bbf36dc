//go:build unix

package awsverify_test

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/awsverify"
	"github.com/go2fa/verify/awsverify/awsverifytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A file of the chain that cannot be read to its end, as on a network that is away, is
// read by one call, and holds none for longer than it may take.
func TestNobodyWaitsForTheDefaultChainLongerThanForASend(t *testing.T) {
	folder := alone(t)
	file := filepath.Join(folder, "config")
	require.NoError(t, syscall.Mkfifo(file, 0o600)) // whoever opens it waits for a writer
	c, srv := emulated(t, awsverify.Account{Region: awsverifytest.Region})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	results := make(chan error, 3)
	for range 3 {
		go func() {
			_, err := c.Deliver(ctx, letter())
			results <- err
		}()
	}
	for range 3 {
		select {
		case err := <-results:
			_ = outcome(t, err, verify.ErrUnavailable)
			require.ErrorIs(t, err, context.DeadlineExceeded)
		case <-time.After(20 * time.Second):
			assert.Fail(t, "the context is not heard")
		}
	}
	assert.Zero(t, srv.Requests())

	last := make(chan error, 1)
	go func() {
		_, err := c.Deliver(t.Context(), letter())
		last <- err
	}()
	writer, err := os.OpenFile(file, os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = writer.WriteString("[default]\naws_access_key_id = " + awsverifytest.AccessKeyID + "\naws_secret_access_key = " + awsverifytest.SecretAccessKey + "\n")
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	require.NoError(t, <-last, "the same reading serves the next call")
}
