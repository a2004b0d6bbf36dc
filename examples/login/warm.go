package main

import (
	"context"
	"time"

	"github.com/go2fa/verify"
)

// warmTime is as long as opening a connection may take.
const warmTime = 5 * time.Second

// warm opens a connection to the vendor while somebody types a password or reads a
// page, so that the code they ask for next need not wait for one. The page does not
// wait for it either, and one at a time is enough for all pages.
func (s *site) warm(ctx context.Context) {
	w, ok := verify.As[verify.Warmer](s.verifier)
	if !ok || !s.warming.CompareAndSwap(false, true) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), warmTime)
	go func() {
		defer cancel()
		defer s.warming.Store(false)
		_ = w.Warm(ctx) // an error changes nothing for the Send, which tells its own
	}()
}
