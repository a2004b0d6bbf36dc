package email

import (
	"context"
	"crypto/tls"
	"errors"
	"net/textproto"
	"strconv"
	"strings"

	"github.com/go2fa/verify"
)

// A stage is how far a conversation came.
type stage int

const (
	atConnect stage = iota + 1
	atTLS
	atAuth
	atMail    // who sends
	atRcpt    // to whom
	atData    // may the text follow
	atContent // the text is on its way
)

// failure translates an error of one stage. What the server wrote, and what
// net and go-mail made of it, stays behind: it may quote an address.
func failure(ctx context.Context, op string, at stage, err error) *verify.Error {
	e := &verify.Error{Vendor: vendor, Op: op, Requests: 1}
	var reply *textproto.Error
	if errors.As(err, &reply) && reply.Code >= 400 && reply.Code <= 599 {
		enhanced := enhancedCode(reply.Msg)
		e.VendorCode = strings.TrimSpace(strconv.Itoa(reply.Code) + " " + enhanced)
		e.Outcome, e.Detail = refusal(at, reply.Code, enhanced)
		return e
	}
	e.Outcome, e.Err = silence(at, err), ctx.Err()
	e.Detail = why(at, err, e.Err)
	return e
}

// refusal translates a reply of the server. By RFC 5321 section 4.2.1 each 4xx
// and 5xx is a definite no, at every stage.
func refusal(at stage, code int, enhanced string) (verify.Outcome, string) {
	switch {
	case code < 500:
		return verify.ErrUnavailable, "the server asks to come back later"
	case at == atAuth || code == 530 || code == 535:
		return verify.ErrUnauthorized, "the server refused Username and Password, or asks for them"
	case at == atMail:
		return verify.ErrUnauthorized, "the server does not send for the address in From"
	case at == atRcpt:
		return recipientRefused(code, enhanced)
	case at == atData || at == atContent:
		return verify.ErrRejected, "the server refused this mail: look for its id in the server's log"
	}
	return verify.ErrUnavailable, "the server refused to talk to us"
}

// recipientRefused tells a mailbox that cannot be reached from a policy. The
// codes are those of RFC 5321 section 4.2.3 and RFC 3463 section 3.
func recipientRefused(code int, enhanced string) (verify.Outcome, string) {
	switch {
	case enhanced == "5.1.7" || enhanced == "5.1.8":
		return verify.ErrUnauthorized, "the server does not send for the address in From"
	case strings.HasPrefix(enhanced, "5.1.") || strings.HasPrefix(enhanced, "5.2."),
		enhanced == "" && (code >= 550 && code <= 553):
		return verify.ErrInvalidRecipient, "the server knows no such mailbox, or cannot fill it"
	}
	return verify.ErrRejected, "the server's policy refuses mail to this recipient"
}

// silence translates the lack of a definite reply.
func silence(at stage, err error) verify.Outcome {
	switch {
	case at == atContent:
		return verify.ErrOutcomeUnknown
	case errors.Is(err, errNoMechanism):
		return verify.ErrUnauthorized
	}
	return verify.ErrUnavailable
}

func why(at stage, err, cause error) string {
	var certificate *tls.CertificateVerificationError
	switch {
	case at == atContent:
		return "the server did not confirm the mail, which may arrive all the same"
	case cause != nil:
		return "time ran out, or the caller gave up, before anything was sent"
	case errors.Is(err, errElsewhere):
		return "Host is not on loopback, and a mail in the clear goes nowhere else"
	case errors.Is(err, errNoStartTLS):
		return "the server offers no STARTTLS, and a mail in the clear is refused"
	case errors.Is(err, errNoMechanism):
		return "the server offers none of PLAIN, LOGIN, SCRAM-SHA-256 and CRAM-MD5 to authenticate with"
	case errors.As(err, &certificate):
		return "the server's certificate is not trusted"
	case at == atTLS:
		return "the server and we agree on no TLS"
	}
	return "the server cannot be reached, hung up, or does not speak SMTP"
}

// enhancedCode returns the code of RFC 3463 that opens a reply, such as "5.1.1",
// or nothing.
func enhancedCode(text string) string {
	code, _, _ := strings.Cut(text, " ")
	parts := strings.Split(code, ".")
	if len(parts) != 3 || parts[0] != "4" && parts[0] != "5" || !isShortNumber(parts[1]) || !isShortNumber(parts[2]) {
		return ""
	}
	return code
}

func isShortNumber(s string) bool {
	return len(s) >= 1 && len(s) <= 3 && strings.Trim(s, "0123456789") == ""
}
