package verifytest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify"
)

// A print that holds the time of day holds some code about once in 300,000
// times, and a suite prints thousands of times.
func TestNoPrintHoldsDigitsOfItsOwn(t *testing.T) {
	t.Parallel()
	for way, text := range printed("nothing") {
		assert.NotRegexp(t, `[0-9]{3}`, text, way)
		assert.Contains(t, text, "nothing", way)
	}
}

func TestASecretIsFoundInAReceiptButNotByChance(t *testing.T) {
	t.Parallel()
	const code = "246801"
	at := time.Date(2026, 1, 2, 3, 4, 5, 246801000, time.UTC)
	tests := map[string]struct {
		receipt verify.Receipt
		broken  bool
	}{
		"in the fraction of a second":       {verify.Receipt{ExpiresAt: at, ResendAt: at}, false},
		"within a reference in hexadecimal": {verify.Receipt{ID: "VE0a246801bc"}, false},
		"within a longer number":            {verify.Receipt{ID: "id-1246801"}, false},
		"within a word of the reference":    {verify.Receipt{ID: "VE" + code}, true},
		"as the reference":                  {verify.Receipt{ID: code}, true},
		"as a part of the reference":        {verify.Receipt{ID: "send/246801.0"}, true},
		"a phone number as the reference":   {verify.Receipt{ID: "id-" + To}, true},
		"an address within it":              {verify.Receipt{ID: "id-" + ToEmail}, true},
		"elsewhere, within a word":          {verify.Receipt{Vendor: "toy246801"}, true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := &witness{TB: t}
			s := &scenarioRun{t: w, given: []string{code, To, ToEmail}}
			s.searchReceipt("a receipt", tc.receipt)
			assert.Equal(t, tc.broken, len(w.broken) > 0, w.broken)
		})
	}
}

func TestASecretIsFoundInAnErrorButNotByChance(t *testing.T) {
	t.Parallel()
	const code = "246801"
	tests := map[string]struct {
		err    verify.Error
		broken bool
	}{
		"within a request id in hexadecimal": {verify.Error{RequestID: "RQ0a246801bc"}, false},
		"as the request id":                  {verify.Error{RequestID: code}, true},
		"within a word of the request id":    {verify.Error{RequestID: "RQ" + code}, true},
		"a phone number as the request id":   {verify.Error{RequestID: "id-" + To}, true},
		"elsewhere, beside a request id":     {verify.Error{RequestID: "RQ0a246801bc", Detail: "not " + code}, true},
		"in a sentence, that is the id too":  {verify.Error{RequestID: "to " + code, Detail: "to " + code}, true},
		"elsewhere, and 1 is the request id": {verify.Error{RequestID: "1", Detail: "not " + code}, true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			w := &witness{TB: t}
			s := &scenarioRun{t: w, given: []string{code, To, ToEmail}}
			tc.err.Outcome, tc.err.Vendor, tc.err.Op = verify.ErrRejected, "toy", "send"
			s.inspectError("send", &tc.err)
			assert.Equal(t, tc.broken, len(w.broken) > 0, w.broken)
		})
	}
}
