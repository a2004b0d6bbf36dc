package authy

import (
	"context"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// appRoute tells of the application that a key belongs to, as recorded in
// https://github.com/ck-developer/authy (tests/Mock/AuthyDetailsSuccess.txt).
const appRoute = "/protected/json/app/details"

var (
	_ verify.Prober = (*Users)(nil)
	_ verify.Prober = (*Phone)(nil)
)

// Probe asks for the application's details, which takes a good key. Whether Digits
// is the application's own setting they do not tell, nor does it ask Directory.
func (u *Users) Probe(ctx context.Context) error { return probe(ctx, u.rest) }

// Probe asks for the application's details, which takes a good key. Whether it may
// verify phones they do not tell.
func (p *Phone) Probe(ctx context.Context) error { return probe(ctx, p.rest) }

func probe(ctx context.Context, c *driver.Client) error {
	reply, err := c.Do(ctx, driver.Call{Op: "probe", Method: "GET", Route: appRoute, Repeatable: true})
	if err != nil {
		return err
	}

	success, err := readSuccess(reply.Body)
	switch {
	case err != nil:
		return c.Unknown("probe", reply, err.Error())
	case !success:
		return failure("probe", reply)
	}
	return nil
}
