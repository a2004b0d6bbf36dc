package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	bolt "go.etcd.io/bbolt"
)

// A passkey is one that a person has made for this site.
type passkey struct {
	ID         string // ours, short
	Name       string
	Made, Used time.Time
	Copied     bool // its counter went back: it opens nothing any more
	Credential webauthn.Credential
}

// Shown is when it was made.
func (p passkey) Shown() string { return day(p.Made) }

// maxPasskeys is how many a person may have.
const maxPasskeys = 10

// opens are the passkeys of an account that are good for something.
func (a account) opens() []passkey {
	return slices.DeleteFunc(slices.Clone(a.Passkeys), func(p passkey) bool { return p.Copied })
}

// A holder is an account as package webauthn sees it.
type holder struct{ account }

// WebAuthnID is a random id: it is kept in the passkey, and says nothing.
func (h holder) WebAuthnID() []byte { return h.Handle }

// WebAuthnName is what the person knows the account by.
func (h holder) WebAuthnName() string { return h.Name }

// WebAuthnDisplayName is the same.
func (h holder) WebAuthnDisplayName() string { return h.Name }

// WebAuthnCredentials are those that open something.
func (h holder) WebAuthnCredentials() []webauthn.Credential {
	var list []webauthn.Credential
	for _, p := range h.opens() {
		list = append(list, p.Credential)
	}
	return list
}

// openPasskeys has the site take passkeys at one origin. Without one it offers none:
// a passkey is bound to a name, and an IP address is none.
func (s *site) openPasskeys(origin string) error {
	if origin == "" {
		return nil
	}
	at, err := url.Parse(origin)
	if err != nil {
		return errors.New("the origin is one such as https://bank.example.com")
	}
	limit := webauthn.TimeoutConfig{Enforce: true, Timeout: 5 * time.Minute, TimeoutUVD: 5 * time.Minute}
	s.origins = origin
	s.web, err = webauthn.New(&webauthn.Config{
		RPID: at.Hostname(), RPDisplayName: "Acme Bank", RPOrigins: []string{origin},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementPreferred, UserVerification: protocol.VerificationPreferred,
		},
		Timeouts: webauthn.TimeoutsConfig{Login: limit, Registration: limit},
		// Password managers send credProps unasked. Nothing here depends on any.
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore,
	})
	return err
}

type passkeyView struct {
	At      string // where the form goes
	Options string // for the browser
	Origin  string // where passkeys work
	Makes   bool
	Why     string
	Back    string
	Refusal string
}

// passkeyForm asks the browser for a new passkey.
func (s *site) passkeyForm(w http.ResponseWriter, r *http.Request, v visitor) error {
	return s.askPasskey(w, r, v, http.StatusOK, "")
}

func (s *site) askPasskey(w http.ResponseWriter, r *http.Request, v visitor, status int, refusal string) error {
	if s.web == nil {
		return errGone
	}
	if v.login.Grant != grantPasskey {
		s.say(r, bad, "To add a passkey, confirm it by a code first.")
		return seeOther(w, r, "/")
	}
	view := passkeyView{At: "/passkeys", Origin: s.origins, Makes: true, Back: "/", Refusal: refusal}
	err := s.store.change(v.account.Name, func(tx *bolt.Tx, a *account) error {
		l, in := load[login](tx, logins, v.key)
		if !in {
			return errGone
		}
		if len(a.Handle) == 0 {
			a.Handle = make([]byte, 32)
			_, _ = rand.Read(a.Handle) // never fails: it ends the program instead
		}
		var exclude []protocol.CredentialDescriptor
		for _, p := range a.Passkeys {
			exclude = append(exclude, p.Credential.Descriptor())
		}
		options, session, err := s.web.BeginRegistration(holder{*a}, webauthn.WithExclusions(exclude))
		if err != nil {
			return err
		}
		if view.Options, err = text(options); err != nil {
			return err
		}
		l.Passkey = session
		return save(tx, logins, v.key, l)
	})
	if err != nil {
		return err
	}
	return s.show(w, r, status, "passkey", "Add a passkey", view)
}

