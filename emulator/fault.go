package emulator

import (
	"net/http"
	"strings"
	"time"
)

// A Fault says what goes wrong with one of the next requests.
//
// A vendor refuses, fails after it acted, or is slow:
//
//	Fault{Status: 503}
//	Fault{Status: 500, Effect: true}
//	Fault{Delay: time.Minute}
//	Fault{On: "send", Times: 3, Status: 429, Body: `{"code":20429}`}
//	Fault{Status: 307, Header: http.Header{"Location": {"http://127.0.0.1:9/"}}}
//
// Or the network breaks, before the vendor acted or after:
//
//	Fault{Break: Reset}
//	Fault{Break: Close, Effect: true}
//	Fault{On: "check", Break: Truncate}
type Fault struct {
	// On picks requests: the name of an operation, such as "send" or "check",
	// or a part of "METHOD /path". Defaults to every request.
	On string

	// Times is how many of the picked requests fail. Defaults to 1; below zero all
	// do, until Heal.
	Times int

	// Effect has the vendor act before things go wrong: the message is sent or
	// the attempt used, and only the reply is false or lost. It is implied where
	// the reply is the vendor's own.
	Effect bool

	// Delay is real time between the effect and the reply. It ends early when
	// the client gives up.
	Delay time.Duration

	// Status replaces the vendor's reply. Defaults to the vendor's own.
	Status int

	// Header goes with Status.
	Header http.Header

	// Body goes with Status. It is called JSON unless Header says otherwise.
	Body string

	// Break is what happens to the connection. Defaults to nothing.
	Break Break

	// Drip is a pause before each byte of the body, and Pad a number of spaces
	// that follow it; neither goes with Break. Both default to none.
	Drip time.Duration
	Pad  int64
}

func (f Fault) picks(r *http.Request, operation string) bool {
	return f.On == "" || f.On == operation || strings.Contains(r.Method+" "+r.URL.Path, f.On)
}

// reply lets the vendor act if it has to, and returns what is to be delivered.
func (f Fault) reply(vendor http.Handler, r *http.Request) *reply {
	a := &reply{status: http.StatusOK, header: http.Header{}}
	if f.Effect || f.Status == 0 && !f.Break.silent() {
		vendor.ServeHTTP(a, r)
	}
	if f.Status == 0 {
		return a
	}

	a = &reply{status: f.Status, header: f.Header.Clone()}
	if a.header == nil {
		a.header = http.Header{}
	}
	if f.Body != "" && a.header.Get("Content-Type") == "" {
		a.header.Set("Content-Type", "application/json")
	}
	a.body.WriteString(f.Body)
	return a
}
