package bandwidthtest

import (
	"cmp"
	"time"

	"github.com/go2fa/verify/internal/emulator"
)

func (o Options) withDefaults() Options {
	o.AccountID = cmp.Or(o.AccountID, AccountID)
	o.ClientID = cmp.Or(o.ClientID, ClientID)
	o.ClientSecret = cmp.Or(o.ClientSecret, ClientSecret)
	o.Username = cmp.Or(o.Username, Username)
	o.Password = cmp.Or(o.Password, Password)
	o.SMSApplicationID = cmp.Or(o.SMSApplicationID, SMSApplicationID)
	o.VoiceApplicationID = cmp.Or(o.VoiceApplicationID, VoiceApplicationID)
	o.From = cmp.Or(o.From, From)
	o.Name = cmp.Or(o.Name, Name)
	o.TokenLife = cmp.Or(o.TokenLife, time.Hour)
	if o.NewCode == nil {
		o.NewCode = emulator.Digits
	}
	return o
}
