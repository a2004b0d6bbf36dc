package email_test

import (
	"testing"

	"github.com/go2fa/verify/email"
	"github.com/go2fa/verify/verifytest"
)

// faults are what a mail server says, and where, for each. What else a vendor may say has
// no reply of its own in SMTP.
var faults = map[verifytest.Fault]struct{ stage, reply string }{
	verifytest.FaultRefusedRecipient: {"RCPT", "550 5.1.1 canary"},
	verifytest.FaultBadCredentials:   {"AUTH", "535 5.7.8 canary"},
	verifytest.FaultReplyLost:        {"content", hangUp},
	verifytest.FaultTimeout:          {"content", keepMum},
	verifytest.FaultUnknownBody:      {"content", "251 canary"},
}

// fromElsewhere gives a Message-ID a domain that no recipient has: "...a@example.com" would
// hold the address a@example.com.
func fromElsewhere(cfg *email.Config) { cfg.From = "login@acme.example" }

func TestConformanceOverAServer(t *testing.T) {
	t.Parallel()
	verifytest.RunMessenger(t, func(t *testing.T) verifytest.MessengerTarget {
		s := serve(t, offering("AUTH PLAIN"))
		return verifytest.MessengerTarget{
			Messenger: s.messenger(t, withLogin, fromElsewhere), Effects: func() int { return len(s.mails()) },
			Fault: func(f verifytest.Fault) bool {
				if f == verifytest.FaultUnreachable {
					s.stop()
					return true
				}
				fault, known := faults[f]
				if known {
					s.script(fault.stage, fault.reply)
				}
				return known
			},
			Secrets: []string{"s3cret"},
		}
	})
}
