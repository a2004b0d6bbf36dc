package guard_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/guard"
	"github.com/go2fa/verify/otp"
)

func TestAReportTellsConversionByCountryAndPrefix(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now().UTC()
		g := newGuarded(t, guard.Config{
			Prefix: guard.Limit{Sends: 4, Window: time.Hour},
			Budget: guard.Budget{Amount: 1_000_000, Window: time.Hour}, Prices: map[string]guard.Money{"other": 100, "GB": 250},
		})
		require.NoError(t, g.send(british))
		g.approve(british)
		require.NoError(t, g.send(british), "known, and counted by the budget alone")
		assert.Equal(t, 4, g.sendAll(7, inARow))
		g.approve(inARow(2))

		r, err := g.Report(t.Context())
		require.NoError(t, err)
		assert.Equal(t, guard.Line{Since: began, Sends: 5, Approvals: 2, Refusals: 3}, sinceWhole(r.Total))
		assert.Equal(t, []guard.Line{
			{Name: "US", Since: began, Sends: 4, Approvals: 1, Refusals: 3}, {Name: "GB", Since: began, Sends: 1, Approvals: 1},
		}, []guard.Line{sinceWhole(r.Countries[0]), sinceWhole(r.Countries[1])}, "R30")
		assert.Len(t, r.Prefixes, 6)
		assert.Equal(t, guard.Line{Name: "150", Since: began, Sends: 4, Approvals: 1, Refusals: 3}, sinceWhole(r.Prefixes[0]))
		assert.Equal(t, "0.09", r.Spent.String())
	})
}

// sinceWhole drops what UnixMicro does to the location.
func sinceWhole(l guard.Line) guard.Line {
	l.Since = l.Since.UTC()
	return l
}

func TestAnOperatorForgetsARecipientAndReopensAPrefix(t *testing.T) {
	g := newGuarded(t, guard.Config{Recipient: guard.Limit{Sends: 1, Window: time.Hour}, Prefix: guard.Limit{Sends: 2, Window: time.Hour}, Country: guard.Limit{Sends: 3, Window: time.Hour}})
	require.NoError(t, g.send(american))
	require.Error(t, g.send(american))
	require.NoError(t, g.Reset(t.Context(), american))
	require.NoError(t, g.send(american))
	require.Error(t, g.send(inARow(1)), "its prefix is full")
	require.NoError(t, g.Reopen(t.Context(), "+1501712"))
	require.NoError(t, g.send("+15017121111"))
	require.Error(t, g.send("+15047121111"), "the country is full")
	require.NoError(t, g.Reopen(t.Context(), "US"))
	require.NoError(t, g.send("+15047121111"))
	require.ErrorIs(t, g.Reset(t.Context(), "nobody"), verify.ErrInvalidRecipient)
}

// A post delivers everything.
type post struct {
	delivered []otp.Message
	err       error
}

func (*post) Capabilities() verify.Capabilities {
	return verify.Capabilities{Vendor: "post", Channels: []verify.Channel{verify.ChannelSMS}}
}

func (p *post) Deliver(_ context.Context, m otp.Message) (string, error) {
	if p.err == nil {
		p.delivered = append(p.delivered, m)
	}
	return "id", p.err
}

func TestAMessengerDeliversWhatIsPermitted(t *testing.T) {
	p := new(post)
	m, err := guard.NewMessenger(p, guard.Config{Countries: []string{"US"}, Total: guard.Limit{Sends: 3, Window: time.Hour}})
	require.NoError(t, err)
	deliver := func(to string) error {
		_, err := m.Deliver(t.Context(), otp.Message{To: to, Channel: verify.ChannelSMS, Text: "hello"})
		return err
	}
	require.ErrorIs(t, deliver(british), verify.ErrBlocked)
	require.ErrorIs(t, deliver("+1501712266"), verify.ErrInvalidRecipient)
	require.ErrorIs(t, deliver(""), verify.ErrInvalidRecipient)
	p.err = verify.ErrUnavailable
	require.ErrorIs(t, deliver(american), verify.ErrUnavailable)
	p.err = nil
	for i := range 3 {
		require.NoError(t, deliver(inARow(i)))
	}
	require.ErrorIs(t, deliver(american), verify.ErrTooManySends)
	m.Approved(t.Context(), american)
	require.NoError(t, deliver(american), "known")
	assert.Len(t, p.delivered, 4)
	r, err := m.Report(t.Context())
	require.NoError(t, err)
	assert.Equal(t, int64(3), r.Total.Sends)
	require.NoError(t, m.Reset(t.Context(), american))
	require.ErrorIs(t, deliver(american), verify.ErrTooManySends)

	_, err = guard.NewMessenger(nil, guard.Config{})
	require.Error(t, err)
	_, err = guard.NewMessenger(p, guard.Config{Verifier: new(toy)})
	require.Error(t, err)
	_, err = guard.NewMessenger(p, guard.Config{Kinds: []string{"cheap"}})
	require.Error(t, err)
}

func TestAStoreThatDoesNotAnswerIsNamed(t *testing.T) {
	v, err := guard.New(guard.Config{Verifier: new(toy), Store: silent{new(guard.MemoryStore)}, Key: make([]byte, 32)})
	require.NoError(t, err)
	_, err = v.Report(t.Context())
	require.EqualError(t, err, "guard: report: unavailable: the guard's store did not answer")
	require.EqualError(t, v.Reset(t.Context(), american), "guard: reset: unavailable: the guard's store did not answer")
}

type silent struct{ *guard.MemoryStore }

func (silent) Report(context.Context) ([]guard.Tally, error) { return nil, errors.New("secret") }
func (silent) Reset(context.Context, guard.Name) error       { return errors.New("secret") }
