package twiliotest

// message is v as the phone or the inbox shows it.
func message(v verification, p sendParams) Message {
	text := "Your " + p.name + " verification code is: " + v.code
	if v.amount != "" {
		text += ". It confirms the payment of " + v.amount + " to " + v.payee
	}
	if p.appHash != "" {
		text = "<#> " + text + " " + p.appHash // what Android's SMS Retriever looks for
	}

	channel := v.channel
	if channel == "call" {
		channel = "voice" // one word for it in the inbox of all vendors
	}
	return Message{
		Vendor:  "twilio",
		To:      v.to,
		Channel: channel,
		Scope:   v.service,
		Code:    v.code,
		Text:    text,
		At:      v.updated,
	}
}
