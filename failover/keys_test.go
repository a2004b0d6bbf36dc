package failover_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/failover"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	oldKey = []byte("0123456789abcdef0123456789abcdef")
	newKey = []byte("fedcba9876543210fedcba9876543210")

	// The keys of a process before a rotation, in its first and its second step, and
	// after it.
	before     = [][]byte{oldKey}
	firstStep  = [][]byte{oldKey, newKey}
	secondStep = [][]byte{newKey, oldKey}
	after      = [][]byte{newKey}
)

// blind is a ledger that is no Looker.
type blind struct{ failover.Ledger }

// A fleet is several processes over one vendor and one ledger.
type fleet struct {
	t      *testing.T
	vendor *double
	ledger failover.Ledger
	limits failover.Limits
}

func newFleet(t *testing.T) *fleet {
	return &fleet{t: t, vendor: newDouble("a", codeA), ledger: new(failover.MemoryLedger)}
}

func (f *fleet) process(keys [][]byte) *failover.Verifier {
	f.t.Helper()
	v, err := failover.New(failover.Config{
		Backends: []failover.Backend{{Verifier: f.vendor}}, Ledger: f.ledger, Keys: keys, Limits: f.limits,
	})
	require.NoError(f.t, err)
	return v
}

func (f *fleet) send(keys [][]byte) {
	f.t.Helper()
	_, err := f.process(keys).Send(f.t.Context(), phone)
	require.NoError(f.t, err)
}

func (f *fleet) check(keys [][]byte, code string) error {
	return f.process(keys).Check(f.t.Context(), phone, code)
}

// A code that one process sent is checked by every process of the same step and of
// the next, once.
func TestACodeOutlivesARotationOfKeys(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ sends, checks [][]byte }{
		"the old key, then the first step":  {before, firstStep},
		"the first step, then the old key":  {firstStep, before},
		"the first step, then the second":   {firstStep, secondStep},
		"the second step, then the first":   {secondStep, firstStep},
		"the second step, then the new key": {secondStep, after},
		"the new key, then the second step": {after, secondStep},
		"both in the second step":           {secondStep, secondStep},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFleet(t)
			f.send(tc.sends)
			require.ErrorIs(t, f.check(tc.checks, wrong), verify.ErrMismatch)
			require.NoError(t, f.check(tc.checks, codeA))
			for _, keys := range [][][]byte{tc.sends, tc.checks, firstStep, secondStep} {
				require.ErrorIs(t, f.check(keys, codeA), verify.ErrNotPending)
			}
		})
	}
}

func TestAttemptsAreCountedAcrossARotation(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.send(before)
	for _, keys := range [][][]byte{before, firstStep, secondStep, firstStep, before} {
		require.Error(t, f.check(keys, wrong))
	}
	for _, keys := range [][][]byte{before, firstStep, secondStep} {
		require.ErrorIs(t, f.check(keys, codeA), verify.ErrTooManyAttempts)
	}
	assert.Equal(t, 5, f.vendor.compared)
}

// Nobody knows whether the newer code was sent: the older one may still be the good
// one, and has had its attempts.
func TestAnUnknownResendUnderANewKeyBuysNoAttempts(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.send(before)
	f.vendor.fails("send", verify.ErrOutcomeUnknown)
	for _, keys := range [][][]byte{firstStep, secondStep, firstStep, secondStep} {
		for range 3 {
			_ = f.check(keys, wrong)
		}
		_, err := f.process(keys).Send(t.Context(), phone)
		require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
	}
	require.ErrorIs(t, f.check(secondStep, codeA), verify.ErrTooManyAttempts)
	assert.Equal(t, 5, f.vendor.compared)
}

// Of ten failures six were made under the old key, and are remembered after its codes
// have ended.
func TestFailuresUnderAllKeysAreAddedUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		f.limits.Failures = 10
		for range 2 {
			f.send(before)
			for range 3 {
				require.ErrorIs(t, f.check(before, wrong), verify.ErrMismatch)
			}
		}
		time.Sleep(time.Hour)
		f.send(secondStep)
		for left := range 4 {
			err := f.check(secondStep, wrong)
			if left == 3 { // none is left
				require.ErrorIs(t, err, verify.ErrTooManyAttempts)
				break
			}
			assert.Equal(t, 3-left, asError(t, err).AttemptsLeft)
		}
		for range 3 {
			require.ErrorIs(t, f.check(secondStep, codeA), verify.ErrBlocked)
			require.ErrorIs(t, f.check(firstStep, codeA), verify.ErrBlocked)
		}
		assert.Equal(t, 10, f.vendor.compared)

		require.NoError(t, f.process(secondStep).Reset(t.Context(), phone))
		f.send(secondStep)
		for used := range 4 {
			err := f.check(secondStep, wrong)
			assert.Equal(t, 4-used, asError(t, err).AttemptsLeft, "a reset forgets what stands under every key")
		}
	})
}

