package twiliotest

import "time"

// Times in Twilio's resources, and in the attempts within.
const (
	seconds      = "2006-01-02T15:04:05Z"
	milliseconds = "2006-01-02T15:04:05.000Z"
)

// verified is what the resources of a verification and of a check share.
type verified struct {
	SID         string  `json:"sid"`
	ServiceSID  string  `json:"service_sid"`
	AccountSID  string  `json:"account_sid"`
	To          string  `json:"to"`
	Channel     string  `json:"channel"`
	Status      string  `json:"status"`
	Valid       bool    `json:"valid"`
	Amount      *string `json:"amount"`
	Payee       *string `json:"payee"`
	DateCreated string  `json:"date_created"`
	DateUpdated string  `json:"date_updated"`
}

type verificationBody struct {
	verified
	Lookup   struct{}      `json:"lookup"`
	Attempts []attemptBody `json:"send_code_attempts"`
	SNA      *struct{}     `json:"sna"`
	URL      string        `json:"url"`
}

type attemptBody struct {
	Time       string `json:"time"`
	Channel    string `json:"channel"`
	AttemptSID string `json:"attempt_sid"`
}

type checkBody struct {
	verified
	SNAErrors []struct{} `json:"sna_attempts_error_codes"`
}

func (c call) verified(v verification) verified {
	return verified{
		SID:         v.sid,
		ServiceSID:  v.service,
		AccountSID:  c.account,
		To:          v.to,
		Channel:     v.channel,
		Status:      v.status,
		Valid:       v.status == "approved",
		Amount:      nullable(v.amount),
		Payee:       nullable(v.payee),
		DateCreated: v.created.Format(seconds),
		DateUpdated: v.updated.Format(seconds),
	}
}

func (c call) verificationBody(v verification) verificationBody {
	body := verificationBody{
		verified: c.verified(v),
		URL:      c.serviceURL() + "/Verifications/" + v.sid,
	}
	for _, a := range v.attempts {
		body.Attempts = append(body.Attempts, attemptBody{a.at.Format(milliseconds), a.channel, a.sid})
	}
	return body
}

func (c call) checkBody(v verification) checkBody {
	return checkBody{verified: c.verified(v), SNAErrors: []struct{}{}}
}

func (c call) serviceURL() string {
	return "http://" + c.r.Host + "/v2/Services/" + c.service
}

// serviceBody is what a Service says of itself; what the emulator has no notion
// of is off or null.
func (c call) serviceBody() any {
	date := time.Date(2015, 7, 30, 20, 0, 0, 0, time.UTC).Format(seconds)
	return map[string]any{
		"sid":                               c.service,
		"account_sid":                       c.account,
		"friendly_name":                     c.settings.FriendlyName,
		"code_length":                       c.settings.CodeLength,
		"psd2_enabled":                      c.settings.PSD2,
		"custom_code_enabled":               false,
		"do_not_share_warning_enabled":      false,
		"dtmf_input_required":               false,
		"lookup_enabled":                    false,
		"skip_sms_to_landlines":             false,
		"verify_event_subscription_enabled": false,
		"default_template_sid":              nil,
		"tts_name":                          nil,
		"push": map[string]any{
			"include_date": false, "apn_credential_sid": nil, "fcm_credential_sid": nil,
		},
		"totp":         map[string]any{"issuer": nil, "time_step": nil, "code_length": nil, "skew": nil},
		"whatsapp":     map[string]any{"msg_service_sid": nil, "from": nil},
		"date_created": date,
		"date_updated": date,
		"url":          c.serviceURL(),
		"links": map[string]any{
			"verifications":       c.serviceURL() + "/Verifications",
			"verification_checks": c.serviceURL() + "/VerificationCheck",
		},
	}
}

func nullable(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
