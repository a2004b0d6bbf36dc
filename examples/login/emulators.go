package main

import (
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/go2fa/verify/twilio/twiliotest"
)

// The Services of the vendor that is emulated, one for each scope.
const (
	loginService    = "VA00000000000000000000000000000001"
	settingsService = "VA00000000000000000000000000000002"
	transferService = "VA00000000000000000000000000000003"
	callService     = "VA00000000000000000000000000000004"
)

// newEmulator is a vendor with everything that this site can use.
func newEmulator() *twiliotest.Emulator {
	const name = "Acme Bank"
	return twiliotest.New(twiliotest.Options{Services: []twiliotest.Service{
		{SID: twiliotest.ServiceSID, FriendlyName: name},
		{SID: loginService, FriendlyName: name},
		{SID: settingsService, FriendlyName: name},
		{SID: callService, FriendlyName: name},
		{SID: transferService, FriendlyName: name, PSD2: true},
	}})
}

// emulatorDSN is the line by which the emulator at base is used like the vendor.
func emulatorDSN(base string) string {
	return "twilio://" + twiliotest.AccountSID + ":" + twiliotest.AuthToken + "@" + twiliotest.ServiceSID +
		"?scope.login=" + loginService + "&scope.settings=" + settingsService +
		"&scope.call=" + callService + "&scope.transfer=" + transferService + "&scope.transfer.psd2=true&base_url=" + url.QueryEscape(base)
}

// emulate plays the vendor on loopback until the program ends, and returns its
// DSN and what it sends.
func emulate() (dsn string, box *inbox, err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	vendor := newEmulator()
	box = &inbox{}
	vendor.Subscribe(box.add)
	server := &http.Server{Handler: vendor, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }() // ends with the program
	return emulatorDSN("http://" + listener.Addr().String()), box, nil
}

// inboxSize is how many messages are kept.
const inboxSize = 50

// An inbox is every phone that the emulator sends to. It is safe for concurrent use.
type inbox struct {
	mu       sync.Mutex
	messages []twiliotest.Message
}

func (b *inbox) add(m twiliotest.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.messages = append([]twiliotest.Message{m}, b.messages...)
	b.messages = b.messages[:min(len(b.messages), inboxSize)]
}

// newest returns the messages, the last one first.
func (b *inbox) newest() []twiliotest.Message {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]twiliotest.Message(nil), b.messages...)
}

func (s *site) showInbox(w http.ResponseWriter, r *http.Request) error {
	return s.show(w, r, http.StatusOK, "inbox", "Inbox", s.inbox.newest())
}