// A refusal for failures under another key spends nothing itself: once those are
// over, all of the code's attempts are there.
func TestABlockedCheckSpendsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		f.limits.Failures, f.limits.Remember = 5, 24*time.Hour
		f.send(before)
		for range 5 {
			require.Error(t, f.check(before, wrong))
		}
		time.Sleep(24*time.Hour - time.Minute)
		f.send(secondStep)
		for range 20 {
			require.ErrorIs(t, f.check(secondStep, wrong), verify.ErrBlocked)
		}
		time.Sleep(2 * time.Minute)
		require.NoError(t, f.check(secondStep, codeA))
	})
}

// Processes with one key each have sent a code each. What is approved ends the other
// one too, and the failures under the other key.
func TestAnApprovalEndsWhatStandsUnderTheOtherKeys(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	f.limits.Failures = 5
	f.send(before)
	for range 4 {
		require.Error(t, f.check(before, wrong))
	}
	f.send(after)
	require.NoError(t, f.check(secondStep, codeA))
	f.vendor.codes[phone+" "] = codeA // the vendor would approve it again
	require.ErrorIs(t, f.check(before, codeA), verify.ErrNotPending)

	f.send(secondStep)
	for range 4 {
		require.ErrorIs(t, f.check(secondStep, wrong), verify.ErrMismatch)
	}
}

// slow is a ledger whose answers to Look take a second to arrive.
type slow struct{ failover.MemoryLedger }

func (s *slow) Look(ctx context.Context, k failover.Key) (failover.Seen, error) {
	seen, err := s.MemoryLedger.Look(ctx, k)
	time.Sleep(time.Second)
	return seen, err
}

// Two that begin at once, one under each key, look before either has begun.
func TestOfTwoSendsAtOnceUnderTwoKeysOneAtMostSends(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		f.ledger, f.vendor.delay = new(slow), 5*time.Second
		errs := make(chan error, 2)
		for _, keys := range [][][]byte{firstStep, secondStep} {
			v := f.process(keys)
			go func() {
				_, err := v.Send(t.Context(), phone)
				errs <- err
			}()
		}
		for range 2 {
			if err := <-errs; err != nil {
				require.ErrorIs(t, err, verify.ErrTooManySends)
				assert.Positive(t, asError(t, err).RetryAfter)
			}
		}
		assert.LessOrEqual(t, f.vendor.sends, 1)

		_, err := f.process(firstStep).Send(t.Context(), phone)
		require.NoError(t, err, "nothing is held for longer")
	})
}

// deafLook answers the first of two questions, or none.
type deafLook struct {
	failover.MemoryLedger
	silent int // how many questions from now
}

func (d *deafLook) Look(ctx context.Context, k failover.Key) (failover.Seen, error) {
	if d.silent > 0 {
		d.silent--
		return failover.Seen{Failures: 1, Live: true}, context.DeadlineExceeded
	}
	return d.MemoryLedger.Look(ctx, k)
}

func TestALookThatIsNotAnsweredClosesTheDoor(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	l := new(deafLook)
	f.ledger = l
	v := f.process(secondStep)
	l.silent = 2
	_, err := v.Send(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrUnavailable)
	assert.Zero(t, f.vendor.sends)
	l.silent = 1
	_, err = v.Send(t.Context(), phone)
	require.NoError(t, err, "it is asked once more")

	l.silent = 2
	require.ErrorIs(t, v.Check(t.Context(), phone, codeA), verify.ErrOutcomeUnknown)
	assert.Zero(t, f.vendor.checks)
	require.NoError(t, v.Check(t.Context(), phone, codeA))
}

func TestOneApprovalOfProcessesInAllSteps(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFleet(t)
		f.send(before)
		f.vendor.delay = time.Second
		yes := &approver{f.vendor}
		errs := make(chan error, 4)
		for _, keys := range [][][]byte{before, firstStep, secondStep, secondStep} {
			v, err := failover.New(failover.Config{Backends: []failover.Backend{{Verifier: yes}}, Ledger: f.ledger, Keys: keys})
			require.NoError(t, err)
			go func() { errs <- v.Check(t.Context(), phone, codeA) }()
		}
		approved := 0
		for range 4 {
			if err := <-errs; err == nil {
				approved++
			} else {
				require.ErrorIs(t, err, verify.ErrNotPending)
			}
		}
		assert.Equal(t, 1, approved)
	})
}

// An approver says yes as often as it is asked.
type approver struct{ *double }

func (a *approver) Check(ctx context.Context, _, _ string, _ ...verify.CheckOption) error {
	return a.wait(ctx)
}
