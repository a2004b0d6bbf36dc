package authytest

// message is a code as the phone shows or reads it.
func (c call) message(to, action, code string) Message {
	channel := "sms"
	if c.voice {
		channel = "voice"
	}
	return Message{
		Vendor:  "authy",
		To:      to,
		Channel: channel,
		Scope:   action,
		Code:    code,
		Text:    "Your " + c.app + " verification code is: " + code,
		At:      c.now,
	}
}

// push is a question as the app shows it.
func (c call) push(a approval) Message {
	return Message{Vendor: "authy", To: a.user.phone, Channel: "app", Text: a.message, At: c.now}
}
