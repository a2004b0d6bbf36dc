package emulator

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// An Emulator is what every emulator is that embeds a [Core].
type Emulator interface {
	http.Handler
	Now() time.Time
	Advance(time.Duration)
	Fail(...Fault)
	Heal()
	Messages() []Message
	LastCode(to, scope string) string
	Subscribe(receive func(Message)) (cancel func())
	Effects() int
	Requests() int
	Report(address, id, status string) (*http.Request, error)
}

// A Vendor is one product of a vendor that is emulated, for programs that range
// over all of them.
type Vendor struct {
	Facts Facts

	// New returns an emulator, and the Sample of a client that reaches it.
	New func(Setup) (Emulator, Sample)
}

// A Setup chooses what an emulator otherwise chooses by itself. The zero value
// chooses nothing.
type Setup struct {
	// Settings are ids and secrets by the keys of a DSN, such as "account_sid". The
	// account that is emulated has them. Keys without a meaning for the emulator
	// are ignored.
	Settings map[string]string

	// People are phone numbers that are registered beforehand, at a vendor that
	// sends to registered people only.
	People []string

	NewCode func(digits int) string // Defaults to random digits.
	Start   time.Time               // Stops the emulator's clock. Defaults to real time.
}

// A Sample is the configuration by which a client reaches an emulator: what
// vendors.Config and a DSN say.
type Sample struct {
	Scheme   string            // "twilio"
	Settings map[string]string // by the keys of a DSN, but for base_url

	// User, Pass and Host are the keys that DSN writes in front of the question
	// mark. Empty ones are left out.
	User, Pass, Host string

	// Messenger says that the vendor delivers text only: a Verifier needs the
	// settings code_key and store as well.
	Messenger bool

	// Asks is a part of the path of what a client asks first and that neither sends nor
	// checks: for an access token, or whether a number can be reached. Whoever loses or
	// counts the answers to a send leaves these alone. Empty: there is no such call.
	Asks string

	// Directory holds the ids of the people of the Setup, by phone number, if the
	// vendor knows people by ids.
	Directory map[string]string

	// EmptyScope is the Scope of a Message where the application named none, and
	// ScopeWord is what the vendor calls a scope, such as "Service".
	EmptyScope, ScopeWord string
}

// DSN returns the line for vendors.Open, with an emulator at a base URL. Settings
// behind the question mark are in the order of their keys.
func (s Sample) DSN(base string) string {
	var b strings.Builder
	b.WriteString(s.Scheme + "://")
	front := []string{s.User, s.Pass, s.Host}
	if user := s.Settings[s.User]; user != "" {
		b.WriteString(escape(user))
		if pass := s.Settings[s.Pass]; pass != "" {
			b.WriteString(":" + escape(pass))
		}
		b.WriteString("@")
	}
	b.WriteString(escape(s.Settings[s.Host]))

	separator := "?"
	for _, key := range slices.Sorted(maps.Keys(s.Settings)) {
		if !slices.Contains(front, key) {
			b.WriteString(separator + key + "=" + escape(s.Settings[key]))
			separator = "&"
		}
	}
	b.WriteString(separator + "base_url=" + base)
	return b.String()
}
