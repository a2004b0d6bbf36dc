package totp_test

import (
	"context"
	"fmt"
	"time"

	"github.com/go2fa/verify/totp"
)

func Example() {
	ctx, account := context.Background(), "user-42"
	authenticator, err := totp.New(totp.Config{
		Store:  new(totp.MemoryStore),
		Keys:   [][]byte{[]byte("32 random bytes, from your vault")},
		Issuer: "Acme",
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	enrolment, err := authenticator.Enroll(ctx, account, totp.WithLabel("a@example.com"))
	if err != nil {
		fmt.Println(err)
		return
	}
	app, err := totp.ReadApp(enrolment.URI) // the person scans it
	if err != nil {
		fmt.Println(err)
		return
	}
	code, _ := app.Code(time.Now())
	fmt.Println(authenticator.Confirm(ctx, account, enrolment.Token, code))
	fmt.Println(authenticator.Check(ctx, account, code))
	// Output:
	// <nil>
	// totp: check: not pending: this code was used already: wait for the next one
}
