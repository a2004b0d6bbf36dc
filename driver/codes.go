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
// the vendor documents one, and a detail that an operator reads, which mismatch and
// not_pending do without.
//
//	60203 too_many_sends 10m 5 messages within 10 minutes
//	check:60016 not_pending nobody is registered with this id
//	send:60200.To invalid_recipient not a number in use
//
// A line whose code has an operation in front, such as check:, is about that one alone,
// and so is one with a parameter of the request behind the code. Empty lines, and lines
// that begin with #, are skipped. The table is read at the first question: a program
// that meets no error does not pay for it.
type Codes struct {
	Text string
	Else *Codes // says what is not listed in Text; defaults to none

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

// Failure returns what a code means to an operation: what its own line for it says, or
// else that of the code, or else that of Else, or else what the status means (see
// [Unlisted]).
func (c *Codes) Failure(op string, status int, code string) Failure {
	f, known := c.Find(op + ":" + code)
	if !known && !strings.Contains(code, ":") { // what a vendor says is no line of ours
		f, known = c.Find(code)
	}
	switch {
	case !known && c.Else != nil:
		f = c.Else.Failure(op, status, code)
	case !known:
		f = Unlisted(status)
	}
	f.Code = code
	return f
}

// OfParameter returns f, or what its code means to an operation where this parameter of
// the request is at fault, if there is a line for it.
func (c *Codes) OfParameter(f Failure, op, parameter string) Failure {
	if named, known := c.Find(op + ":" + f.Code + "." + parameter); known {
		named.Code = f.Code
		return named
	}
	return f
}

// ReadError is a Config's ReadError, for a vendor whose errors hold their code under a
// path, such as "errors", "0", "code" (see [ScanAt]): Failure says what it means. What
// has no code there is not the vendor's answer.
func (c *Codes) ReadError(path ...string) func(op string, status int, body []byte) Failure {
	last := len(path) - 1
	return func(op string, status int, body []byte) Failure {
		var code string
		if ScanAt(body, path[:last], Field{Key: path[last], To: &code, Need: true, Number: true}) != nil {
			return Failure{}
		}
		return c.Failure(op, status, code)
	}
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
		plain := f.Outcome == verify.ErrMismatch || f.Outcome == verify.ErrNotPending
		if _, twice := c.table[code]; twice || verify.OutcomeOf(f.Outcome) != f.Outcome || f.Detail == "" && !plain {
			panic(fmt.Sprintf("driver: the table of codes has no outcome or detail for %s, or has it twice", code))
		}
		c.table[code] = f
	}
}
