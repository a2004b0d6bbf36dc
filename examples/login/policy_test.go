package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify"
)

func TestWhenAPolicyAsks(t *testing.T) {
	now := time.Now()
	known := &device{Network: "192.0.2.0/24", Used: now.Add(-absence)}
	tests := map[string]struct {
		policy policy
		device *device
		net    string
		asks   bool
	}{
		"never, on a new device":          {never, nil, "192.0.2.0/24", false},
		"always, on a known device":       {always, known, "192.0.2.0/24", true},
		"risky, as ever":                  {risky, known, "192.0.2.0/24", false},
		"risky, on a new device":          {risky, nil, "192.0.2.0/24", true},
		"risky, in a new network":         {risky, known, "198.51.100.0/24", true},
		"risky, after a long absence":     {risky, &device{Network: "192.0.2.0/24", Used: now.Add(-absence - time.Second)}, "192.0.2.0/24", true},
		"one that a database made up":     {"", known, "192.0.2.0/24", true},
		"another that a database made up": {"Never", known, "192.0.2.0/24", true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.asks, tc.policy.asks(tc.device, tc.net, now) != "")
		})
	}
}

func TestScopesKeepPurposesApart(t *testing.T) {
	none := verify.Capabilities{}
	some := verify.Capabilities{Scopes: []string{"login", "transfer"}}
	free := verify.Capabilities{MaxScope: 25}
	tests := map[string]struct {
		capabilities verify.Capabilities
		for_         purpose
		want         string
	}{
		"no scopes, login":       {none, loggingIn, ""},
		"no scopes, settings":    {none, settings, ""},
		"two scopes, login":      {some, loggingIn, "login"},
		"two scopes, enrolment":  {some, enrolment, ""},
		"two scopes, a call":     {some, callProof, ""},
		"two scopes, settings":   {some, settings, "login"},
		"free scopes, login":     {free, loggingIn, "login"},
		"free scopes, enrolment": {free, enrolment, "enrol"},
		"free scopes, a call":    {free, callProof, "call"},
		"free scopes, settings":  {free, settings, "settings"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tc.want, scope(tc.capabilities, tc.for_)) })
	}
	assert.Len(t, ownScope(payment{ID: "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}), 25, "what Bandwidth takes")
}
