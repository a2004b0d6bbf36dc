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

// faults are what goes wrong with the next requests, in their order.
type faults struct {
	mu       sync.Mutex
	pending  []Fault
	requests int
}

func (f *faults) add(faults []Fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, fault := range faults {
		if fault.Times == 0 {
			fault.Times = 1
		}
		f.pending = append(f.pending, fault)
	}
}

func (f *faults) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pending = nil
}

func (f *faults) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.requests
}

// serve lets the vendor answer, or the fault that the request meets.
func (f *faults) serve(w http.ResponseWriter, r *http.Request, operation string, vendor http.Handler) {
	r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
	fault, hit := f.take(r, operation)
	if !hit {
		vendor.ServeHTTP(w, r)
		return
	}

	// Closing a connection with unread input resets it, and net/http
	// notices that a client gives up only once the input is read.
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))

	a := fault.reply(vendor, r)
	if wait(r.Context(), fault.Delay) {
		fault.deliver(w, r, a)
	}
}

// take counts a request and uses up one turn of the fault that it meets.
func (f *faults) take(r *http.Request, operation string) (Fault, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.requests++
	for i := range f.pending {
		fault := f.pending[i]
		if !fault.picks(r, operation) {
			continue
		}
		if f.pending[i].Times--; f.pending[i].Times == 0 {
			f.pending = slices.Delete(f.pending, i, i+1)
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
