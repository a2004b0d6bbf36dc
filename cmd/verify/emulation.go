package main

import (
	"cmp"
	"reflect"
	"slices"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"

	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/vendors"
)

// otpKey is the key of local codes, and of the ids that are kept, while vendors are
// emulated.
const otpKey = "emulatedotpkey000000000000000000"

// An emulation serves vendors, and the Redis that local codes and kept ids need.
type emulation struct {
	places []place
	redis  *miniredis.Miniredis // nil if no vendor needs it
	at     string               // where redis is served; a free port of loopback if empty
}

// A place is where an emulated vendor is reached.
type place struct {
	Vendor    string            `json:"vendor"`
	URL       string            `json:"url"`
	DSN       string            `json:"dsn"`
	DSNUsers  string            `json:"dsn_users,omitempty"`
	Directory map[string]string `json:"directory,omitempty"` // of dsn_users, for -directory

	server *emulator.Server
}

// A listener gets each message and the name of its scope, which is empty if the
// application named none.
type listener func(m emulator.Message, scope string)

func scopeOf(m emulator.Message, s emulator.Sample) string {
	if m.Scope == "" || m.Scope == s.EmptyScope {
		return ""
	}
	return cmp.Or(s.ScopeWord, "scope") + " " + m.Scope
}

// startEmulation serves vendors, and hands their messages to onMessage.
func startEmulation(picked []service, redis string, onMessage listener) (*emulation, error) {
	s := &emulation{at: redis}
	for _, e := range picked {
		p, err := s.start(e, onMessage)
		if err != nil {
			s.close()
			return nil, err
		}
		s.places = append(s.places, p)
	}
	return s, nil
}

// start serves a vendor. One that knows people has the demo's recipient as a user,
// so that there is somebody to send to.
func (s *emulation) start(v service, onMessage listener) (place, error) {
	e, sample := v.New(emulator.Setup{People: []string{demoRecipient}, Settings: v.settings})
	e.Subscribe(func(m emulator.Message) { onMessage(m, scopeOf(m, sample)) })
	served, err := emulator.Serve(e, v.addr)
	if err != nil {
		return place{}, misuse(v.Facts.Scheme + " cannot be served: its port is not free; -" + v.Facts.Scheme + " HOST:PORT serves it elsewhere")
	}
	p := place{Vendor: sample.Scheme, URL: served.URL, DSN: sample.DSN(served.URL), server: served}
	if sample.Messenger {
		engine, err := s.engine(sample.Scheme)
		if err != nil {
			served.Close()
			return place{}, noRedis()
		}
		p.DSN += engine
	}
	if checksByID(sample.Scheme) {
		refs, err := s.references(sample.Scheme)
		if err != nil {
			served.Close()
			return place{}, noRedis()
		}
		p.DSN += refs
	}
	if len(sample.Directory) > 0 {
		p.Directory = sample.Directory
		sample.Settings["product"] = "users"
		p.DSNUsers = sample.DSN(served.URL)
	}
	return p, nil
}

func noRedis() error {
	return misuse("the Redis of local codes cannot be served: its port is not free; -redis HOST:PORT serves it elsewhere")
}

// engine returns the settings of local codes. Each vendor has keys of its own in
// Redis, so that a code of one does not keep the next from sending.
func (s *emulation) engine(vendor string) (string, error) {
	err := s.startRedis()
	return "&code_key=" + otpKey + "&store=" + s.redisURL() + "?prefix=" + vendor + ":", err
}

// checksByID reports whether a check needs the id that its send returned.
func checksByID(scheme string) bool {
	return slices.ContainsFunc(everyVendor(), func(v vendors.Vendor) bool {
		return v.Scheme == scheme && slices.ContainsFunc(v.Configs, func(c reflect.Type) bool {
			f, ok := c.FieldByName("ReferencesURL")
			return ok && f.Tag.Get("dsn") == "references"
		})
	})
}

// references returns the settings by which "verify check" finds what "verify send"
// was answered with, in another process.
func (s *emulation) references(vendor string) (string, error) {
	err := s.startRedis()
	return "&key=" + otpKey + "&references=" + s.redisURL() + "?prefix=" + vendor + ":", err
}

// startRedis does so if it is wanted for the first time.
func (s *emulation) startRedis() error {
	if s.redis != nil {
		return nil
	}
	redis := miniredis.NewMiniRedis()
	if err := redis.StartAddr(cmp.Or(s.at, "127.0.0.1:0")); err != nil {
		return err
	}
	redis.Server().SetPreHook(tellPolicy)
	s.redis = redis
	return nil
}

func (s *emulation) redisURL() string {
	if s.redis == nil {
		return ""
	}
	return "redis://" + s.redis.Addr() + "/0"
}

// tellPolicy answers INFO, which doctor asks for, and of which miniredis knows a
// part only. It never evicts.
func tellPolicy(c *server.Peer, command string, args ...string) bool {
	asked := command == "INFO" && len(args) == 0
	if asked {
		c.WriteBulk("redis_mode:standalone\r\nrole:master\r\nmaxmemory_policy:noeviction\r\n")
	}
	return asked
}

func (s *emulation) close() {
	for _, p := range s.places {
		p.server.Close()
	}
	if s.redis != nil {
		s.redis.Close()
	}
}
