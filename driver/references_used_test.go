package driver_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

func byRecipient(cfg *driver.ReferencesConfig) { cfg.ByRecipient = true }

// A vendor that checks by the recipient says yes to the code of an earlier send, which was
// used. In another scope, and for somebody else, the same digits are another code.
func TestAUsedCodeStaysUsedAfterAnotherSend(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(*driver.ReferencesConfig)
		want   verify.Outcome
	}{
		"by the recipient": {byRecipient, verify.ErrNotPending},
		"by the reference": {nil, ""}, // where the vendor itself tells the codes of two sends apart
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := &vendorByID{}
			a := byID(t, v, &store{}, tc.change)
			_, err := a.Send(t.Context(), recipient)
			require.NoError(t, err)
			require.NoError(t, a.Check(t.Context(), recipient, "000001"))
			_, err = a.Send(t.Context(), recipient)
			require.NoError(t, err)
			v.codes["PIN2"] = "000001"
			err = a.Check(t.Context(), recipient, "000001")
			assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
			_, err = a.Send(t.Context(), recipient, verify.WithScope("pay"))
			require.NoError(t, err)
			v.codes["PIN3"] = "000001"
			require.NoError(t, a.Check(t.Context(), recipient, "000001", verify.WithScope("pay")))
		})
	}
}

// It is used for as long as a code works, in every process, whichever key is the first.
func TestAUsedCodeIsKeptForItsTimeUnderEveryKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v, s := &vendorByID{}, &store{}
		other := []byte("another key of thirty-two bytes.")
		keys := func(all ...[]byte) func(*driver.ReferencesConfig) {
			return func(cfg *driver.ReferencesConfig) { cfg.ByRecipient, cfg.Keys = true, all }
		}
		before, after := byID(t, v, s, keys(key32, other)), byID(t, v, s, keys(other, key32))
		_, err := before.Send(t.Context(), recipient)
		require.NoError(t, err)
		require.NoError(t, after.Check(t.Context(), recipient, "000001"))
		for _, wait := range []time.Duration{0, 10*time.Minute - time.Nanosecond, time.Nanosecond} {
			time.Sleep(wait)
			_, err = before.Send(t.Context(), recipient)
			require.NoError(t, err)
			for id := range v.codes {
				v.codes[id] = "000001"
			}
			want := verify.ErrNotPending
			if wait == time.Nanosecond {
				want = ""
			}
			assert.Equal(t, want, verify.OutcomeOf(before.Check(t.Context(), recipient, "000001")), wait)
		}
	})
}

// Without the store nobody knows whether a code was used, so that no code is right.
func TestWithoutTheStoreNoCodeIsUnused(t *testing.T) {
	t.Parallel()
	v, s := &vendorByID{}, &store{}
	a := byID(t, v, s, byRecipient)
	_, err := a.Send(t.Context(), recipient)
	require.NoError(t, err)
	s.gets = []error{nil, errStore}
	assertOutcome(t, a.Check(t.Context(), recipient, "000001"), verify.ErrUnavailable)
	s.sets = []error{errStore, errStore}
	assertOutcome(t, a.Check(t.Context(), recipient, "000001"), verify.ErrOutcomeUnknown)
	require.NoError(t, a.Check(t.Context(), recipient, "000001"), "it was approved nowhere")
}

// The code of a send whose answer was lost may arrive: a vendor that checks by the
// recipient can tell whether it is right, once. One that was refused is none.
func TestACodeWhoseAnswerWasLostCanBeChecked(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change  func(*driver.ReferencesConfig)
		refuse  bool
		want    verify.Outcome
		checked verify.Outcome
	}{
		"by the recipient":              {byRecipient, false, unknown, ""},
		"by the reference":              {nil, false, unknown, verify.ErrNotPending},
		"by the recipient, but refused": {byRecipient, true, verify.ErrTooManySends, verify.ErrNotPending},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := &vendorByID{noID: true}
			a := byID(t, v, &store{}, tc.change)
			read := a.ReadSend
			a.ReadSend = func(s driver.Send, r driver.Reply) (verify.Receipt, error) {
				receipt, err := read(s, r)
				if err == nil && receipt.ID == "" {
					err = errStore // "the answer names no message"
				}
				return receipt, err
			}
			if tc.refuse {
				a.Client = refusing(t, v)
			}
			_, err := a.Send(t.Context(), recipient)
			assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
			v.codes["lost"] = "000001"
			err = a.Check(t.Context(), recipient, "000001")
			assert.Equal(t, tc.checked, verify.OutcomeOf(err), "%v", err)
			assertOutcome(t, a.Check(t.Context(), recipient, "000001"), verify.ErrNotPending)
		})
	}
}
