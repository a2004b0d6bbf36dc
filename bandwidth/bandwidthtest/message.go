package bandwidthtest

import "strings"

// message is a code as the phone shows or says it.
func (c call) message(p sendParams, code string) Message {
	channel := "sms"
	if c.voice {
		channel = "voice"
	}
	fill := strings.NewReplacer("{CODE}", code, "{NAME}", c.options.Name, "{SCOPE}", p.scope)
	return Message{
		Vendor:  "bandwidth",
		To:      p.to,
		Channel: channel,
		Scope:   p.scope,
		Code:    code,
		Text:    fill.Replace(p.message),
		At:      c.now,
	}
}
