package bandwidth

import (
	"context"
	"errors"
	"net/http"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/rest"
)

var _ verify.Prober = (*Client)(nil)

// Probe asks for a new access token, and then for the check of an empty body: it
// names no number, so it is nobody's guess. Bandwidth looks at the credentials
// and the account first, and then says that the number is missing, which is the
// answer hoped for (https://dev.bandwidth.com/docs/mfa/errors). Whether From and
// the applications fit only a Send can tell.
func (c *Client) Probe(ctx context.Context) error {
	if c.settings == nil {
		return unsupported("probe", "the client was not made by New")
	}
	if c.tokens != nil {
		if err := c.tokens.probe(ctx); err != nil {
			return err
		}
	}

	reply, err := c.do(ctx, rest.Call{
		Op: "probe", Route: verifyRoute, Args: []string{c.settings.account}, JSON: []byte("{}"),
		Repeatable: true,
	})
	var e *verify.Error
	switch {
	case err == nil:
		return c.rest.Unknown("probe", reply, "a check without a number was answered: check BaseURL")
	case errors.As(err, &e) && e.HTTPStatus == http.StatusBadRequest && e.Outcome == verify.ErrRejected:
		return nil
	}
	return err
}

// probe keeps the token it gets: it is newer than any other.
func (t *tokens) probe(ctx context.Context) error {
	fresh, err := t.request(ctx, "probe")
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.held = fresh
	return nil
}
