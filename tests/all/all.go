// Package all lists the vendors and the emulators of every module, for tests and for the
// papers: those that packages vendors and emulated know, and those of modules of their own,
// which they cannot know. A vendor in a module of its own is a line in each function here.
package all

import (
	"slices"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/awsverify"
	"github.com/go2fa/verify/awsverify/awsverifytest"
	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/vendors"
	"github.com/go2fa/verify/vendors/emulated"
)

// Options hand in the vendors of modules of their own.
func Options() []vendors.Option {
	return []vendors.Option{
		vendors.With("aws", awsverify.NewNotify),
		vendors.With("aws-sms", awsverify.NewSMS),
		vendors.With("aws-sns", awsverify.NewSNS),
	}
}

// Vendors are vendors.All, and those of modules of their own.
func Vendors() []vendors.Vendor { return vendors.All(Options()...) }

// Emulated are emulated.All, and those of modules of their own.
func Emulated() []emulator.Vendor {
	return slices.Concat(emulated.All(), awsverifytest.Vendors())
}

// Open is vendors.Open for all of them.
func Open(dsn string, opts ...vendors.Option) (verify.Verifier, error) {
	return vendors.Open(dsn, append(Options(), opts...)...)
}
