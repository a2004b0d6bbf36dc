package main

import (
	"net/http"
	"sync"
	"time"
)

// A watch is a transport that compares the Date of each answer with the time here.
type watch struct {
	next http.RoundTripper

	mu    sync.Mutex
	seen  bool
	worst time.Duration
}

// RoundTrip implements http.RoundTripper.
func (w *watch) RoundTrip(r *http.Request) (*http.Response, error) {
	asked := time.Now()
	res, err := w.next.RoundTrip(r)
	if err != nil {
		return res, err
	}
	if date, err := http.ParseTime(res.Header.Get("Date")); err == nil {
		w.compare(asked, time.Now(), date)
	}
	return res, nil
}

// compare keeps the largest difference. A Date is of whole seconds, and was
// written at some time in between.
func (w *watch) compare(asked, answered, date time.Time) {
	off := asked.Add(answered.Sub(asked) / 2).Sub(date.Add(time.Second / 2))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen = true
	if off.Abs() > w.worst.Abs() {
		w.worst = off
	}
}

// off is how far this machine is ahead.
func (w *watch) off() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.worst
}
