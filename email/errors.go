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
	atReset   // it was only a question
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
	e.Outcome, e.Err = silence(at, err, ctx.Err()), ctx.Err()
	e.Detail = why(at, err, e.Err)
	return e
}

// refusal translates a reply of the server. By RFC 5321 section 4.2.1 each 4xx
// and 5xx is a definite no, at every stage.
func refusal(at stage, code int, enhanced string) (verify.Outcome, string) {
	switch {
	case at >= atRcpt && isMailbox(at, code, enhanced):
		return mailboxRefused(code)
	case enhanced == "5.1.7" || enhanced == "5.1.8":
		return verify.ErrUnauthorized, "the server does not send for the address in From"
	case isSyntax(code, enhanced) && at != atAuth, at == atConnect && code == 501:
		return greetingRefused(at)
	case code < 500:
		return verify.ErrUnavailable, "the server asks to come back later"
	case at == atAuth || code == 530 || code == 535:
		return verify.ErrUnauthorized, "the server refused the credentials, or asks for them"
	case at == atMail:
		return verify.ErrUnauthorized, "the server does not send for the address in From"
	case at == atRcpt:
		return verify.ErrRejected, "the server's policy refuses mail to this recipient"
	case at == atData || at == atContent:
		return verify.ErrRejected, "the server refused this mail: look for its id in the server's log"
	}
	return verify.ErrUnavailable, "the server refused to talk to us"
}

// isMailbox reports whether a no is about the one mailbox that was asked for, by
// RFC 3463 section 3 (x.1 the address, x.2 the mailbox) and RFC 5321 section
// 4.2.3. Where nothing else is said, a no to RCPT that holds for now is one, too:
// the recipient's server could otherwise make this one look dead.
func isMailbox(at stage, code int, enhanced string) bool {
	class, detail, _ := strings.Cut(enhanced, ".")
	switch {
	case detail == "1.7" || detail == "1.8": // the sender's address
		return false
	case strings.HasPrefix(detail, "1.") || strings.HasPrefix(detail, "2."):
		return true
	case at != atRcpt || isSyntax(code, enhanced) || class == "4" && strings.HasPrefix(detail, "3."): // the server's own trouble
		return false
	case code == 450 || code == 451 || code == 452:
		return true
	}
	return enhanced == "" && code >= 550 && code <= 553
}

func mailboxRefused(code int) (verify.Outcome, string) {
	if code < 500 {
		return verify.ErrInvalidRecipient, "the mailbox takes no mail now, but may do so later"
	}
	return verify.ErrInvalidRecipient, "the server knows no such mailbox, or cannot fill it"
}

// blamesMailbox reports whether a server's no to RCPT is about the mailbox.
func blamesMailbox(err error) bool {
	var reply *textproto.Error
	return errors.As(err, &reply) && isMailbox(atRcpt, reply.Code, enhancedCode(reply.Msg))
}

// isSyntax reports whether a no is about how we speak: 504, or x.5.2 of RFC 3463.
// It is what servers say to a greeting with a name that is not qualified, often
// only once the recipient is named.
func isSyntax(code int, enhanced string) bool {
	return code == 504 || strings.HasSuffix(enhanced, ".5.2")
}

// greetingRefused says what to look at. At RCPT it may be the form of the
// recipient's address all the same: nobody must make a vendor look dead by it.
func greetingRefused(at stage) (verify.Outcome, string) {
	const detail = "the server refuses the name in Hello, which must be qualified and known to DNS, or the form of an address"
	if at == atRcpt {
		return verify.ErrRejected, detail
	}
	return verify.ErrUnauthorized, detail
}

// silence translates the lack of a definite reply.
func silence(at stage, err, cause error) verify.Outcome {
	switch {
	case at == atContent:
		return verify.ErrOutcomeUnknown
	case cause != nil:
		return verify.ErrUnavailable
	case errors.Is(err, errNoMechanism), errors.Is(err, errNoToken):
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
		return "the server offers none of PLAIN, LOGIN, SCRAM-SHA-256 and CRAM-MD5 for a password, or of OAUTHBEARER and XOAUTH2 for Token"
	case errors.Is(err, errNoToken):
		return "Token gave no token that can be sent"
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
