package driver

import (
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	"github.com/go2fa/verify"
)

// Codes says what a vendor's own codes mean. Its Text is a table, mostly an embedded
// file: a line for each code, with the code, the outcome, a wait such as 10m where
// the vendor documents one, and a detail that an operator reads.
//
//	60203 too_many_sends 10m 5 messages within 10 minutes
//
// Empty lines, and lines that begin with #, are skipped. The table is read at the
// first question: a program that meets no error does not pay for it.
type Codes struct {
	Text string

	once  sync.Once
	table map[string]Failure
}

// Find returns what a code means, with the code itself. It panics if the table holds
// a line that is none: a test of the vendor calls All.
func (c *Codes) Find(code string) (f Failure, known bool) {
	c.once.Do(c.read)
	f, known = c.table[code]
	return f, known
}

// All returns every code with what it means.
func (c *Codes) All() map[string]Failure {
	c.once.Do(c.read)
	return maps.Clone(c.table)
}

func (c *Codes) read() {
	c.table = map[string]Failure{}
	for line := range strings.Lines(c.Text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		code, rest, _ := strings.Cut(line, " ")
		outcome, detail, _ := strings.Cut(rest, " ")
		f := Failure{Code: code, Outcome: verify.Outcome(outcome), Detail: detail}
		if first, after, _ := strings.Cut(detail, " "); first != "" {
			if wait, err := time.ParseDuration(first); err == nil {
				f.RetryAfter, f.Detail = wait, after
			}
		}
		if _, twice := c.table[code]; twice || verify.OutcomeOf(f.Outcome) != f.Outcome || f.Detail == "" {
			panic(fmt.Sprintf("driver: the table of codes has no outcome or detail for %s, or has it twice", code))
		}
		c.table[code] = f
	}
}
