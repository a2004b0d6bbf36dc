package failover_test

import (
	"context"
	"fmt"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/failover"
)

// The first vendor is down, so the second one sends.
func ExampleNew() {
	ctx, first, second := context.Background(), newDouble("first", "111111"), newDouble("second", "222222")
	first.fails("send", verify.ErrUnavailable)

	v, err := failover.New(failover.Config{
		Backends: []failover.Backend{{Verifier: first}, {Verifier: second}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	receipt, err := v.Send(ctx, "+15005550006")
	fmt.Println(receipt.Vendor, err) // only if surely nothing was sent before
	fmt.Println(v.Check(ctx, "+15005550006", "222222"))
	// Output:
	// second <nil>
	// <nil>
}

// The first vendor's answer is lost: nobody else sends, and the code that
// arrives is good.
func ExampleVerifier_Send() {
	ctx, first, second := context.Background(), newDouble("first", "111111"), newDouble("second", "222222")
	first.fails("send", verify.ErrOutcomeUnknown)
	first.effect = true // the message has left

	v, err := failover.New(failover.Config{Backends: []failover.Backend{{Verifier: first}, {Verifier: second}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = v.Send(ctx, "+15005550006")
	fmt.Println(err)
	fmt.Println(v.Check(ctx, "+15005550006", "111111"))
	// Output:
	// first: send: outcome unknown (7)
	// <nil>
}
