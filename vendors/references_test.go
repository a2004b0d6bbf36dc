package vendors_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/mocks"
	"github.com/go2fa/verify/references"
	"github.com/go2fa/verify/vendors"
)

// A doveConfig is that of a vendor that checks by id.
type doveConfig struct {
	Account    string   `dsn:"account,user,required"`
	Keys       [][]byte `dsn:"key"`
	References references.References
}

type dove struct {
	*mocks.Fake
	config doveConfig
}

func newDove(c doveConfig) (*dove, error) {
	for _, key := range c.Keys {
		if len(key) != 32 {
			return nil, errors.New("dove: Keys must hold 32 bytes each")
		}
	}
	return &dove{mocks.NewFake(), c}, nil
}

// kept are References that say whether they were closed.
type kept struct {
	references.Memory
	url    string
	closed int
}

func (k *kept) Close() error {
	k.closed++
	return nil
}

// keptBy opens References, and remembers the last.
func keptBy(last **kept) vendors.Option {
	return vendors.WithReferences("kept", func(url string) (references.References, error) {
		if url == "kept://nowhere" {
			return nil, errors.New("canary " + url)
		}
		*last = &kept{url: url}
		return *last, nil
	})
}

const (
	doveKey  = "0123456789abcdef0123456789abcdef"
	olderKey = "fedcba9876543210fedcba9876543210"
)

func TestReferencesOfALine(t *testing.T) {
	t.Parallel()
	var last *kept
	opts := []vendors.Option{vendors.With("dove", newDove), keptBy(&last)}
	v, err := vendors.Open("dove://A@?references=kept://there&key="+doveKey+","+olderKey, opts...)
	require.NoError(t, err)
	d, ok := verify.As[*dove](v)
	require.True(t, ok)
	assert.Same(t, last, d.config.References)
	assert.Equal(t, [][]byte{[]byte(doveKey), []byte(olderKey)}, d.config.Keys, "newest first, as written")
	assert.Equal(t, "kept://there", last.url)
	closer, ok := verify.As[io.Closer](v)
	require.True(t, ok)
	require.NoError(t, closer.Close())
	assert.Equal(t, 1, last.closed)
	assert.NotContains(t, fmt.Sprintf("%+v", v), doveKey)

	for _, line := range []string{"dove://A@", "dove://A@?references=memory"} {
		v, err := vendors.Open(line, opts...)
		require.NoError(t, err, line)
		d, ok := verify.As[*dove](v)
		require.True(t, ok)
		assert.Nil(t, d.config.References, "the vendor's own default")
	}
}

func TestReferencesThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	var last *kept
	opts := []vendors.Option{vendors.With("dove", newDove), vendors.With("raven", newRaven), keptBy(&last)}
	for line, want := range map[string]string{
		"dove://A@?references=canary://x&key=" + doveKey:         "vendors: character 11: dove: references must be memory, or a URL whose scheme was handed in by vendors.WithReferences",
		"dove://A@?references=canary&key=" + doveKey:             "references must be memory, or a URL",
		"dove://A@?references=kept://nowhere&key=" + doveKey:     "vendors: character 11: dove: references could not be opened: check its URL",
		"raven://A:t@?references=kept://there":                   "raven has no such key",
		"twilio://AC:t@VA?references=memory":                     "twilio has no such key",
		"gatewayapi://T@?store=memory&references=kept%3A//there": "gatewayapi has no such key",
	} {
		_, err := vendors.Open(line, opts...)
		require.ErrorContains(t, err, want, line)
		assert.NotContains(t, err.Error(), "canary")
	}
	assert.Nil(t, last)

	_, err := vendors.Open("dove://A@?references=kept://there&key=canary", opts...)
	require.ErrorContains(t, err, "vendors: character 35: dove: key must hold 32 bytes each")
	require.NotNil(t, last)
	assert.Equal(t, 1, last.closed, "what was opened in vain is closed")
}

// Two backends of a failover have references of their own.
func TestReferencesWithinAFailover(t *testing.T) {
	t.Parallel()
	var last *kept
	v, err := vendors.Open("failover(dove://A@?references=kept://there&key="+doveKey+" dove://B@?name=b)?ledger=memory",
		vendors.With("dove", newDove), keptBy(&last))
	require.NoError(t, err)
	closer, ok := verify.As[io.Closer](v)
	require.True(t, ok)
	require.NoError(t, closer.Close())
	require.NotNil(t, last)
	assert.Equal(t, 1, last.closed)
}
