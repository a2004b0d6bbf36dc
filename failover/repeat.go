package failover

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/callctx"
	"github.com/go2fa/verify/internal/keys"
	"github.com/go2fa/verify/internal/sent"
)

// How a Check that is made again waits for the first one.
const (
	repeatTime = 5 * time.Second
	firstPoll  = 50 * time.Millisecond
	lastPoll   = 500 * time.Millisecond
)

// call names a call by its idempotency key.
func (v *Verifier) call(purpose, key, to, scope string, t verify.Transaction, code string) ID {
	return keys.ID(v.keys[0], "failover v1 call", purpose, key, strings.ToLower(to), scope, t.Amount, t.Payee, code)
}

// checkIDs names a Check, by its idempotency key or at random, and this call of it.
func (v *Verifier) checkIDs(req verify.CheckRequest) (id, by ID) {
	by = newID()
	if req.IdempotencyKey == "" {
		return by, by
	}
	return v.call(keys.Check, req.IdempotencyKey, req.To, req.Scope, req.Transaction, req.Code), by
}

// once is a Send with an idempotency key: the first one claims the call.
func (s *sending) once(ctx context.Context, req verify.SendRequest) (verify.Receipt, error) {
	call := s.v.call(keys.Send, req.IdempotencyKey, req.To, req.Scope, req.Transaction, "")
	var claim Claim
	var err error
	for range 2 { // the same id claims it once
		if claim, err = s.v.ledger.Claim(ctx, s.key(), call, s.id); err == nil {
			break
		}
	}
	switch {
	case err != nil:
		return verify.Receipt{}, s.err.notBegun(0, err)
	case claim.Repeated:
		return sent.Answer(vendor, claim.Outcome)
	}
	receipt, err := s.v.send(ctx, s, req)
	outcome := ""
	if s.begun {
		outcome = sent.Outcome(receipt, err)
	}
	s.conclude(ctx, call, outcome)
	return receipt, err
}

// conclude has time of its own. If the ledger does not answer, the call seems to be
// under way, and a repeated one sends and asks nothing.
func (r subject) conclude(ctx context.Context, id ID, outcome string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), ledgerTime)
	defer cancel()
	for range 2 {
		if r.v.ledger.Conclude(ctx, r.key(), id, outcome) == nil {
			return
		}
	}
}

// conclude keeps what a Check with an idempotency key was denied for.
func (c *checking) conclude(ctx context.Context, e *verify.Error) {
	if c.keyed {
		c.subject.conclude(ctx, c.id, string(e.Outcome)+" "+strconv.Itoa(e.AttemptsLeft))
	}
}

// attempt spends one attempt. With an idempotency key and several Keys the Check may
// stand under any of them: those without a live code charge nothing.
func (c *checking) attempt(ctx context.Context) (a Attempt, err error) {
	at := c.at
	for i := range c.keys {
		if i == at || !c.keyed {
			continue
		}
		c.at = i
		if a, err = c.charge(ctx); err != nil || a.Progress != First || len(a.Backends) > 0 {
			return a, err
		}
	}
	c.at = at
	return c.charge(ctx)
}

func (c *checking) charge(ctx context.Context) (a Attempt, err error) {
	for range 2 { // the same id is charged once, and by tells a lost reply from another call
		if a, err = c.v.ledger.Attempt(ctx, c.key(), c.id, c.by, c.v.limits); err == nil {
			return a, nil
		}
	}
	return a, err
}

// repeated waits until the first Check with this idempotency key has its answer, and
// gives it. It asks no vendor: that may have spent the code.
func (c *checking) repeated(ctx context.Context, a Attempt) error {
	ctx, cancel := context.WithTimeout(ctx, repeatTime)
	defer cancel()
	var err error
	for poll := firstPoll; err == nil && underWay(a); poll = min(2*poll, lastPoll) {
		if err = pause(ctx, poll); err == nil {
			a, err = c.charge(ctx)
		}
	}
	if err == nil && a.Progress == WasApproved {
		return nil
	}
	e := &verify.Error{Vendor: vendor, Op: "check", Outcome: verify.ErrOutcomeUnknown, Err: callctx.Ended(err)}
	e.Detail = "an earlier Check with this idempotency key has no answer yet: ask the person for a new code"
	if err == nil && a.Progress == WasDenied {
		e.Outcome, e.AttemptsLeft = denied(a.Outcome)
		e.Detail = "the answer of an earlier Check with this idempotency key"
	}
	return e
}

// underWay reports whether the first Check has no answer yet. A denial is settled a
// moment before it is said why.
func underWay(a Attempt) bool {
	return a.Progress == Pending || a.Progress == WasDenied && a.Outcome == ""
}

// denied reads what conclude wrote.
func denied(outcome string) (verify.Outcome, int) {
	word, count, _ := strings.Cut(outcome, " ")
	left, err := strconv.Atoi(count)
	if err != nil || left < 0 || !slices.Contains(worst[:], verify.Outcome(word)) {
		return verify.ErrOutcomeUnknown, 0
	}
	return verify.Outcome(word), left
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
