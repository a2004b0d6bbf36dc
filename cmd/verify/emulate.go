package main

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"time"
)

// emulate plays vendors until it is interrupted, which is how it shall end.
func emulate(ctx context.Context, t terminal, f *flags) error {
	picked, err := pick(f.set.Args())
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", f.addr)
	if err != nil {
		return misuse("the inbox cannot be served at -addr: is it host:port, and is the port free?")
	}
	box := &inbox{}
	s, err := play(ctx, picked, box.add)
	if err != nil {
		_ = listener.Close() // the process ends next
		return err
	}
	defer s.close()
	box.places = s.places
	server := &http.Server{Handler: box.handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // ends with http.ErrServerClosed
	defer func() { _ = server.Close() }()      // the process ends next

	t.announce(f, "http://"+listener.Addr().String(), box.places)
	<-ctx.Done()
	return nil
}

// announce prints where everything is, once all of it can be reached.
func (t terminal) announce(f *flags, inbox string, places []place) {
	if f.json {
		t.json(struct {
			Inbox string `json:"inbox"`
		}{inbox})
		for _, p := range places {
			t.json(p)
		}
		return
	}
	say(t.out, "inbox %s\n", inbox)
	for _, p := range places {
		say(t.out, "%s %s %s\n", p.Vendor, p.URL, strings.TrimSpace(p.DSN+" "+p.DSNUsers))
		if p.DSNUsers != "" {
			known, _ := json.Marshal(p.Directory) // strings always marshal
			say(t.err, "The second DSN of %s takes -directory FILE, and FILE holds who is registered: %s\n", p.Vendor, known)
		}
	}
	say(t.err, "Interrupt (ctrl-C) to end. In a shell, quote a DSN.\n")
}
