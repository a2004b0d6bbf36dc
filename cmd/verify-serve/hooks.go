package main

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/go2fa/verify/hooks"
	"github.com/go2fa/verify/internal/dsn"
)

// A server is an auth server that package hooks knows.
type server struct {
	open   func(hooks.Config, ...string) (http.Handler, error)
	header bool // its secret is an Authorization header
}

var servers = map[string]server{
	"supabase":  {open: hooks.Supabase},
	"zitadel":   {open: hooks.Zitadel},
	"authgear":  {open: authgear},
	"kratos":    {open: hooks.Kratos, header: true},
	"logto":     {open: hooks.Logto, header: true},
	"authentik": {open: hooks.Authentik, header: true},
	"auth0":     {open: hooks.Auth0, header: true},
}

func serverNames() string { return strings.Join(slices.Sorted(maps.Keys(servers)), ", ") }

func authgear(cfg hooks.Config, keys ...string) (http.Handler, error) {
	octets := make([][]byte, len(keys))
	for i, key := range keys {
		octets[i] = []byte(key)
	}
	return hooks.Authgear(cfg, octets...)
}

// readSecret reads env:NAME, file:PATH, bearer:SECRET or basic:USER:SECRET. A secret that
// stands in the arguments itself is refused: every user of the machine reads them.
func readSecret(name, text string) (string, error) {
	form, user := "", ""
	if rest, ok := strings.CutPrefix(text, "bearer:"); ok {
		form, text = "bearer:", rest
	} else if rest, ok := strings.CutPrefix(text, "basic:"); ok {
		form = "basic:"
		user, text, _ = strings.Cut(rest, ":")
	}
	if form != "" && !servers[name].header {
		return "", errors.New(name + " signs its requests: " + form + " is for servers that send an Authorization header")
	}
	if !dsn.IsReference(text) {
		return "", errors.New(name + ": the secret must be env:NAME or file:PATH, since everybody here can read the arguments")
	}
	secret, err := dsn.Read(text)
	switch {
	case err != nil:
		return "", fmt.Errorf("%s: %w", name, err)
	case form == "bearer:":
		return hooks.Bearer(secret), nil
	case form == "basic:":
		return hooks.Basic(user, secret), nil
	}
	return secret, nil
}
