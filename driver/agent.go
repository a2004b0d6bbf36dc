package driver

import (
	"cmp"
	"runtime/debug"
	"sync"
)

const modulePath = "github.com/go2fa/verify"

// userAgent is what a vendor sees of us: "go2fa-verify/1.2.3 (twilio)".
func userAgent(vendor string) string {
	return "go2fa-verify/" + version() + " (" + cmp.Or(vendor, "unknown") + ")"
}

var build struct {
	once    sync.Once
	version string
}

// version is that of this module in the program, or "devel".
func version() string {
	build.once.Do(func() {
		build.version = "devel"
		if info, ok := debug.ReadBuildInfo(); ok {
			build.version = versionIn(info)
		}
	})
	return build.version
}

func versionIn(info *debug.BuildInfo) string {
	for _, m := range append([]*debug.Module{&info.Main}, info.Deps...) {
		if m.Path != modulePath {
			continue
		}
		if m.Replace != nil {
			m = m.Replace
		}
		if len(m.Version) > 1 && m.Version[0] == 'v' && isToken(m.Version[1:]) {
			return m.Version[1:]
		}
	}
	return "devel"
}

// isToken knows what may stand in a product's version: RFC 9110 section 5.6.2,
// as far as Go's versions need it.
func isToken(s string) bool {
	for i := range len(s) {
		if !isUnreserved(s[i]) && s[i] != '+' {
			return false
		}
	}
	return s != ""
}
