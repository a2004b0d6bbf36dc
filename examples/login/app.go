package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"
	"rsc.io/qr"

	"github.com/go2fa/verify"
)

// setupLife is how long one secret is offered: as long as its token is good.
const setupLife = 15 * time.Minute

// A setup is an app that is being set up. It holds the secret, and is in the
// session alone, until a code of it was typed.
type setup struct {
	Login, URI, Secret, Token string
	Made                      time.Time
}

// setup returns the one that this login has begun, or false.
func (s *site) setup(r *http.Request, key string) (e setup, ok bool) {
	err := json.Unmarshal([]byte(s.sessions.GetString(r.Context(), "setup")), &e)
	return e, err == nil && e.Login == key && time.Since(e.Made) < setupLife
}

func (s *site) beginSetup(r *http.Request, v visitor) (setup, error) {
	made, err := s.apps.Enroll(r.Context(), v.account.Name)
	if err != nil {
		return setup{}, err
	}
	e := setup{Login: v.key, URI: made.URI, Secret: made.Secret, Token: made.Token, Made: time.Now()}
	text, err := json.Marshal(e) //nolint:gosec // into the session, which the site keeps
	s.sessions.Put(r.Context(), "setup", string(text))
	return e, err
}

type appView struct {
	Replaces bool
	QR       template.HTML
	URI      template.URL
	Groups   string // the secret, to type
	Refusal  string
	OldFault bool // of the code of the old app
}

// app shows what to scan. A reload shows the same, since it may have been scanned
// already.
func (s *site) app(w http.ResponseWriter, r *http.Request, v visitor) error {
	if v.account.App.IsZero() && v.login.Grant != grantApp {
		s.say(r, bad, "To add an authenticator app, confirm it by a code first.")
		return seeOther(w, r, "/")
	}
	return s.askApp(w, r, v, http.StatusOK, appView{})
}

func (s *site) askApp(w http.ResponseWriter, r *http.Request, v visitor, status int, view appView) error {
	e, ok := s.setup(r, v.key)
	if !ok {
		var err error
		if e, err = s.beginSetup(r, v); err != nil {
			return err
		}
	}
	code, err := qr.Encode(e.URI, qr.M)
	if err != nil {
		return err
	}
	view.Replaces, view.Groups, view.QR = !v.account.App.IsZero(), groups(e.Secret), drawing(code)
	view.URI = template.URL(e.URI) //nolint:gosec // G203: made by package totp
	title := "Add an authenticator app"
	if view.Replaces {
		title = "Replace the authenticator app"
	}
	return s.show(w, r, status, "app", title, view)
}

// takeApp keeps the app, once a code of it is typed. To replace one, a code of the
// old one is the proof, and both are done in one step.
func (s *site) takeApp(w http.ResponseWriter, r *http.Request, v visitor) error {
	e, ok := s.setup(r, v.key)
	if !ok {
		s.say(r, bad, "This page was open for too long. Start again.")
		return seeOther(w, r, "/app")
	}
	code, old := verify.CleanCode(r.PostFormValue("code")), verify.CleanCode(r.PostFormValue("old-code"))
	if replaces := !v.account.App.IsZero(); !isAppCode(code) || replaces && !isAppCode(old) {
		return s.askApp(w, r, v, http.StatusUnprocessableEntity, appView{Refusal: "The app shows 6 digits. Nothing was counted.", OldFault: isAppCode(code)})
	}
	took, err := s.keepApp(v, e.Token, old, code)
	switch {
	case err != nil:
		return err
	case !took.granted:
		s.say(r, bad, "To add an authenticator app, confirm it by a code first.")
		return seeOther(w, r, "/")
	case took.checked != nil:
		view := appView{Refusal: setupSentence(took.checked), OldFault: isOfOld(took.checked)}
		return s.askApp(w, r, v, http.StatusUnprocessableEntity, view)
	}
	s.sessions.Remove(r.Context(), "setup")
	return s.pass(w, r, v.account.Name, took.passage)
}

// took is what became of an app that was to be kept.
type took struct {
	passage
	granted bool
	checked error // nil: it is kept
}

// keepApp confirms or replaces in the transaction that changes the account: of two
// apps that are confirmed at once one is kept, and the other login has ended.
func (s *site) keepApp(v visitor, token, oldCode, code string) (t took, err error) {
	err = s.store.change(v.account.Name, func(tx *bolt.Tx, a *account) error {
		l, in := load[login](tx, logins, v.key)
		if !in || !a.On() {
			return errGone
		}
		told := toldAppReplaced
		if t.granted = !a.App.IsZero(); t.granted {
			t.checked = s.apps.Replace(within(tx), a.Name, token, oldCode, code)
			a.noteBlock(t.checked)
		} else if t.granted = l.Grant == grantApp && time.Since(l.Granted) <= grantLife; t.granted {
			told = toldAppAdded
			t.checked = s.apps.Confirm(within(tx), a.Name, token, code)
		}
		if !t.granted || t.checked != nil {
			return nil // what was charged stays charged
		}
		a.App = time.Now()
		t.passage, err = s.changedFactors(tx, a, v.key, told)
		return err
	})
	return t, err
}

