package sent

import (
	"encoding/json"

	"github.com/go2fa/verify"
)

// MaxOutcome is how long what [Outcome] writes may be, in bytes.
const MaxOutcome = 1024

// An outcome is what is kept of a Send. It holds neither a recipient nor a code.
type outcome struct {
	Receipt *verify.Receipt `json:"receipt,omitempty"`
	Failed  verify.Outcome  `json:"failed,omitempty"`
}

// Outcome writes down what became of a Send.
func Outcome(receipt verify.Receipt, err error) string {
	o := outcome{Receipt: &receipt}
	if err != nil {
		o = outcome{Failed: verify.OutcomeOf(err)}
	}
	text, fault := json.Marshal(o)
	if fault == nil && len(text) > MaxOutcome {
		receipt.ID = "" // a vendor's, of any length
		text, fault = json.Marshal(o)
	}
	if fault != nil || len(text) > MaxOutcome {
		return ""
	}
	return string(text)
}

// Answer reads what [Outcome] wrote, or says that a Send is under way where there is
// nothing yet. What cannot be read is unknown: a message may have left.
func Answer(vendor, written string) (verify.Receipt, error) {
	failure := &verify.Error{Vendor: vendor, Op: "send", Outcome: verify.ErrOutcomeUnknown}
	var o outcome
	switch {
	case written == "":
		failure.Outcome, failure.Detail = verify.ErrTooManySends, "a Send with this idempotency key is under way"
		return verify.Receipt{}, failure
	case json.Unmarshal([]byte(written), &o) != nil:
	case o.Receipt != nil && o.Failed == "":
		o.Receipt.Repeated = true
		return *o.Receipt, nil
	case o.Receipt == nil && Nothing(o.Failed):
		failure.Outcome = o.Failed
	}
	failure.Detail = "the answer of an earlier Send with this idempotency key"
	return verify.Receipt{}, failure
}
