package redisstore_test

import (
	"context"

	"github.com/go2fa/verify"
)

func (o *oneCode) Send(_ context.Context, to string, _ ...verify.SendOption) (verify.Receipt, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.live[to] = true
	return verify.Receipt{Vendor: "one", Channel: verify.ChannelSMS, Requests: 1}, nil
}

// Check approves again and again: the ledger alone lets one win.
func (o *oneCode) Check(_ context.Context, to, code string, _ ...verify.CheckOption) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.live[to] && code == o.code {
		return nil
	}
	return &verify.Error{Vendor: "one", Op: "check", Outcome: verify.ErrMismatch}
}
