package verifytest

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/otp"
)

// A memory is a messenger too, of texts or of codes.
type (
	memoryTexts struct{ *memory }
	memoryCodes struct{ *memory }
)

func (m memoryTexts) Deliver(ctx context.Context, letter otp.Message) (string, error) {
	receipt, err := m.Send(ctx, letter.To, verify.WithChannel(letter.Channel))
	return receipt.ID, err
}

func (m memoryCodes) DeliverCode(ctx context.Context, letter otp.CodeMessage) (string, error) {
	receipt, err := m.Send(ctx, letter.To, verify.WithChannel(letter.Channel))
	return receipt.ID, err
}

// carrying is a memory of a flaw behind the messenger that of makes of it.
func carrying(flaw string, capabilities verify.Capabilities, of func(*memory) otp.Courier) MessengerTarget {
	m := newMemory(capabilities, flaw)
	target := m.target()
	return MessengerTarget{Messenger: of(m), Fault: target.Fault, Effects: target.Effects, Secrets: target.Secrets}
}

func texts(m *memory) otp.Courier { return memoryTexts{m} }
func codes(m *memory) otp.Courier { return memoryCodes{m} }

func TestRunMessengerPassesAnHonestMessenger(t *testing.T) {
	byEmail := verify.Capabilities{Vendor: "memory", Channels: []verify.Channel{verify.ChannelEmail}}
	byCall := verify.Capabilities{Vendor: "memory", Channels: []verify.Channel{verify.ChannelVoice}}
	for name, target := range map[string]func() MessengerTarget{
		"of texts":        func() MessengerTarget { return carrying("", plain(), texts) },
		"of codes":        func() MessengerTarget { return carrying("", plain(), codes) },
		"of all channels": func() MessengerTarget { return carrying("", able(), texts) },
		"of calls alone":  func() MessengerTarget { return carrying("", byCall, texts) },
		"of mails":        func() MessengerTarget { return carrying("", byEmail, texts) },
		"that shows no fault": func() MessengerTarget {
			return MessengerTarget{Messenger: memoryTexts{newMemory(plain(), "")}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			RunMessenger(t, func(*testing.T) MessengerTarget { return target() })
		})
	}
}

// Each flaw is found through the engine, which hides none.
func TestRunMessengerFindsFlaws(t *testing.T) {
	for flaw, tc := range map[string]struct{ scenario, says string }{
		"sends twice":                     {"send", "R74"},
		"mistakes unreachable":            {"send_unreachable", "no connection"},
		"mistakes rate_limited":           {"send_rate_limited", "throttle is ErrRateLimited"},
		"hides the wait":                  {"send_rate_limited_for_an_hour", "long throttle"},
		"mistakes too_many_sends":         {"send_too_many", "recipient's limit"},
		"mistakes blocked":                {"send_blocked", "guard"},
		"mistakes refused_recipient":      {"send_refused_recipient", "vendor's error"},
		"mistakes bad_credentials":        {"bad_credentials", "credentials"},
		"sends again after server_error":  {"send_server_error", "R74"},
		"fails over after reply_lost":     {"send_reply_lost", "R76"},
		"mistakes timeout":                {"send_timeout", "R76"},
		"reports success at truncated":    {"send_truncated", "R76"},
		"reports success at unknown_body": {"send_unknown_body", "R76"},
		"reports success at redirected":   {"send_redirected", "R37"},
		"the recipient in the receipt":    {"privacy", "R12, R57"},
	} {
		for kind, of := range map[string]func(*memory) otp.Courier{"texts": texts, "codes": codes} {
			t.Run(flaw+"/"+kind, func(t *testing.T) {
				t.Parallel()
				honest := watch(t, tc.scenario, carrying("", able(), of).engine(t))
				require.Empty(t, honest.broken, "an honest one passes")

				w := watch(t, tc.scenario, carrying(flaw, able(), of).engine(t))
				require.NotEmpty(t, w.broken, "the scenario is there for this flaw")
				assert.Contains(t, strings.Join(w.broken, "\n"), tc.says)
			})
		}
	}
}

func TestRunMessengerFindsOneThatSendsNothing(t *testing.T) {
	for _, scenario := range []string{"send", "send_hints", "check_right", "scope_apart", "privacy", "capabilities_channel_sms"} {
		w := watch(t, scenario, carrying("sends nothing", plain(), texts).engine(t))
		assert.NotEmpty(t, w.broken, scenario)
		assert.Empty(t, w.skipped, scenario)
	}
}

