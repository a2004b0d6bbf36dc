package gatewayapitest

import "cmp"

func (o Options) withDefaults() Options {
	o.Token = cmp.Or(o.Token, Token)
	o.Key = cmp.Or(o.Key, Key)
	o.Secret = cmp.Or(o.Secret, Secret)
	o.Region = cmp.Or(o.Region, "com")
	o.Credit = cmp.Or(o.Credit, Credit)
	return o
}
