package bandwidth

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/rest"
)

// The time for a call, with its token and all tries.
const (
	sendTime  = 15 * time.Second
	checkTime = 10 * time.Second
)

// do makes one call. If its token is refused, surely nothing was done, and it is
// made once more under a new token.
func (c *Client) do(ctx context.Context, call rest.Call) (rest.Reply, error) {
	if c.tokens == nil {
		return c.rest.Do(ctx, call)
	}
	deadline := time.Now().Add(callTime(call))
	for before := 0; ; {
		authorization, err := c.tokens.get(ctx, deadline, call.Op)
		if err != nil {
			return rest.Reply{}, err
		}
		call.Token, call.Timeout = authorization, max(time.Until(deadline), 1)
		reply, err := c.rest.Do(ctx, call)
		try := refusedAt(err)
		if try == 0 || before > 0 {
			return counted(reply, err, before)
		}
		c.tokens.refuse(authorization)
		if try > 1 && call.Repeatable { // an earlier try may have been processed
			return reply, err
		}
		before = try
	}
}

func callTime(call rest.Call) time.Duration {
	if call.Repeatable {
		return checkTime
	}
	return sendTime
}

// refusedAt returns the try whose credentials were refused, or zero.
func refusedAt(err error) int {
	if err == nil {
		return 0
	}
	var e *verify.Error
	if errors.As(err, &e) && e.HTTPStatus == http.StatusUnauthorized {
		return e.Requests
	}
	return 0
}

// counted adds the tries that were made before.
func counted(reply rest.Reply, err error, before int) (rest.Reply, error) {
	reply.Requests += before
	var e *verify.Error
	if before > 0 && errors.As(err, &e) {
		e.Requests += before
	}
	return reply, err
}