// MessengerTarget.Secrets are searched for in every error.
func TestRunMessengerFindsACredentialInAnError(t *testing.T) {
	target := MessengerTarget{Messenger: quoting{newMemory(plain(), "")}, Secrets: []string{"canary-token"}}
	w := watch(t, "send", target.engine(t))
	assert.Contains(t, strings.Join(w.broken, "\n"), "R12, R57")
}

// A quoting messenger tells its token.
type quoting struct{ *memory }

func (quoting) Deliver(context.Context, otp.Message) (string, error) {
	return "", &verify.Error{Vendor: "memory", Op: "send", Outcome: verify.ErrUnauthorized, Detail: "canary-token is not good"}
}

// A code in the error of a Send that failed is found: nobody has typed it yet.
func TestRunMessengerFindsACodeInAnError(t *testing.T) {
	target := MessengerTarget{Messenger: telling{newMemory(plain(), "")}}
	w := watch(t, "send", target.engine(t))
	assert.Contains(t, strings.Join(w.broken, "\n"), "R12, R57")
}

// A telling messenger quotes its text.
type telling struct{ *memory }

func (telling) Deliver(_ context.Context, m otp.Message) (string, error) {
	return "", &verify.Error{Vendor: "memory", Op: "send", Outcome: verify.ErrOutcomeUnknown, Detail: "no answer to " + m.Text}
}

// What reaches somebody is looked at where the target can tell.
func TestRunMessengerLooksAtWhatArrives(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(to, text string) (string, string)
		whole  bool
	}{
		"as it was":  {func(to, text string) (string, string) { return to, text }, true},
		"cut":        {func(to, text string) (string, string) { return to, text[:len(text)-1] }, false},
		"elsewhere":  {func(_, text string) (string, string) { return Other, text }, false},
		"two in one": {func(to, text string) (string, string) { return to, text + text }, false},
	} {
		p := &phones{memory: newMemory(plain(), ""), change: tc.change, texts: map[string]string{}}
		for kind, messenger := range map[string]otp.Courier{"texts": phonesTexts{p}, "codes": phonesCodes{p}} {
			target := MessengerTarget{Messenger: messenger, Arrived: func(to string) string { return p.texts[to] }}
			w := &witness{TB: t}
			assert.Empty(t, watch(t, "send", target.engine(w)).broken)
			broken := strings.Join(w.broken, "\n")
			if tc.whole || kind == "codes" && name != "elsewhere" && name != "cut" {
				assert.Empty(t, broken, "%s, %s", name, kind)
				continue
			}
			assert.Contains(t, broken, "arrives", "%s, %s", name, kind)
			assert.NotContains(t, broken, To)
		}
	}
}

// Phones show what has reached them.
type phones struct {
	*memory
	change func(to, text string) (string, string)
	texts  map[string]string
}

func (p *phones) show(to, text string) (string, error) {
	to, text = p.change(to, text)
	p.texts[to] = text
	return "ID00", nil
}

type phonesTexts struct{ *phones }

func (p phonesTexts) Deliver(_ context.Context, m otp.Message) (string, error) {
	delete(p.texts, m.To)
	return p.show(m.To, m.Text)
}

type phonesCodes struct{ *phones }

func (p phonesCodes) DeliverCode(_ context.Context, m otp.CodeMessage) (string, error) {
	delete(p.texts, m.To)
	return p.show(m.To, m.Code)
}

// What a Check does is the engine's own: no fault of the vendor's is asked for.
func TestRunMessengerAsksForNoFaultOfACheck(t *testing.T) {
	target := MessengerTarget{
		Messenger: memoryTexts{newMemory(plain(), "")},
		Fault: func(f Fault) bool {
			t.Errorf("asked for %s", f)
			return true
		},
	}
	assert.NotEmpty(t, watch(t, "check_unreachable", target.engine(t)).skipped)
	locked := watch(t, "check_too_many_attempts", target.engine(t))
	assert.Empty(t, locked.broken)
	assert.Empty(t, locked.skipped)
}

func TestRunMessengerRefusesATargetWithoutAMessenger(t *testing.T) {
	for says, target := range map[string]MessengerTarget{
		"MessengerTarget.Messenger is missing":   {},
		"must be a Messenger or a CodeMessenger": {Messenger: silent{}},
	} {
		w := &witness{TB: t}
		done := make(chan struct{})
		go func() {
			defer close(done)
			target.engine(w)
		}()
		<-done
		assert.Contains(t, strings.Join(w.broken, "\n"), says)
	}
}

// A silent courier delivers nothing.
type silent struct{}

func (silent) Capabilities() verify.Capabilities { return plain() }
