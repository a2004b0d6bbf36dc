package verifytest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/go2fa/verify"
)

// minSecret is how long a string must be to be told from chance: a code of four
// digits may well be a part of a vendor's reference.
const minSecret = 6

// maxCode is how long a code may be: six to ten digits stand in a random
// reference by chance, eleven do not.
const maxCode = 10

// inspectError looks at every error of every scenario.
func (s *scenarioRun) inspectError(op string, err error) {
	s.t.Helper()
	if err == nil {
		return
	}
	var matched []verify.Outcome
	for _, o := range outcomes {
		if errors.Is(err, o) {
			matched = append(matched, o)
		}
	}
	if len(matched) != 1 {
		s.broken(oneOutcome, "%q matches %d outcomes: %v", err, len(matched), matched)
	}

	var e *verify.Error
	if !errors.As(err, &e) {
		s.broken(oneOutcome, "%q is no *verify.Error", err)
		return
	}
	if e.Vendor == "" || e.Op != op {
		s.broken(oneOutcome, "an error names vendor %q and operation %q, not a vendor and %q", e.Vendor, e.Op, op)
	}
	if e.RetryAfter < 0 || e.AttemptsLeft < 0 || e.AttemptsLeft > 0 && !errors.Is(err, verify.ErrMismatch) {
		s.broken(oneOutcome, "%q: a wait of %v, %d attempts left", err, e.RetryAfter, e.AttemptsLeft)
	}
	var withURL *url.Error
	if errors.As(err, &withURL) {
		s.broken(private, "an error wraps a *url.Error, which holds the URL")
	}
	s.searchID("an error of "+op, "RequestID", e.RequestID)
	s.search("an error of "+op, err, e.RequestID)
}

// search looks for what must not be printed in all that prints v, but for a random
// reference, which searchID looks at. Its message names the way and not the find.
func (s *scenarioRun) search(what string, v any, id string) {
	s.t.Helper()
	secrets := s.secrets()
	for way, text := range printed(v) {
		if len(id) >= minSecret { // a shorter one holds no secret
			text = strings.ReplaceAll(text, id, "")
		}
		if slices.ContainsFunc(secrets, func(secret string) bool { return strings.Contains(text, secret) }) {
			s.broken(private, "%s printed with %s holds one", what, way)
		}
	}
}

// searchReceipt leaves out what holds six digits by chance: the fractions of
// seconds, and random references.
func (s *scenarioRun) searchReceipt(what string, r verify.Receipt) {
	s.t.Helper()
	s.searchID(what, "ID", r.ID)
	r.ID = ""
	r.ExpiresAt, r.ResendAt = r.ExpiresAt.Truncate(time.Second), r.ResendAt.Truncate(time.Second)
	s.search(what, r, "")
}

// searchID looks for secrets in a vendor's reference.
func (s *scenarioRun) searchID(what, field, id string) {
	s.t.Helper()
	if slices.ContainsFunc(s.secrets(), func(secret string) bool { return refersTo(id, secret) }) {
		s.broken(private, "%s printed with its %s holds one", what, field)
	}
}

// refersTo reports whether a reference holds a secret. One that may be a code
// must be the only digits of its word: a random word has more.
func refersTo(id, secret string) bool {
	if len(secret) > maxCode {
		return strings.Contains(id, secret)
	}
	isBetween := func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) }
	for word := range strings.FieldsFuncSeq(id, isBetween) {
		before, after, found := strings.Cut(word, secret)
		if found && !strings.ContainsFunc(before+after, unicode.IsDigit) {
			return true
		}
	}
	return false
}

func (s *scenarioRun) secrets() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := []string{"://"}
	for _, secret := range slices.Concat(s.given, s.target.Secrets) {
		if len(secret) >= minSecret {
			all = append(all, secret)
		}
		if verify.IsPhone(secret) {
			all = append(all, strings.TrimPrefix(secret, "+"+verify.CallingCode(secret)))
		}
	}
	return all
}

// printed is v in every way in which an application may print it.
func printed(v any) map[string]string {
	all := map[string]string{}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		all[verb] = fmt.Sprintf(verb, v)
		all[verb+" in a slice"] = fmt.Sprintf(verb, []any{v})
	}
	if text, err := json.Marshal(v); err == nil {
		all["encoding/json"] = string(text)
	}

	var text, object bytes.Buffer
	o := &slog.HandlerOptions{ReplaceAttr: timeless}
	slog.New(slog.NewTextHandler(&text, o)).Info("", "v", v)
	slog.New(slog.NewJSONHandler(&object, o)).Info("", "v", v)
	all["slog as text"], all["slog as JSON"] = text.String(), object.String()
	return all
}

// timeless drops a record's time, whose fraction of a second may hold a code by
// chance.
func timeless(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}
