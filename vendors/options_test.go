package vendors_test

import (
	"context"
	"errors"
	"io"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/failover"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/vendors"
)

// A shelf hands out stores, ledgers and messengers, and counts what is closed. Its
// zero value opens everything.
type shelf struct {
	urls    []string
	configs []shelfConfig // of the messengers
	closed  []string
	err     error // of every opener
	none    bool  // every opener returns nil and no error
	store   otp.MemoryStore
	ledger  failover.MemoryLedger

	mu   sync.Mutex
	sent []otp.Message
	down error // of every Deliver
}

type (
	shelfStore struct {
		*otp.MemoryStore
		of *shelf
	}
	shelfLedger struct {
		*failover.MemoryLedger
		of *shelf
	}
	shelfMessenger struct {
		of   *shelf
		name string
	}
)

func (s shelfStore) Close() error { return s.of.close("store") }

func (l shelfLedger) Closer() io.Closer { return ender(func() error { return l.of.close("ledger") }) }

// An ender closes something else.
type ender func() error

func (e ender) Close() error          { return e() }
func (c shelfMessenger) Close() error { return c.of.close(c.name) }

func (s *shelf) close(what string) error {
	s.closed = append(s.closed, what)
	return nil
}

func (c shelfMessenger) Capabilities() verify.Capabilities {
	return verify.Capabilities{Vendor: c.name, Channels: []verify.Channel{verify.ChannelSMS}}
}

func (c shelfMessenger) Deliver(_ context.Context, m otp.Message) (string, error) {
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	if c.of.down != nil {
		return "", c.of.down
	}
	c.of.sent = append(c.of.sent, m)
	return c.name + "-1", nil
}

// code is the one in the last message.
func (s *shelf) code() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sent[len(s.sent)-1].Text[:6]
}

// opening is what every opener begins with.
func (s *shelf) opening(dsn string) (nothing bool, err error) {
	s.urls = append(s.urls, dsn)
	if s.err != nil {
		return true, &url.Error{Op: "open", URL: dsn, Err: s.err}
	}
	return s.none, nil
}

func (s *shelf) openStore(dsn string) (otp.Store, error) {
	if nothing, err := s.opening(dsn); nothing {
		return nil, err
	}
	return shelfStore{&s.store, s}, nil
}

func (s *shelf) openLedger(dsn string) (failover.Ledger, error) {
	if nothing, err := s.opening(dsn); nothing {
		return nil, err
	}
	return shelfLedger{&s.ledger, s}, nil
}

// A shelfConfig is what a line says of a messenger.
type shelfConfig struct {
	User string `dsn:"user,user"`
	Pass string `dsn:"pass,pass"`
	Host string `dsn:"host,host"`
	From string `dsn:"from"`
}

// messenger makes a scheme of the shelf's messengers. Its errors are shown, so that
// none repeats what was given.
func (s *shelf) messenger(scheme string) vendors.Option {
	return vendors.With(scheme, func(c shelfConfig) (otp.Messenger, error) {
		s.configs = append(s.configs, c)
		switch {
		case s.err != nil:
			return nil, errors.New(scheme + ": Host must be another one")
		case s.none:
			return nil, nil
		}
		return shelfMessenger{s, scheme}, nil
	})
}

// options hand in all three.
func (s *shelf) options() []vendors.Option {
	return []vendors.Option{
		vendors.WithStore("shelf", s.openStore), vendors.WithLedger("shelf", s.openLedger),
		s.messenger("parrot"), s.messenger("owl"),
	}
}

func TestStoreIsOpenedByItsScheme(t *testing.T) {
	for name, tc := range map[string]struct{ written, want string }{
		"plain":       {"shelf://h:6379/0", "shelf://h:6379/0"},
		"with a pass": {"shelf://u:p%2525@h/0?a=b%26c=d", "shelf://u:p%25@h/0?a=b&c=d"},
	} {
		t.Run(name, func(t *testing.T) {
			var s shelf
			p := playGateway(t)
			walk(t, opened(t, p.dsn+"&code_key="+otpKey+"&store="+tc.written, s.options()...), p.code)
			assert.Equal(t, []string{tc.want}, s.urls)
		})
	}
}

