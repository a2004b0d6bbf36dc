package bandwidthtest

import (
	"strconv"

	"github.com/go2fa/verify/internal/emulator"
)

// send makes a code beside those that still work, and delivers it.
func (c call) send() (any, *failure) {
	p, f := c.sendParams()
	if f != nil {
		return nil, f
	}
	code := c.options.NewCode(p.digits)
	c.state.start(&issued{p.recipient, code, c.now, false})

	c.log.Add(c.message(p, code))
	if c.voice {
		return map[string]string{"callId": "c-" + emulator.Hex(4) + "-" + uuid()}, nil
	}
	return map[string]string{"messageId": strconv.FormatInt(c.now.UnixMilli(), 10) + emulator.Hex(8)}, nil
}

// check compares a code with all that are young enough. A wrong one is no error:
// the answer says that it is not valid.
func (c call) check() (any, *failure) {
	to, f := c.fields.recipient()
	if f != nil {
		return nil, f
	}
	minutes, f := c.fields.number("expirationTimeInMinutes", 1, 15)
	if f != nil {
		return nil, f
	}
	code, f := c.fields.text("code", 8)
	if f == nil && len(code) < 4 {
		f = badRequest("code is invalid")
	}
	if f != nil {
		return nil, f
	}

	valid, f := c.state.redeem(to, code, c.now, minutes)
	return map[string]bool{"valid": valid}, f
}
