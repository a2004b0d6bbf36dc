package mocks

import (
	"time"

	"github.com/go2fa/verify"
)

// repeatTime is how long a call with an idempotency key is known.
const repeatTime = 2 * time.Minute

// A call is one with an idempotency key, and all that it names.
type call struct {
	op, key, to, scope string
	transaction        verify.Transaction
	code               string
}

// An answered call is known until its two minutes are over.
type answered struct {
	receipt verify.Receipt
	err     error
	until   time.Time
}

type known map[call]answered

func (k known) find(c call, now time.Time) (answered, bool) {
	a, ok := k[c]
	return a, ok && c.key != "" && now.Before(a.until)
}

// add keeps an answer. What found no code is decided afresh.
func (k *known) add(c call, receipt verify.Receipt, err error, now time.Time) {
	if c.key == "" || c.op == "check" && verify.OutcomeOf(err) == verify.ErrNotPending {
		return
	}
	if *k == nil {
		*k = known{}
	}
	(*k)[c] = answered{receipt, err, now.Add(repeatTime)}
}
