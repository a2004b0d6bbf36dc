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
	To      string    // a phone number with its plus, or an e-mail address
	Channel string    // "sms", "voice", "whatsapp", "email" or "app", for every vendor
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

// A Log remembers the last messages of an emulator. Its zero value is empty and
// ready, and it is safe for concurrent use.
type Log struct {
	order sync.Mutex // held while subscribers are told, so that all hear one order

	mu          sync.Mutex
	messages    []Message
	effects     int
	subscribers map[int]func(Message)
	next        int
}

// Add appends a message that was just sent and tells the subscribers.
func (l *Log) Add(m Message) {
	l.order.Lock()
	defer l.order.Unlock()

	for _, tell := range l.append(m) {
		tell(m)
	}
}

func (l *Log) append(m Message) []func(Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.effects++
	if len(l.messages) == keep {
		l.messages = l.messages[1:] // append moves the rest once in a while
	}
	l.messages = append(l.messages, m)
	return slices.Collect(maps.Values(l.subscribers))
}

// Messages returns the last thousand messages, the newest last.
func (l *Log) Messages() []Message {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.messages)
}

// Effects returns how many messages were ever added: what a vendor would bill.
func (l *Log) Effects() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.effects
}

// Subscribe has tell called with each message from now on, one at a time and in
// order, before the vendor's answer leaves. It must not block and must not add
// messages. The function returned ends the subscription; one message may still
// be on its way.
func (l *Log) Subscribe(tell func(Message)) (cancel func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.subscribers == nil {
		l.subscribers = map[int]func(Message){}
	}
	id := l.next
	l.next++
	l.subscribers[id] = tell

	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.subscribers, id)
	}
}
