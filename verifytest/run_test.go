package verifytest

import (
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

// A witness stands in for a test, and remembers what it was told.
type witness struct {
	testing.TB
	mu      sync.Mutex
	broken  []string
	skipped string
}

func (*witness) Helper() {}

func (w *witness) Errorf(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = append(w.broken, fmt.Sprintf(format, args...))
}

func (w *witness) Fatalf(format string, args ...any) {
	w.Errorf(format, args...)
	runtime.Goexit()
}

func (w *witness) Skipf(format string, args ...any) {
	w.skipped = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// ages is for ever, in a bubble.
const ages = 365 * 24 * time.Hour

// watch runs one scenario before a witness, in a bubble: a busy machine is not
// taken for a slow verifier.
func watch(t *testing.T, name string, target Target) (w *witness) {
	t.Helper()
	all := scenarios()
	at := slices.IndexFunc(all, func(s scenario) bool { return s.name == name })
	require.GreaterOrEqual(t, at, 0, "no scenario %s", name)

	synctest.Test(t, func(t *testing.T) {
		w = &witness{TB: t}
		done := make(chan struct{})
		go func() {
			defer close(done)
			all[at].run(newScenarioRun(w, target))
		}()
		<-done
		time.Sleep(ages) // what was left behind ends
	})
	return w
}

func TestRunPassesAnHonestVerifier(t *testing.T) {
	for name, capabilities := range map[string]verify.Capabilities{
		"that can do much":   able(),
		"that can do little": plain(),
		"by email alone":     {Vendor: "memory", Channels: []verify.Channel{verify.ChannelEmail}, MinDigits: 6, MaxDigits: 6, DefaultDigits: 6},
		"of no usual length": {Vendor: "memory", Channels: []verify.Channel{verify.ChannelSMS}, MinDigits: 4, MaxDigits: 8},
		"with short scopes":  {Vendor: "memory", Channels: []verify.Channel{verify.ChannelSMS}, MaxScope: 3},
		"with a named scope": {Vendor: "memory", Channels: []verify.Channel{verify.ChannelSMS}, Scopes: []string{"payment", "login"}},
	} {
		t.Run(name, func(t *testing.T) {
			Run(t, func(*testing.T) Target { return newMemory(capabilities, "").target() })
		})
	}
}

func TestRunPassesAStoreThatRemembersAttempts(t *testing.T) {
	w := watch(t, "check_reply_lost_once", newMemory(able(), "remembers attempts").target())
	assert.Empty(t, w.broken)
	assert.Empty(t, w.skipped)
}

func TestRunPassesAVagueVendor(t *testing.T) {
	for _, scenario := range []string{"check_twice", "check_finished", "check_never_sent", "check_expired", "cancel"} {
		target := newMemory(able(), "gone is wrong").target()
		assert.NotEmpty(t, watch(t, scenario, target).broken, "not declared")
		target = newMemory(able(), "gone is wrong").target()
		target.Vague = true
		assert.Empty(t, watch(t, scenario, target).broken)
	}
}

// Each flaw of a Verifier is found by the scenario that is there for it, in words
// that name the rule.
func TestRunFindsFlaws(t *testing.T) {
	tests := map[string]struct {
		scenario string
		says     string // a part of the failure
	}{
		"sends twice":                {"send", "R74"},
		"names no vendor":            {"send", `vendor ""`},
		"names a channel it has not": {"send", `channel "whatsapp"`},
		"miscounts digits":           {"send", "the code has 6"},
		"knows no hints":             {"send_hints", "they never refuse"},
		"trims the recipient":        {"send_bad_recipient", "R32, R35"},
		"sends by any channel":       {"send_unsupported_channel", "refused with ErrUnsupported"},
		"sends any number of digits": {"send_unsupported_digits", "refused with ErrUnsupported"},
		"cuts long scopes":           {"send_unsupported_scope", "refused with ErrUnsupported"},
		"refuses after sending":      {"send_unsupported_channel", "makes no request"},
		"deaf to the context":        {"canceled_before", "R46"},

		"swallows the context's error":     {"canceled_before", "context canceled"},
		"knows nothing of a canceled call": {"canceled_before", "R46"},

		"mistakes unreachable":               {"send_unreachable", "no connection"},
		"sends when unreachable":             {"send_unreachable", "no connection"},
		"mistakes rate_limited":              {"send_rate_limited", "throttle is ErrRateLimited"},
		"mistakes rate_limited_for_an_hour":  {"send_rate_limited_for_an_hour", "throttle is ErrRateLimited"},
		"obeys an hour":                      {"send_rate_limited_for_an_hour", "R38"},
		"hides the wait":                     {"send_rate_limited_for_an_hour", "long throttle"},
		"mistakes too_many_sends":            {"send_too_many", "recipient's limit"},
		"mistakes blocked":                   {"send_blocked", "guard"},
		"mistakes refused_recipient":         {"send_refused_recipient", "vendor's error"},
		"mistakes bad_credentials":           {"bad_credentials", "credentials"},
		"sends again after server_error":     {"send_server_error", "R74"},
		"mistakes server_error":              {"send_server_error", "R76"},
		"fails over after bad_gateway":       {"send_bad_gateway", "R76"},
		"sends again after reply_lost":       {"send_reply_lost", "R74"},
		"fails over after reply_lost":        {"send_reply_lost", "R76"},
		"mistakes timeout":                   {"send_timeout", "R76"},
		"reports success at truncated":       {"send_truncated", "R76"},
		"reports success at unknown_body":    {"send_unknown_body", "R76"},
		"reports success at redirected":      {"send_redirected", "R37"},
		"nobody is right":                    {"check_right", "the right code is approved"},
		"a pending code is a yes":            {"check_wrong", "a wrong code is ErrMismatch"},
		"one attempt only":                   {"check_wrong_then_right", "may try again"},
		"accepts twice":                      {"check_twice", "R06"},
		"gone is wrong":                      {"check_finished", "R06"},
		"gone is yes":                        {"check_never_sent", "never sent"},
		"trims the code":                     {"check_malformed", "R13, R14"},
		"calls a malformed code unsupported": {"check_malformed", "R13, R14"},
		"checks any recipient":               {"check_bad_recipient", "R32, R35"},
		"one recipient for all":              {"check_other_recipient", "R15"},
		"never expires":                      {"check_expired", "R05"},

		"says no at check_unreachable":       {"check_unreachable", "no connection"},
		"says yes at too_many_attempts":      {"check_too_many_attempts", "R16, R22"},
		"says no at check_bad_credentials":   {"check_bad_credentials", "credentials"},
		"says yes at check_server_error":     {"check_server_error", "R76"},
		"says gone at check_reply_lost":      {"check_reply_lost", "R75"},
		"says yes at check_reply_lost":       {"check_reply_lost", "R75"},
		"says gone at check_reply_lost_once": {"check_reply_lost_once", "R75, denial after"},
		"says no at check_reply_lost_once":   {"check_reply_lost_once", "R75, denial after"},
		"says no at check_timeout":           {"check_timeout", "R76"},
		"says yes at check_truncated":        {"check_truncated", "R40, R41"},
		"says yes at check_unknown_body":     {"check_unknown_body", "R40, R41"},
		"says no at check_unknown_body":      {"check_unknown_body", "R40, R41"},
		"says gone at check_not_found":       {"check_not_found", "R75"},
		"says yes at check_other_subject":    {"check_other_subject", "R40, R41"},
		"cancels nothing":                    {"cancel", "canceled code is worthless"},
		"cancels only what is there":         {"cancel_nothing", "nothing is pending"},
		"one scope for all":                  {"scope_apart", "R15"},
		"binds nothing":                      {"transaction_changed", "R67"},
		"checks, then takes":                 {"concurrent_sends_and_checks", "R07"},
		"takes no key for a key":             {"idempotency_key_malformed", "an idempotency key that is short"},
		"says that it honors keys":           {"idempotency_key_send", "gets its answer"},
		"two outcomes":                       {"errors_match_one_outcome", "exactly one outcome"},
		"a bare outcome":                     {"errors_match_one_outcome", "is no *verify.Error"},
		"no outcome":                         {"errors_match_one_outcome", "matches 0 outcomes"},
		"an error of nobody":                 {"errors_match_one_outcome", `vendor ""`},
		"an error of another call":           {"errors_match_one_outcome", `operation "send"`},
		"attempts left of something else":    {"errors_match_one_outcome", "4 attempts left"},
		"the code in an error":               {"privacy", "R12, R57"},
		"the recipient in an error":          {"privacy", "R12, R57"},
		"a credential in an error":           {"privacy", "R12, R57"},
		"a URL in an error":                  {"privacy", "R12, R57"},
		"a url.Error inside":                 {"privacy", "wraps a *url.Error"},
		"an error that prints itself":        {"privacy", "printed with %#v"},
		"the code in the receipt":            {"privacy", "the receipt printed"},
		"the recipient in the receipt":       {"privacy", "a receipt printed"},
		"offers the app":                     {"capabilities_honest", `channel "app"`},
		"offers no channel":                  {"capabilities_honest", "0 channels"},
		"counts from eight to four":          {"capabilities_honest", "8 to 4 digits"},
		"sends nine digits by default":       {"capabilities_honest", "9 digits by default"},
		"scopes without end":                 {"capabilities_honest", "1000 bytes"},
		"a scope with a space":               {"capabilities_honest", `scope "log in"`},
		"another answer each time":           {"capabilities_honest", "they differ"},
		"names another channel":              {"capabilities_channel_sms", "asked for sms, got voice"},
		"offers whatsapp silently":           {"capabilities_channel_whatsapp", "refused with ErrUnsupported"},
		"refuses eight digits":               {"capabilities_digits_8", "Send of 8 digits"},
		"sends six digits always":            {"capabilities_digits_4", "asked for 4 digits, got 6"},
		"sends again after timeout":          {"send_timeout", "R74"},
		"reports success at bad_gateway":     {"send_bad_gateway", "R76"},
		"reports success at reply_lost":      {"send_reply_lost", "no error, where there must be one"},
	}
	for flaw, tc := range tests {
		t.Run(flaw, func(t *testing.T) {
			t.Parallel()
			honest := watch(t, tc.scenario, newMemory(able(), "").target())
			require.Empty(t, honest.broken, "an honest one passes")

			w := watch(t, tc.scenario, newMemory(able(), flaw).target())
			require.NotEmpty(t, w.broken, "the scenario is there for this flaw")
			assert.Contains(t, strings.Join(w.broken, "\n"), tc.says)
		})
	}
}

func TestRunFindsAVendorThatSendsNothing(t *testing.T) {
	for _, scenario := range []string{
		"send", "send_hints", "check_right", "check_twice", "scope_apart", "transaction_kept",
		"concurrent_sends_and_checks", "privacy", "capabilities_channel_sms", "capabilities_digits_6",
	} {
		w := watch(t, scenario, newMemory(able(), "sends nothing").target())
		assert.NotEmpty(t, w.broken, scenario)
		assert.Empty(t, w.skipped, scenario)
	}
}

// Flaws that only a lesser vendor can show.
func TestRunFindsFlawsOfAPlainVendor(t *testing.T) {
	tests := map[string]struct{ flaw, says string }{
		"transaction_kept":         {"binds silently", "refused with ErrUnsupported"},
		"scope_apart":              {"cuts long scopes", "refused with ErrUnsupported"},
		"send_unsupported_scope":   {"cuts long scopes", "refused with ErrUnsupported"},
		"capabilities_channel_sms": {"names another channel", "got voice"},
		"capabilities_digits_6":    {"sends any number of digits", "refused with ErrUnsupported"},
	}
	for scenario, tc := range tests {
		t.Run(scenario, func(t *testing.T) {
			require.Empty(t, watch(t, scenario, newMemory(plain(), "").target()).broken)
			w := watch(t, scenario, newMemory(plain(), tc.flaw).target())
			require.NotEmpty(t, w.broken)
			assert.Contains(t, strings.Join(w.broken, "\n"), tc.says)
		})
	}
}

// A call that never ends is left behind, and the scenario fails at once.
func TestRunEndsWhatDoesNot(t *testing.T) {
	for _, scenario := range []string{"send_timeout", "check_timeout"} {
		w := watch(t, scenario, newMemory(able(), "obeys no deadline").target())
		require.Len(t, w.broken, 1)
		assert.Contains(t, w.broken[0], "R38: a call ends by its deadline")
		assert.Contains(t, w.broken[0], "still waiting after 5s")
	}
}

// What is not declared is skipped, and nothing else is.
func TestRunSkipsByDeclarationOnly(t *testing.T) {
	for _, s := range scenarios() {
		t.Run(s.name, func(t *testing.T) {
			target := newMemory(able(), "").target()
			target.Verifier = struct{ verify.Verifier }{target.Verifier} // hides Cancel
			target.Advance, target.Fault, target.Effects = nil, nil, nil
			w := watch(t, s.name, target)
			assert.Empty(t, w.broken)
			assert.Empty(t, watch(t, s.name, newMemory(able(), "").target()).skipped, "all is declared")
			if w.skipped != "" {
				assert.Contains(t, w.skipped, "not supported by this target: ")
			}
		})
	}
}

func TestRunWantsAUsefulTarget(t *testing.T) {
	honest := newMemory(able(), "").target()
	for name, target := range map[string]Target{
		"no Verifier": {Code: honest.Code},
		"no Code":     {Verifier: honest.Verifier},
		"blind Code":  {Verifier: honest.Verifier, Code: func(string, string) string { return "" }},
	} {
		t.Run(name, func(t *testing.T) {
			w := watch(t, "check_right", target)
			require.Len(t, w.broken, 1)
			assert.Contains(t, w.broken[0], "verifytest: ")
		})
	}
}

// A script of recordings is picked by the scenario's name: the names of Run's
// comment are those that are run, in the same order.
func TestRunNamesItsScenarios(t *testing.T) {
	src, err := os.ReadFile("run.go")
	require.NoError(t, err)
	var named []string
	for _, line := range regexp.MustCompile(`(?m)^//\t([a-z_0-9]+) {2,}\S`).FindAllStringSubmatch(string(src), -1) {
		named = append(named, line[1])
	}
	var run []string
	for _, s := range scenarios() {
		run = append(run, s.name)
	}
	assert.Equal(t, named, run)

	var seen []string
	vendors := map[string]*memory{}
	Run(t, func(t *testing.T) Target {
		name := t.Name()[strings.LastIndex(t.Name(), "/")+1:]
		seen = append(seen, name)
		vendors[name] = newMemory(able(), "")
		return vendors[name].target()
	})
	assert.Equal(t, run, seen, "the last element of t.Name()")
	assert.Equal(t, 1, vendors["send"].sends, "a target of its own, that is put to use")
	assert.Equal(t, 2, vendors["concurrent_sends_and_checks"].sends)
}
