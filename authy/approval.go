package authy

import (
	"encoding/json"
	"fmt"
	"net/url"
	"time"
	"unicode/utf8"
)

// Limits of an approval request: its message in characters, as
// https://www.twilio.com/docs/authy/api/push-authentications has it, and its
// life, as NIST SP 800-63B-4 section 3.1.3.2 has it.
const (
	maxMessage    = 144
	maxLife       = 10 * time.Minute
	defaultExpiry = 2 * time.Minute
)

// An Approval is a question that the Authy app puts to a person.
type Approval struct {
	// Message is the question, 1 to 144 characters of printable text: "Log in to
	// Acme?". Required.
	Message string
	// Details are shown below the question, by name. Defaults to none.
	Details map[string]string
	// Hidden is not shown, and comes back in callbacks. Defaults to none.
	Hidden map[string]string
	// Logos are https URLs by resolution: "default", "low", "med" and "high". With
	// any of them "default" is required. Defaults to the application's logo.
	Logos map[string]string
	// Expiry is how long the person has to answer: whole seconds, at most 10
	// minutes. Defaults to 2 minutes.
	Expiry time.Duration
}

// Format keeps an Approval, which may name a person, out of every print.
func (Approval) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("authy.Approval{[hidden]}")) }

// An ApprovalStatus says what became of an approval request. Its zero value is
// none of them.
type ApprovalStatus string

// What may become of an approval request. Only Approved is a yes.
const (
	Pending  ApprovalStatus = "pending"
	Approved ApprovalStatus = "approved"
	Denied   ApprovalStatus = "denied"
	Expired  ApprovalStatus = "expired"
)

func (s ApprovalStatus) known() bool {
	return s == Pending || s == Approved || s == Denied || s == Expired
}

// body writes an approval request, or says why it cannot.
func (a Approval) body() (body []byte, refusal string) {
	seconds := int(a.Expiry / time.Second)
	switch {
	case !isPrintable(a.Message, 4*maxMessage) || utf8.RuneCountInString(a.Message) > maxMessage:
		return nil, "the message must be 1 to 144 characters of printable text"
	case a.Expiry == 0:
		seconds = int(defaultExpiry / time.Second)
	case a.Expiry < time.Second || a.Expiry > maxLife || a.Expiry%time.Second != 0:
		return nil, "the expiry must be whole seconds, at most 10 minutes"
	}
	logos, ok := logoList(a.Logos)
	if !ok {
		return nil, "a logo is an https URL named default, low, med or high, and default is required"
	}
	body, _ = json.Marshal(struct { // strings always marshal
		Message string            `json:"message"`
		Details map[string]string `json:"details,omitempty"`
		Hidden  map[string]string `json:"hidden_details,omitempty"`
		Logos   []logo            `json:"logos,omitempty"`
		Seconds int               `json:"seconds_to_expire"` // zero would mean forever
	}{a.Message, a.Details, a.Hidden, logos, seconds})
	return body, ""
}

type logo struct {
	Res string `json:"res"`
	URL string `json:"url"`
}

func logoList(urls map[string]string) (list []logo, ok bool) {
	if len(urls) > 0 && urls["default"] == "" {
		return nil, false
	}
	for _, res := range [...]string{"default", "low", "med", "high"} {
		address, given := urls[res]
		if !given {
			continue
		}
		if u, err := url.Parse(address); err != nil || u.Scheme != "https" || u.Host == "" {
			return nil, false
		}
		list = append(list, logo{res, address})
	}
	return list, len(list) == len(urls)
}
