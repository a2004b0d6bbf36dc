package bandwidth

import "github.com/go2fa/verify"

type messageOption string

// WithMessage replaces Config.Message in one Send, in the person's language
// perhaps. The same rules hold. It must not hold what a person typed.
func WithMessage(template string) verify.SendOption {
	return verify.VendorOption(vendor, messageOption(template))
}

// messageFor returns the message of one Send, or says why it cannot.
func (s *settings) messageFor(req verify.SendRequest) (message, refusal string) {
	messages := verify.VendorOptions[messageOption](req, vendor)
	if len(messages) == 0 {
		return s.message, ""
	}
	if len(messages) > 1 {
		return "", "a message is given once"
	}
	if !isMessage(string(messages[0])) {
		return "", "a message " + messageRule
	}
	return string(messages[0]), ""
}
