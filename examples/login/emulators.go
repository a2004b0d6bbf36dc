package main

import (
	"crypto/rand"
	"errors"
	"net/http"
	"sync"

	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/vendors/emulated"
)

// The Services of the vendor that is emulated by default, one for each scope.
const (
	loginService    = "VA00000000000000000000000000000001"
	settingsService = "VA00000000000000000000000000000002"
	transferService = "VA00000000000000000000000000000003"
	callService     = "VA00000000000000000000000000000004"
)

// demo asks an emulator for what this site can use. A vendor that needs no setting
// for its scopes ignores these.
var demo = emulator.Setup{Settings: map[string]string{
	"scope.login":         loginService,
	"scope.settings":      settingsService,
	"scope.call":          callService,
	"scope.transfer":      transferService,
	"scope.transfer.psd2": "true",
}}

// newEmulator returns the emulator of the vendor with a scheme.
func newEmulator(scheme string) (emulator.Emulator, emulator.Sample, error) {
	for _, v := range emulated.All() {
		if v.Facts.Scheme == scheme {
			e, sample := v.New(demo)
			return e, sample, nil
		}
	}
	return nil, emulator.Sample{}, errors.New("the vendor to emulate is none of " + emulatedSchemes())
}

func emulatedSchemes() (list string) {
	for i, v := range emulated.All() {
		if i > 0 {
			list += ", "
		}
		list += v.Facts.Scheme
	}
	return list
}

// emulatorDSN is the line by which the emulator at base is used like the vendor.
func emulatorDSN(sample emulator.Sample, base string) string {
	dsn := sample.DSN(base)
	if sample.Messenger {
		dsn += "&store=memory&code_key=" + rand.Text() + rand.Text()
	}
	return dsn
}

// emulate plays a vendor on loopback until the program ends, and returns its DSN
// and what it sends.
func emulate(scheme string) (dsn string, box *inbox, err error) {
	vendor, sample, err := newEmulator(scheme)
	if err != nil {
		return "", nil, err
	}
	box = &inbox{}
	vendor.Subscribe(box.add)
	server, err := emulator.Serve(vendor, "")
	if err != nil {
		return "", nil, err
	}
	return emulatorDSN(sample, server.URL), box, nil
}

// inboxSize is how many messages are kept.
const inboxSize = 50

// An inbox is every phone that the emulator sends to. It is safe for concurrent use.
type inbox struct {
	mu       sync.Mutex
	messages []emulator.Message
}

func (b *inbox) add(m emulator.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.messages = append([]emulator.Message{m}, b.messages...)
	b.messages = b.messages[:min(len(b.messages), inboxSize)]
}

// newest returns the messages, the last one first.
func (b *inbox) newest() []emulator.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]emulator.Message(nil), b.messages...)
}

func (s *site) showInbox(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, r, http.StatusOK, "inbox", "Inbox", s.inbox.newest())
}
