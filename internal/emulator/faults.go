package emulator

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// maxRequest is how much of a request's body an emulator reads.
const maxRequest = 1 << 20

// Faults are a script of what goes wrong. The zero value is empty; it is safe
// for concurrent use.
type Faults struct {
	// Operation names what a request asks of the vendor, for Fault.On. Set it
	// before the handler is used. Defaults to no names.
	Operation func(*http.Request) string

	mu       sync.Mutex
	script   []Fault
	requests int
}

// Add appends to the script. A request meets at most one fault: the first that
// picks it and is not yet used up.
func (f *Faults) Add(faults ...Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fault := range faults {
		if fault.Times == 0 {
			fault.Times = 1
		}
		f.script = append(f.script, fault)
	}
}

// Heal empties the script.
func (f *Faults) Heal() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.script = nil
}

// Requests returns how many requests came in, faulty ones included.
func (f *Faults) Requests() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.requests
}

// Handler returns next, interrupted by the script.
func (f *Faults) Handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
		fault, hit := f.take(r)
		if !hit {
			next.ServeHTTP(w, r)
			return
		}

		// Closing a connection with unread input resets it, and net/http
		// notices that a client gives up only once the input is read.
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))

		a := fault.reply(next, r)
		if wait(r.Context(), fault.Delay) {
			fault.deliver(w, r, a)
		}
	})
}

// take counts a request and uses up one turn of the fault it meets.
func (f *Faults) take(r *http.Request) (Fault, bool) {
	operation := ""
	if f.Operation != nil {
		operation = f.Operation(r)
	}

	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests++
	for i := range f.script {
		fault := f.script[i]
		if !fault.picks(r, operation) {
			continue
		}
		if f.script[i].Times--; f.script[i].Times == 0 {
			f.script = slices.Delete(f.script, i, i+1)
		}
		return fault, true
	}
	return Fault{}, false
}

// wait returns false if the client gave up before d was over.
func wait(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
