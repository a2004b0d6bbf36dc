package main

import (
	"context"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"

	"github.com/go2fa/verify/emulator"
)

// otpKey is what local codes are kept under on a stage.
const otpKey = "emulatedotpkey000000000000000000"

// A stage is where vendors are played, with the Redis that local codes need.
type stage struct {
	places []place
	redis  *miniredis.Miniredis // nil if no vendor needs it
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

// play serves vendors on loopback and has their messages told.
func play(ctx context.Context, picked []emulator.Vendor, tell func(emulator.Message)) (*stage, error) {
	s := &stage{}
	for _, e := range picked {
		p, err := s.start(e, tell)
		if err != nil {
			s.close()
			return nil, misuse("no port is free on loopback")
		}
		s.places = append(s.places, p)
	}
	return s, nil
}

// start serves a vendor. One that knows people has the demo's recipient as a user,
// so that there is somebody to send to.
func (s *stage) start(v emulator.Vendor, tell func(emulator.Message)) (place, error) {
	e, sample := v.New(emulator.Setup{People: []string{demoRecipient}})
	e.Subscribe(tell)
	served, err := emulator.Serve(e, "")
	if err != nil {
		return place{}, err
	}
	p := place{Vendor: sample.Scheme, URL: served.URL, DSN: sample.DSN(served.URL), server: served}
	if sample.Messenger {
		engine, err := s.engine()
		if err != nil {
			served.Close()
			return place{}, err
		}
		p.DSN += engine
	}
	if len(sample.Directory) > 0 {
		p.Directory = sample.Directory
		sample.Settings["product"] = "users"
		p.DSNUsers = sample.DSN(served.URL)
	}
	return p, nil
}

// engine returns the settings of local codes, and starts their Redis if it is
// wanted for the first time.
func (s *stage) engine() (string, error) {
	if s.redis == nil {
		redis, err := miniredis.Run()
		if err != nil {
			return "", err
		}
		redis.Server().SetPreHook(tellPolicy)
		s.redis = redis
	}
	return "&key=" + otpKey + "&store=redis://" + s.redis.Addr() + "/0", nil
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

func (s *stage) close() {
	for _, p := range s.places {
		p.server.Close()
	}
	if s.redis != nil {
		s.redis.Close()
	}
}
