package camaratest

import (
	"cmp"
	_ "embed" // the facts
	"regexp"

	"github.com/go2fa/verify/emulator"
)

//go:embed facts.txt
var facts string

// Facts are what CAMARA documents for all operators. A zero Fact is not documented.
func Facts() emulator.Facts { return emulator.ReadFacts(facts) }

// Vendors are what this package emulates, for programs that range over all
// vendors. Of a Setup's settings the id and the secret of the account, the path of its
// tokens and the length of codes count.
func Vendors() []emulator.Vendor {
	return []emulator.Vendor{{Facts: Facts(), New: open}}
}

var isPath = regexp.MustCompile(`^(/[A-Za-z0-9._-]+)+$`).MatchString

func open(s emulator.Setup) (emulator.Emulator, emulator.Sample) {
	opts, settings := emulator.Configure(s, defaults)
	settings["api_root"] = cmp.Or(s.Settings["api_root"], APIRoot)
	if !isPath(opts.TokenPath) { // a whole URL is a real operator's
		opts.TokenPath = TokenPath
	}
	settings["token_url"] = opts.TokenPath
	return New(opts), emulator.Sample{
		Scheme: "camara", Settings: settings, User: "client_id", Pass: "client_secret", Host: "api_root", Asks: opts.TokenPath,
	}
}