// A key is changed while codes of the old one live, and the limits stay.
func TestKeysRotate(t *testing.T) {
	var s shelf
	p := playGateway(t)
	dsn := p.dsn + "&store=shelf://&code_key="
	before := opened(t, dsn+otpKey, s.options()...)
	_, err := before.Send(context.Background(), to)
	require.NoError(t, err)
	old := p.code()

	after := opened(t, dsn+otherKey+","+otpKey+"&index_key="+otpKey, s.options()...)
	require.ErrorIs(t, after.Check(context.Background(), to, spoil(old)), verify.ErrMismatch)
	require.NoError(t, after.Check(context.Background(), to, old), "sent under the old key")

	alone := opened(t, dsn+otherKey+"&index_key="+otpKey, s.options()...)
	pay := verify.WithScope("pay") // where no cooldown holds
	_, err = after.Send(context.Background(), to, pay)
	require.NoError(t, err)
	assert.ErrorIs(t, before.Check(context.Background(), to, p.code(), pay), verify.ErrMismatch, "the new key makes the code")
	assert.NoError(t, alone.Check(context.Background(), to, p.code(), pay))
}

func TestOpenersThatFail(t *testing.T) {
	const gateway = "gatewayapi://TOKEN@eu?sender=Acme&code_key=" + otpKey + "&store=shelf://Zq9XkvJw@h"
	const hosted = "twilio://" + ac + ":t@" + va
	for name, tc := range map[string]struct{ dsn, want string }{
		"a store":            {gateway, "vendors: character 77: gatewayapi: store could not be opened: check its URL"},
		"a store of several": {"failover(gatewayapi://TOKEN@eu?sender=Acme)?store=shelf://Zq9XkvJw@h&code_key=" + otpKey, "vendors: character 45: failover: store could not be opened: check its URL"},
		"a ledger":           {"failover(" + hosted + ")?ledger=shelf://Zq9XkvJw@h&ledger_key=" + otpKey, "vendors: character 92: failover: ledger could not be opened: check its URL"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, s := range []*shelf{{err: errors.New("Zq9XkvJw is no host")}, {none: true}} {
				v, err := vendors.Open(tc.dsn, s.options()...)
				assert.Nil(t, v)
				assert.EqualError(t, err, tc.want)
				assert.Len(t, s.urls, 1)
				assert.Empty(t, s.closed)
			}
		})
	}
}

func TestNilOpenersAreNone(t *testing.T) {
	opts := []vendors.Option{vendors.WithStore("shelf", nil), vendors.WithLedger("shelf", nil)}
	for dsn, want := range map[string]string{
		"gatewayapi://TOKEN@eu?sender=Acme&store=shelf://&code_key=" + otpKey:             "handed in by vendors.WithStore",
		"failover(twilio://" + ac + ":t@" + va + ")?ledger=shelf://&ledger_key=" + otpKey: "handed in by vendors.WithLedger",
	} {
		_, err := vendors.Open(dsn, opts...)
		assert.ErrorContains(t, err, want)
	}
}

// Options with functions can be compared as well: one is like itself alone.
func TestOptionsWithOpenersAreComparable(t *testing.T) {
	var s shelf
	all := s.options()
	for i, o := range all {
		assert.True(t, o == all[i])
		assert.False(t, o == s.options()[i])
	}
}

// The maps of one list of options do not grow by another.
func TestOptionsDoNotShareMaps(t *testing.T) {
	var first, second shelf
	base := vendors.WithStore("shelf", first.openStore)
	dsn := "gatewayapi://TOKEN@eu?sender=Acme&store=shelf://h&code_key=" + otpKey
	opened(t, dsn, base, vendors.WithStore("shelf", second.openStore))
	opened(t, dsn, base)
	assert.Len(t, first.urls, 1)
	assert.Len(t, second.urls, 1, "the last one for a scheme holds")
}

func TestMessengerOfAnotherModuleSendsAndChecks(t *testing.T) {
	var s shelf
	v := opened(t, "parrot://h?store=memory&code_key="+otpKey, s.options()...)
	receipt := walk(t, v, s.code)
	assert.Equal(t, "parrot-1", receipt.ID)
	_, ok := verify.As[*otp.Engine](v)
	assert.True(t, ok)
}
