package driver

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go2fa/verify"
)

// ByScope returns what serves each scope at a vendor that keeps the codes of scopes
// apart by a thing of its own: a Service, a profile, an application. The noun is the
// vendor's word for it and the name of its field in Config, in lower case there.
// The function check may fill in defaults. It returns the thing's id, which no other
// scope may have, or an error that begins with the field at fault, such as "ID is
// missing".
func ByScope[T any](vendor, noun string, first T, others map[string]T, check func(*T) (id string, err error)) (map[string]T, error) {
	things := map[string]T{}
	used := map[string]bool{}
	for _, scope := range slices.Sorted(maps.Keys(others)) {
		if !verify.IsScope(scope) {
			return nil, errors.New(vendor + ": a name in Scopes must be 1 to 64 of [A-Za-z0-9._:-]")
		}
	}
	for _, scope := range append([]string{""}, slices.Sorted(maps.Keys(others))...) {
		thing, field := first, strings.ToUpper(noun[:1])+noun[1:]
		if scope != "" {
			thing, field = others[scope], "Scopes"
		}
		id, err := check(&thing)
		switch id = strings.ToLower(id); {
		case err != nil:
			return nil, errors.New(vendor + ": " + field + "." + err.Error())
		case used[id]:
			return nil, errors.New(vendor + ": two scopes share one " + noun + ", and so their codes")
		}
		used[id], things[scope] = true, thing
	}
	return things, nil
}

// WithScopes returns c with the names of the scopes, and with the code lengths that
// they have together. The length of each is fixed; zero says that it is not known,
// and then Capabilities name none.
func WithScopes[T any](c verify.Capabilities, things map[string]T, digits func(T) int) verify.Capabilities {
	known := true
	for scope, thing := range things {
		if scope != "" {
			c.Scopes = append(c.Scopes, scope)
		}
		n := digits(thing)
		known = known && n != 0
		if c.MinDigits == 0 || n < c.MinDigits {
			c.MinDigits = n
		}
		c.MaxDigits = max(c.MaxDigits, n)
	}
	slices.Sort(c.Scopes)
	switch {
	case !known:
		c.MinDigits, c.MaxDigits = 0, 0
	case c.MinDigits == c.MaxDigits:
		c.DefaultDigits = c.MaxDigits
	}
	return c
}

// CodeLength compares the code length that a vendor's settings hold, a number in text,
// with the one in Config, and says what to change. By, such as " by sms", says where it
// stands. An error says that it is no length: 4 to 10 digits.
func CodeLength(found string, want int, by string) (fault string, err error) {
	switch n, err := strconv.Atoi(found); {
	case err != nil || !IsCodeLength(n):
		return "", errors.New("the answer's code length is none")
	case n != want:
		return "sends " + found + " digits" + by + ", not " + strconv.Itoa(want) + ": set its CodeLength to " + found, nil
	}
	return "", nil
}

// What a code length may be anywhere, in digits.
const minCode, maxCode = 4, 10

// A ScopeProbe reads what serves each scope, and says what is wrong with it.
type ScopeProbe struct {
	Noun   string   // the vendor's word: "profile"
	Scopes []string // without any the client was not made by its vendor's New
	// Call makes the call that reads the thing of a scope. Op, Method and Repeatable
	// are set.
	Call func(scope string) Call
	// NotFound is the vendor's code for a thing that does not exist, and Hint what to
	// look at then: "check its ID".
	NotFound, Hint string
	// ID is the path of the thing's own id in the answer, as [ScanAt] takes it with the
	// key at its end: it must be the first of the Args of the Call. Defaults to not looking.
	ID []string
	// Differences reads an answer of class 2xx and says in words what is wrong, such
	// as "sends 8 digits, not 6", or "" for nothing; its error says that the answer
	// cannot be trusted.
	Differences func(scope string, body []byte) ([]string, error)
}

// ProbeScopes probes what serves each scope, in the order of the scopes' names. An
// error that is about no thing ends the probe: the others would meet it as well.
func (a *API) ProbeScopes(ctx context.Context, p ScopeProbe) error {
	outcome, faults := verify.ErrRejected, []string(nil)
	if len(p.Scopes) == 0 {
		outcome, faults = verify.ErrUnsupported, []string{"the client was not made by New"}
	}
	for _, scope := range slices.Sorted(slices.Values(p.Scopes)) {
		found, err := a.probeScope(ctx, p, scope)
		if err != nil {
			return err
		}
		name := "the " + p.Noun + " of the empty scope "
		if scope != "" {
			name = "the " + p.Noun + " of scope " + scope + " "
		}
		for _, fault := range found {
			if fault != "" {
				faults = append(faults, name+fault)
			}
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return &verify.Error{Vendor: a.Capabilities.Vendor, Op: "probe", Outcome: outcome, Detail: strings.Join(faults, "; ")}
}

func (a *API) probeScope(ctx context.Context, p ScopeProbe, scope string) ([]string, error) {
	call := p.Call(scope)
	call.Op, call.Method, call.Repeatable = "probe", http.MethodGet, true
	reply, err := a.Client.Do(ctx, call)
	var e *verify.Error
	if errors.As(err, &e) && e.VendorCode == p.NotFound && p.NotFound != "" {
		return []string{"was not found: " + p.Hint}, nil
	}
	if err != nil {
		return nil, err
	}
	var found []string
	if err = p.isAbout(call, reply); err == nil {
		found, err = p.Differences(scope, reply.Body)
	}
	if err != nil {
		return nil, a.Client.Unknown("probe", reply, err.Error())
	}
	return found, nil
}

// isAbout compares the id in an answer with the one that was asked for.
func (p ScopeProbe) isAbout(call Call, reply Reply) error {
	last := len(p.ID) - 1
	if last < 0 {
		return nil
	}
	var id string
	err := ScanAt(reply.Body, p.ID[:last], Field{Key: p.ID[last], To: &id, Need: true})
	if err == nil && !strings.EqualFold(id, call.Args[0]) {
		err = errors.New("the answer speaks of another " + p.Noun)
	}
	return err
}
