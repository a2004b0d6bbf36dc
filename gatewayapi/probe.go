package gatewayapi

import (
	"context"
	"encoding/json"
	"strconv"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// meRoute tells the balance: https://gatewayapi.com/docs/apis/rest/. Only the host
// of the REST API has it.
const meRoute = "/rest/me"

var _ verify.Prober = (*Client)(nil)

// account is config for the host that knows the balance.
func (cfg Config) account(config driver.Config) driver.Config {
	cfg.Classic = true
	config.BaseURL, _ = cfg.base() // New has checked the region
	return config
}

// Probe asks for the account's balance, which takes good credentials of the right
// platform and, where Key signs, a clock that is not far off. No credit left is
// [verify.ErrUnauthorized]. Whether Sender is accepted only a message can tell.
func (c *Client) Probe(ctx context.Context) error {
	account, err := driver.New(c.account)
	if err != nil {
		return &verify.Error{Vendor: vendor, Op: "probe", Outcome: verify.ErrUnsupported, Detail: err.Error()}
	}
	defer func() { _ = account.Close() }() // it was for this call alone

	reply, err := account.Do(ctx, driver.Call{Op: "probe", Method: "GET", Route: meRoute, Repeatable: true})
	if err != nil {
		return err
	}

	var credit json.RawMessage
	if err := driver.Scan(reply.Body, driver.Field{Key: "credit", To: &credit, Need: true}); err != nil {
		return account.Unknown("probe", reply, err.Error())
	}
	left, err := strconv.ParseFloat(string(credit), 64)
	switch {
	case err != nil:
		return account.Unknown("probe", reply, "the answer's credit is not a number")
	case left <= 0:
		return &verify.Error{
			Vendor: vendor, Op: "probe", Outcome: verify.ErrUnauthorized, Detail: "the account has no credit left",
			HTTPStatus: reply.Status, Requests: reply.Requests,
		}
	}
	return nil
}