func text(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// takePasskey keeps a new passkey. Each question of ours is answered once.
func (s *site) takePasskey(w http.ResponseWriter, r *http.Request, v visitor) error {
	if s.web == nil {
		return errGone
	}
	name := strings.TrimSpace(r.PostFormValue("name"))
	if name == "" || !isPayee(name) {
		name = "Passkey"
	}
	answer, parsed := protocol.ParseCredentialCreationResponseBytes([]byte(r.PostFormValue("credential")))
	var passed passage
	kept := false
	err := s.store.change(v.account.Name, func(tx *bolt.Tx, a *account) error {
		l, in := load[login](tx, logins, v.key)
		if !in || !a.On() {
			return errGone
		}
		asked := l.Passkey
		l.Passkey = nil
		granted := l.Grant == grantPasskey && time.Since(l.Granted) <= grantLife
		if err := save(tx, logins, v.key, l); err != nil {
			return err
		}
		if !granted || asked == nil || parsed != nil || len(a.Passkeys) >= maxPasskeys {
			return nil
		}
		made, err := s.web.CreateCredential(holder{*a}, *asked, answer)
		if err != nil {
			return nil //nolint:nilerr // the person is told, and the question stays spent
		}
		id := base64.RawURLEncoding.EncodeToString(made.ID) // up to 1023 bytes
		if _, taken := load[string](tx, passkeyIDs, id); taken {
			return nil
		}
		a.Passkeys = append(a.Passkeys, passkey{ID: rand.Text()[:16], Name: name, Made: time.Now(), Credential: *made})
		if err := save(tx, passkeyIDs, id, a.Name); err != nil {
			return err
		}
		kept = true
		passed, err = s.changedFactors(tx, a, v.key, toldPasskeyAdded)
		return err
	})
	if err != nil {
		return err
	}
	if !kept {
		return s.askPasskey(w, r, v, http.StatusUnprocessableEntity, "The passkey was not kept. Please try again.")
	}
	return s.pass(w, r, v.account.Name, passed)
}

// passkeyRemoved takes one passkey out of an account.
func (s *site) passkeyRemoved(tx *bolt.Tx, a *account, key, id string) (passage, error) {
	for i, p := range a.Passkeys {
		if p.ID == id {
			a.Passkeys = slices.Delete(a.Passkeys, i, i+1)
			if err := drop(tx, passkeyIDs, base64.RawURLEncoding.EncodeToString(p.Credential.ID)); err != nil {
				return passage{}, err
			}
			return s.changedFactors(tx, a, key, toldPasskeyRemoved)
		}
	}
	return passage{}, errGone
}

// dropPasskeys forgets all of an account.
func dropPasskeys(tx *bolt.Tx, a *account) error {
	for _, p := range a.Passkeys {
		if err := drop(tx, passkeyIDs, base64.RawURLEncoding.EncodeToString(p.Credential.ID)); err != nil {
			return err
		}
	}
	a.Passkeys = nil
	return nil
}

// mayRemovePasskey reports whether an account has a passkey and can do without it.
func (s *site) mayRemovePasskey(a account, id string) bool {
	i := slices.IndexFunc(a.Passkeys, func(p passkey) bool { return p.ID == id })
	return i >= 0 && (a.Passkeys[i].Copied || len(a.opens()) > 1 || !s.isLast(a, passkeyFactor))
}

// askForPasskey has a challenge answered by a passkey.
func (s *site) askForPasskey(w http.ResponseWriter, r *http.Request, v visitor) error {
	id := r.PathValue("id")
	view := passkeyView{At: "/code/" + id + "/passkey", Origin: s.origins, Back: "/code/" + id}
	err := s.store.change(v.account.Name, func(tx *bolt.Tx, a *account) error {
		c, _, err := s.find(tx, v, id)
		if err != nil {
			return err
		}
		if s.web == nil || c.Done || !s.takes(c, *a, passkeyFactor) {
			return errGone
		}
		options, session, err := s.web.BeginLogin(holder{*a})
		if err != nil {
			return err
		}
		c.Passkey, view.Why = session, c.Why
		if view.Options, err = text(options); err != nil {
			return err
		}
		return save(tx, challenges, a.Name+"/"+id, c)
	})
	if err != nil {
		return err
	}
	return s.show(w, r, http.StatusOK, "passkey", "Use a passkey", view)
}

// errCopied says that the counter of a passkey went back: two devices have it.
var (
	errCopied  = errors.New("the passkey may have been copied")
	errPasskey = errors.New("the passkey did not open it")
)

// checkPasskey takes the answer of the browser.
func (s *site) checkPasskey(w http.ResponseWriter, r *http.Request, v visitor) error {
	id := r.PathValue("id")
	passed, checked, err := s.attemptPasskey(v, id, r.PostFormValue("credential"), s.origin(r, v.account.Name))
	switch {
	case errors.Is(err, errSpent):
		return seeOther(w, r, "/")
	case err != nil:
		return err
	case checked == nil:
		return s.pass(w, r, v.account.Name, passed)
	case errors.Is(checked, errCopied):
		s.tell(r.Context(), passed.to, passed.told)
		s.say(r, bad, "This passkey may have been copied, so that it is switched off. Use another way, and remove it.")
	default:
		s.say(r, bad, "The passkey did not open it. Try again, or use another way.")
	}
	return seeOther(w, r, "/code/"+id)
}

// attemptPasskey spends the question, whatever the answer is.
func (s *site) attemptPasskey(v visitor, id, text string, from origin) (p passage, checked, err error) {
	answer, parsed := protocol.ParseCredentialRequestResponseBytes([]byte(text))
	err = s.store.change(v.account.Name, func(tx *bolt.Tx, a *account) error {
		c, _, err := s.find(tx, v, id)
		switch {
		case err != nil:
			return err
		case c.Done:
			return errSpent
		case s.web == nil || !s.takes(c, *a, passkeyFactor):
			return errGone
		}
		asked := c.Passkey
		c.Passkey = nil
		switch used, bad := s.usedPasskey(a, asked, answer, parsed); {
		case bad != nil:
			checked = bad
			if errors.Is(bad, errCopied) {
				a.note(toldPasskeyCopied)
				p.told, p.to = toldPasskeyCopied, a.phones()
			}
		default:
			used.Used = time.Now()
			if p, err = s.approve(tx, &c, a, passkeyFactor, v.key, from); err != nil {
				return err
			}
		}
		return save(tx, challenges, a.Name+"/"+id, c)
	})
	return p, checked, err
}

// usedPasskey returns the passkey of the account that has answered, with its new
// counter.
func (s *site) usedPasskey(a *account, asked *webauthn.SessionData, answer *protocol.ParsedCredentialAssertionData, parsed error) (*passkey, error) {
	if asked == nil || parsed != nil {
		return nil, errPasskey
	}
	used, err := s.web.ValidateLogin(holder{*a}, *asked, answer)
	if err != nil {
		return nil, errPasskey // what the package says quotes the answer
	}
	for i := range a.Passkeys {
		if p := &a.Passkeys[i]; !p.Copied && string(p.Credential.ID) == string(used.ID) {
			if p.Copied = used.Authenticator.CloneWarning; p.Copied {
				return nil, errCopied
			}
			p.Credential = *used
			return p, nil
		}
	}
	return nil, errPasskey
}

// A passkeyRow is one as the page of the account shows it.
type passkeyRow struct {
	passkey
	Removable bool
}

func (s *site) passkeyList(a account) []passkeyRow {
	var rows []passkeyRow
	for _, p := range a.Passkeys {
		rows = append(rows, passkeyRow{p, s.mayRemovePasskey(a, p.ID)})
	}
	return rows
}
