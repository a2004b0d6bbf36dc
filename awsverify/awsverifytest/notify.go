package awsverifytest

import (
	_ "embed" // the shapes
	"net/http"
	"strings"
	"time"

	"github.com/go2fa/verify/emulator"
)

var (
	//go:embed notify_shapes.txt
	notifyLines string
	//go:embed validate_shapes.txt
	validateLines string

	notifyShapes, validateShapes = emulator.ReadShapes(notifyLines), emulator.ReadShapes(validateLines)
)

// A subject is what a code is kept by.
type subject struct{ to, reference string }

// A code is one verification.
type code struct {
	code string
	ends time.Time
	left int // attempts
}

// live is the newest code of a subject that may still be approved, or nil. The lock is held.
func (e *Emulator) live(of subject) *code {
	c, known := e.codes.Newest(e.Now(), of)
	if !known || c.left == 0 || !e.Now().Before(c.ends) {
		return nil
	}
	return c
}

// invalid is a ValidationException that names a field by its JSON pointer.
func (p protocol) invalid(path string) *emulator.Answer {
	fields := []map[string]string{{"path": path, "message": "refused by the emulator"}}
	return p.refuse(http.StatusBadRequest, "ValidationException", "fieldList", fields)
}

// channels are those of Notify that are emulated, by what a person calls them, and what
// the templates for them are called.
var channels = map[string][2]string{"TEXT": {"sms", "text"}, "VOICE": {"voice", "voice"}, "WHATSAPP": {"whatsapp", "whatsApp"}}

// sendCode is SendNotifyCodeVerification.
func (e *Emulator) sendCode(r *http.Request) *emulator.Answer {
	p := protocolOf(r)
	f, err := emulator.ReadObject(r)
	if err != nil {
		return p.refuse(http.StatusBadRequest, "ValidationException")
	}
	to, channel := f.String("destinationIdentity"), f.String("channel")
	policy, templates := f.Object("overrideCodeConfigurationParameters"), f.Object("overrideChannelParameters")
	digits, attempts := policy.Int("codeLength", 6), policy.Int("maxAttempts", 3)
	minutes := policy.Int("validityPeriodMinutes", 10)
	switch name := notifyShapes.Fault(f); {
	case name != "":
		return p.invalid("/" + name)
	case !emulator.IsPhone(to):
		return p.invalid("/destinationIdentity")
	case digits < 4 || digits > 8 || attempts < 1 || attempts > 5 || minutes < 1 || minutes > 60:
		return p.invalid("/overrideCodeConfigurationParameters")
	case policy.Has("codeType") && policy.String("codeType") != "NUMERIC": // letters are not emulated
		return p.invalid("/overrideCodeConfigurationParameters/codeType")
	}
	text := "Your verification code is {{code}}."
	own := templates.Object(channels[channel][1]).String("inlineTemplateBody")
	switch {
	case own != "" && !strings.Contains(own, "{{code}}"):
		return p.invalid("/overrideChannelParameters")
	case own != "":
		text = own
	case !f.Has("notifyCodeConfiguration") && templates.Object("notify") == nil:
		return p.invalid("/overrideChannelParameters")
	}
	if v, ok := e.judge(to, "NOTIFY"); !ok {
		return p.refuse(http.StatusConflict, v.exception)
	}
	of := subject{to, f.String("referenceId")}
	c := &code{e.options.NewCode(digits), e.Now().Add(time.Duration(minutes) * time.Minute), attempts}
	e.codes.Add(e.Now(), of, c)
	id := emulator.UUID()
	return &emulator.Answer{
		Body: map[string]string{"messageId": id, "verificationId": emulator.UUID()},
		Message: &Message{
			Vendor: "aws", ID: id, To: to, Channel: channels[channel][0], Scope: of.reference, Code: c.code,
			Text: strings.ReplaceAll(text, "{{code}}", c.code),
		},
	}
}

// validate is ValidateNotifyCodeVerification.
func (e *Emulator) validate(r *http.Request) *emulator.Answer {
	p := protocolOf(r)
	f, err := emulator.ReadObject(r)
	if err != nil {
		return p.refuse(http.StatusBadRequest, "ValidationException")
	}
	if name := validateShapes.Fault(f); name != "" {
		return p.invalid("/" + name)
	}
	status := "INVALID"
	if c := e.live(subject{f.String("destinationIdentity"), f.String("referenceId")}); c != nil {
		c.left--
		if f.String("code") == c.code {
			status, c.left = "VALID", 0
		}
	}
	return &emulator.Answer{Body: map[string]string{"status": status}}
}
