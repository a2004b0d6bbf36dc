package authytest

import (
	"cmp"

	"github.com/go2fa/verify/internal/emulator"
)

func (o Options) withDefaults() Options {
	o.APIKey = cmp.Or(o.APIKey, APIKey)
	o.AppName = cmp.Or(o.AppName, AppName)
	o.Digits = cmp.Or(o.Digits, 7)
	if o.NewCode == nil {
		o.NewCode = emulator.Digits
	}
	return o
}
