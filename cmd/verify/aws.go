package main

import (
	"slices"

	"github.com/go2fa/verify/awsverify"
	"github.com/go2fa/verify/awsverify/awsverifytest"
	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/vendors"
	"github.com/go2fa/verify/vendors/emulated"
)

// foreign hands in the vendors of modules of their own, which have an emulator.
func foreign() []vendors.Option {
	return []vendors.Option{
		vendors.With("aws", awsverify.NewNotify),
		vendors.With("aws-sms", awsverify.NewSMS),
		vendors.With("aws-sns", awsverify.NewSNS),
	}
}

// everyEmulator is those of all vendors; those of modules of their own stand last, so that
// the others keep their ports.
func everyEmulator() []emulator.Vendor {
	return slices.Concat(emulated.All(), awsverifytest.Vendors())
}

func everyVendor() []vendors.Vendor { return vendors.All(foreign()...) }
