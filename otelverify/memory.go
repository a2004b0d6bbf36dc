package otelverify

import (
	"container/list"
	"sync"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/observe"
)

// Limits of what is remembered.
const (
	maxSubjects = 65_536 // some 10 MB
	maxAge      = 15 * time.Minute
)

// A sent is the last Send for a subject that may have left.
type sent struct {
	subject observe.Subject
	began   time.Time
	vendor  string
	channel verify.Channel
}

// A memory joins a Check with the Send before it. Its clock is that of the
// events, and what is too old goes when the next event comes. The zero value is
// empty and ready to use.
type memory struct {
	mu        sync.Mutex
	oldest    list.List // of sent
	bySubject map[observe.Subject]*list.Element
}

// remember keeps a Send unless it surely failed.
func (m *memory) remember(e observe.Event) {
	if e.Outcome != "" && e.Outcome != verify.ErrOutcomeUnknown {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.bySubject == nil {
		m.bySubject = map[observe.Subject]*list.Element{}
	}
	m.forget(m.bySubject[e.Subject])
	m.bySubject[e.Subject] = m.oldest.PushBack(sent{e.Subject, e.Time, e.Vendor, e.Channel})
	m.trim(e.Time)
}

// recall returns the last Send for the subject of a Check. A code is accepted
// once, so an approval is the last to ask.
func (m *memory) recall(e observe.Event) (sent, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.trim(end(e))
	element := m.bySubject[e.Subject]
	if element == nil {
		return sent{}, false
	}
	if e.Outcome == "" {
		m.forget(element)
	}
	return element.Value.(sent), true
}

// trim drops the oldest until neither limit is passed.
func (m *memory) trim(now time.Time) {
	for first := m.oldest.Front(); first != nil; first = m.oldest.Front() {
		if m.oldest.Len() <= maxSubjects && now.Sub(first.Value.(sent).began) <= maxAge {
			return
		}
		m.forget(first)
	}
}

func (m *memory) forget(element *list.Element) {
	if element == nil {
		return
	}
	m.oldest.Remove(element)
	delete(m.bySubject, element.Value.(sent).subject)
}
