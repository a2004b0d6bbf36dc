package emulator

import (
	"encoding/json"
	"maps"
	"slices"
	"sync"
	"time"
)

// keep is how many messages a log remembers.
const keep = 1000

// A Message is one text as a phone or an inbox would show it.
type Message struct {
	Vendor  string    // "twilio"
	ID      string    // the vendor's reference, which is Receipt.ID; empty if nothing is reported
	To      string    // a phone number with its plus, or an e-mail address
	Channel string    // "sms", "voice", "whatsapp", "telegram", "rcs", "email" or "app", for every vendor
	Scope   string    // what the vendor keeps codes apart by; may be empty
	Code    string    // the code in Text, if there is one
	Text    string    // what the person reads or hears
	At      time.Time // when it was sent, by the emulator's clock
}

// MarshalJSON writes lower-case keys and At in RFC 3339 with all nine digits of
// the second, so that texts of two instants sort as the instants do.
func (m Message) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Vendor  string `json:"vendor"`
		To      string `json:"to"`
		Channel string `json:"channel"`
		Scope   string `json:"scope"`
		Code    string `json:"code"`
		Text    string `json:"text"`
		At      string `json:"at"`
	}{m.Vendor, m.To, m.Channel, m.Scope, m.Code, m.Text, m.At.UTC().Format("2006-01-02T15:04:05.000000000Z07:00")})
}

// A messageLog remembers the last messages of an emulator.
type messageLog struct {
	order sync.Mutex // held while subscribers are called, so that all see one order

	mu          sync.Mutex
	messages    []Message
	effects     int
	subscribers map[int]func(Message)
	next        int
}

// add appends a message that was just sent and calls the subscribers.
func (l *messageLog) add(m Message) {
	l.order.Lock()
	defer l.order.Unlock()
	for _, receive := range l.append(m) {
		receive(m)
	}
}

func (l *messageLog) append(m Message) []func(Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.effects++
	if len(l.messages) == keep {
		l.messages = l.messages[1:] // append moves the rest once in a while
	}
	l.messages = append(l.messages, m)
	return slices.Collect(maps.Values(l.subscribers))
}

func (l *messageLog) last() []Message {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.messages)
}

func (l *messageLog) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.effects
}

func (l *messageLog) subscribe(receive func(Message)) (cancel func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.subscribers == nil {
		l.subscribers = map[int]func(Message){}
	}
	id := l.next
	l.next++
	l.subscribers[id] = receive

	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.subscribers, id)
	}
}
