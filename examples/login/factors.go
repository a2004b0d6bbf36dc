package main

import (
	"errors"
	"slices"
	"strings"
)

// A factor is a kind of second factor.
type factor string

const (
	phoneFactor   factor = "phone"   // a code that is sent to a proven number
	appFactor     factor = "app"     // a code of an authenticator app
	passkeyFactor factor = "passkey" // where a false page gets nothing
	paperFactor   factor = "paper"   // a recovery code, which always counts
)

// readFactors reads a list such as "phone,app". An empty one leaves the choice to
// the site.
func readFactors(list string) ([]factor, error) {
	if list == "" {
		return nil, nil
	}
	var read []factor
	for _, name := range strings.Split(list, ",") {
		f := factor(name)
		if f != phoneFactor && f != appFactor && f != passkeyFactor || slices.Contains(read, f) {
			return nil, errors.New("the factors that count are one or more of phone,app,passkey")
		}
		read = append(read, f)
	}
	return read, nil
}

// factors are those that an account has, recovery codes apart.
func (a account) factors() []factor {
	var has []factor
	if a.On() {
		has = append(has, phoneFactor)
	}
	if !a.App.IsZero() {
		has = append(has, appFactor)
	}
	if len(a.opens()) > 0 {
		has = append(has, passkeyFactor)
	}
	return has
}

// counting are the factors of an account that count on this site.
func (s *site) counting(a account) []factor {
	return slices.DeleteFunc(a.factors(), func(f factor) bool { return !slices.Contains(s.factors, f) })
}

// usable are the factors that may answer for an account: those that count, or, as
// long as it has none of them, those that it has. So a site where phones do not
// count still takes them from people who have not added anything better, and from
// nobody else.
func (s *site) usable(a account) []factor {
	if counting := s.counting(a); len(counting) > 0 {
		return counting
	}
	return a.factors()
}

// takes reports whether a factor may answer a challenge. A number is proven by the
// number, and a transfer is confirmed where its amount can be named, which is in no
// app: a code of one is good for whatever it is typed into.
func (s *site) takes(c challenge, a account, f factor) bool {
	if c.Purpose != loggingIn && c.Purpose != settings {
		return f == phoneFactor
	}
	return f == paperFactor || slices.Contains(s.usable(a), f)
}

// isLast reports whether an account would have no factor that counts without f.
func (s *site) isLast(a account, f factor) bool {
	counting := s.counting(a)
	return len(counting) == 1 && counting[0] == f
}
