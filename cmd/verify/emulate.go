package main

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"time"
)

// emulate plays vendors until it is interrupted, which is how it should end.
func emulate(ctx context.Context, t terminal, f *flags) error {
	picked, redis, err := t.services(f)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", f.addr)
	if err != nil {
		return misuse("the inbox cannot be served at -addr: is it host:port, and is the port free?")
	}
	box := &inbox{began: time.Now()}
	defer func() { _ = listener.Close() }() // the server may have done it
	s, err := startEmulation(picked, redis, box.add)
	if err != nil {
		return err
	}
	defer s.close()
	box.places = s.places
	server := &http.Server{Handler: box.handler(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(listener) }() // ends with http.ErrServerClosed
	defer func() { _ = server.Close() }()      // the process ends next

	t.announce(f, "http://"+listener.Addr().String(), s)
	<-ctx.Done()
	return nil
}

// services says which vendors are emulated, where, and with which ids and secrets. Redis stands
// behind the vendors.
func (t terminal) services(f *flags) (picked []service, redis string, err error) {
	last := len(everyEmulator()) + 1
	if redis, err = behind(f.addr, last); err != nil {
		return nil, "", err
	}
	if f.redis != "" {
		redis = f.redis
	}
	picked, err = pick(f.set.Args(), func(scheme string, number int) string {
		if own := *f.at[scheme]; own != "" {
			return own
		}
		addr, _ := behind(f.addr, number) // there is room for the last
		return addr
	})
	if err != nil {
		return nil, "", err
	}
	c, known, err := f.source()
	if err != nil {
		return nil, "", err
	}
	accounts := map[string]map[string]string{}
	if known {
		if err := t.accounts(c, accounts); err != nil {
			return nil, "", err
		}
	}
	for i := range picked {
		picked[i].settings = accounts[picked[i].Facts.Scheme]
	}
	return picked, redis, nil
}

// announce prints where everything is, once all of it can be reached: for people
// a name on a line, and what is to be copied on the next.
func (t terminal) announce(f *flags, inbox string, s *emulation) {
	if f.json {
		t.json(struct {
			Inbox string `json:"inbox"`
			Redis string `json:"redis,omitempty"`
		}{inbox, s.redisURL()})
		for _, p := range s.places {
			t.json(p)
		}
		return
	}
	say(t.out, "inbox %s\n", inbox)
	if s.redis != nil {
		say(t.out, "redis %s\n", s.redisURL())
	}
	for _, p := range s.places {
		say(t.out, "%s %s\n    %s\n", p.Vendor, p.URL, p.DSN)
		if p.DSNUsers != "" {
			known, _ := json.Marshal(p.Directory) // strings always marshal
			say(t.out, "    %s\n", p.DSNUsers)
			say(t.err, "The second DSN of %s takes -directory FILE, and FILE holds who is registered: %s\n", p.Vendor, known)
		}
	}
	say(t.err, "Interrupt (ctrl-C) to end. In a shell, quote a DSN.\n")
}
