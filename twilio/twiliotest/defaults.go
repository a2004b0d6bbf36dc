package twiliotest

import (
	"cmp"
	"slices"

	"github.com/go2fa/verify/internal/emulator"
)

func (o Options) withDefaults() Options {
	o.AccountSID = cmp.Or(o.AccountSID, AccountSID)
	o.AuthToken = cmp.Or(o.AuthToken, AuthToken)
	o.APIKeySID = cmp.Or(o.APIKeySID, APIKeySID)
	o.APIKeySecret = cmp.Or(o.APIKeySecret, APIKeySecret)
	if o.NewCode == nil {
		o.NewCode = emulator.Digits
	}
	if len(o.Services) == 0 {
		o.Services = []Service{{}}
	}

	o.Services = slices.Clone(o.Services) // the caller's stay as they are
	for i, s := range o.Services {
		o.Services[i] = s.withDefaults()
	}
	return o
}

func (s Service) withDefaults() Service {
	s.SID = cmp.Or(s.SID, ServiceSID)
	s.FriendlyName = cmp.Or(s.FriendlyName, FriendlyName)
	s.CodeLength = cmp.Or(s.CodeLength, 6)
	if s.Channels == nil {
		s.Channels = []string{"sms", "call", "email", "whatsapp"}
	}
	return s
}