// changedFactors ends every other login and every remembered device, as every change
// of the lock does, and has the person told.
func (s *site) changedFactors(tx *bolt.Tx, a *account, key, told string) (passage, error) {
	if err := forgetTrust(tx, a.Name, key); err != nil {
		return passage{}, err
	}
	a.note(told)
	renewed, err := newLogin(tx, a.Name, key, true)
	return passage{next: "/", login: renewed, tone: good, notice: told, told: told, to: a.phones()}, err
}

// appRemoved takes the app out of an account.
func (s *site) appRemoved(tx *bolt.Tx, a *account, key string) (passage, error) {
	if err := s.dropApp(tx, a); err != nil {
		return passage{}, err
	}
	return s.changedFactors(tx, a, key, toldAppRemoved)
}

func (s *site) dropApp(tx *bolt.Tx, a *account) error {
	a.App, a.AppBlocked = time.Time{}, false
	return s.apps.Remove(within(tx), a.Name)
}

// noteBlock remembers that the app is blocked, until another factor lifts it.
func (a *account) noteBlock(checked error) {
	a.AppBlocked = a.AppBlocked || errors.Is(checked, verify.ErrBlocked)
}

// checkApp takes one code of the app. Package totp counts it before it is compared,
// in the transaction that opens what the challenge was for.
func (s *site) checkApp(w http.ResponseWriter, r *http.Request, v visitor) error {
	id, typed := r.PathValue("id"), verify.CleanCode(r.PostFormValue("code"))
	here := "/code/" + id + "?by=app"
	if !isAppCode(typed) {
		s.say(r, bad, "The app shows 6 digits. This did not count as a try.")
		return seeOther(w, r, here)
	}
	passed, checked, err := s.attemptBy(appFactor, s.appChecks, v, id, typed, r.PostFormValue("once"), s.origin(r, v.account.Name))
	switch {
	case errors.Is(err, errSpent):
		return seeOther(w, r, "/")
	case err != nil:
		return err
	case checked == nil:
		return s.pass(w, r, v.account.Name, passed)
	}
	return s.pass(w, r, v.account.Name, passage{next: here, tone: bad, notice: appSentence(checked)})
}

// attemptBy takes one code of a factor that a checker keeps, and approves the challenge,
// in one transaction.
func (s *site) attemptBy(f factor, checker verify.Checker, v visitor, id, typed, once string, from origin) (p passage, checked, err error) {
	err = s.store.change(v.account.Name, func(tx *bolt.Tx, a *account) error {
		c, _, err := s.find(tx, v, id)
		switch {
		case err != nil:
			return err
		case c.Done:
			return errSpent
		case !s.takes(c, *a, f):
			return errGone
		}
		if checked = checker.Check(within(tx), a.Name, typed, c.attempted(once)...); checked != nil {
			if f == appFactor {
				a.noteBlock(checked)
			}
			return save(tx, challenges, a.Name+"/"+id, c) // what was charged stays charged
		}
		if p, err = s.approve(tx, &c, a, f, v.key, from); err != nil {
			return err
		}
		return save(tx, challenges, a.Name+"/"+id, c)
	})
	return p, checked, err
}

func isAppCode(typed string) bool { return len(typed) == 6 && strings.Trim(typed, "0123456789") == "" }

// appSentence tells a person what became of a code of the app.
func appSentence(err error) string {
	switch verify.OutcomeOf(err) {
	case verify.ErrMismatch:
		return "This code is wrong. You have " + tries(fewer(5, err)) + " left before a pause."
	case verify.ErrNotPending:
		return "This code was used already. Wait until the app shows the next one."
	case verify.ErrTooManyAttempts:
		return "Too many wrong codes of the app: even the right one is refused now. Try again in " + wait(err) + ", or use another way."
	case verify.ErrBlocked:
		return "Too many wrong codes: the app is blocked. Log in another way, and it works again."
	}
	return "We do not know whether the code was right. Type the next one that the app shows."
}

// isOfOld reports whether a code of the old app is why a new one was not kept.
func isOfOld(err error) bool {
	var e *verify.Error
	if !errors.As(err, &e) || e.Op != "replace" {
		return false
	}
	return e.AttemptsLeft > 0 || e.Outcome != verify.ErrMismatch
}

// setupSentence tells a person why an app was not kept.
func setupSentence(err error) string {
	switch {
	case isOfOld(err):
		return "Of the old app: " + appSentence(err)
	case errors.Is(err, verify.ErrMismatch):
		return "This is not the code that we expect. Is the clock of your phone right? Type the one that the app shows now."
	}
	return "The app was not kept. Please start again."
}

// groups has four letters together, as one types them.
func groups(secret string) string {
	var b strings.Builder
	for i, letter := range secret {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(letter)
	}
	return b.String()
}

// drawing is a QR code as SVG within the page, which the site's rules for content
// admit as they are. It is black on white in the dark, too: many readers take no
// other.
func drawing(code *qr.Code) template.HTML {
	var path strings.Builder
	for y := range code.Size {
		for x := 0; x < code.Size; x++ {
			from := x
			for x < code.Size && code.Black(x, y) {
				x++
			}
			if n := x - from; n > 0 {
				_, _ = fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", from, y, n, n) // a builder takes all
			}
		}
	}
	return template.HTML(fmt.Sprintf( //nolint:gosec // G203: numbers of ours
		`<svg id="qr" class="qr" viewBox="-4 -4 %d %d" role="img" aria-label="QR code for your authenticator app" shape-rendering="crispEdges"><path d="%s"/></svg>`,
		code.Size+8, code.Size+8, path.String()))
}
