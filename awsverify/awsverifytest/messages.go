package awsverifytest

import (
	_ "embed" // the shapes
	"encoding/xml"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go2fa/verify/emulator"
)

var (
	//go:embed text_shapes.txt
	textLines string
	//go:embed voice_shapes.txt
	voiceLines string
	//go:embed attribute_shapes.txt
	attributeLines string

	textShapes, voiceShapes = emulator.ReadShapes(textLines), emulator.ReadShapes(voiceLines)
	attributeShapes         = emulator.ReadShapes(attributeLines)

	// spoken are digits that a voice reads one by one.
	spoken = regexp.MustCompile(`[0-9](?:[ ,.]+[0-9]){5,9}`)
)

// message is one of End User Messaging SMS, or of SNS: both are called at the root.
func (e *Emulator) message(r *http.Request) *emulator.Answer {
	switch p := protocolOf(r); strings.TrimPrefix(p.target, "PinpointSMSVoiceV2.") {
	case "":
		return e.publish(r, p)
	case "SendTextMessage":
		return e.send(r, p, textShapes, "sms", "TEXT")
	case "SendVoiceMessage":
		return e.send(r, p, voiceShapes, "voice", "VOICE")
	default:
		return p.refuse(http.StatusBadRequest, "UnknownOperationException")
	}
}

func (e *Emulator) send(r *http.Request, p protocol, shapes emulator.Shapes, channel, kind string) *emulator.Answer {
	f, err := emulator.ReadObject(r)
	if err != nil {
		return p.refuse(http.StatusBadRequest, "SerializationException")
	}
	to := f.String("DestinationPhoneNumber")
	switch name := shapes.Fault(f); {
	case to == "":
		return p.refuse(http.StatusBadRequest, "ValidationException", "Reason", "MISSING_PARAMETER")
	case name != "":
		fields := []map[string]string{{"Name": name, "Message": "refused by the emulator"}}
		return p.refuse(http.StatusBadRequest, "ValidationException", "Reason", "FIELD_VALIDATION_FAILED", "Fields", fields)
	case !areStrings(f, "Context", 5) || !areStrings(f, "DestinationCountryParameters", 10):
		return p.refuse(http.StatusBadRequest, "ValidationException", "Reason", "INVALID_PARAMETER")
	}
	id := emulator.UUID()
	if f["DryRun"] == true {
		return &emulator.Answer{Body: map[string]string{"MessageId": id}}
	}
	if v, ok := e.judge(to, kind); !ok {
		return p.refuse(http.StatusBadRequest, v.exception, "Reason", v.reason)
	}
	return &emulator.Answer{Body: map[string]string{"MessageId": id}, Message: delivered(id, to, channel, f.String("MessageBody"))}
}

// areStrings accepts an object of at most so many strings, or none.
func areStrings(f emulator.Fields, key string, most int) bool {
	for _, value := range f.Object(key) {
		if text, ok := value.(string); !ok || text == "" {
			return false
		}
	}
	return !f.Has(key) || f.Object(key) != nil && len(f.Object(key)) <= most
}

func delivered(id, to, channel, text string) *Message {
	code := emulator.CodeIn(text)
	if code == "" {
		code = strings.NewReplacer(" ", "", ",", "", ".", "").Replace(spoken.FindString(text))
	}
	return &Message{Vendor: "aws", ID: id, To: to, Channel: channel, Code: code, Text: text}
}

// publish is Publish to a number. What SNS accepts and does not deliver gets an id as well.
func (e *Emulator) publish(r *http.Request, p protocol) *emulator.Answer {
	f, err := emulator.ReadFields(r)
	invalid := func(text string) *emulator.Answer {
		return p.refuse(http.StatusBadRequest, "InvalidParameter", "Message", "Invalid parameter: "+text)
	}
	to, text := f.String("PhoneNumber"), f.String("Message")
	switch {
	case err != nil || f.String("Action") != "Publish" || f.String("Version") != "2010-03-31":
		return p.refuse(http.StatusBadRequest, "InvalidAction")
	case to == "" && (f.Has("TopicArn") || f.Has("TargetArn")):
		return p.refuse(http.StatusNotFound, "NotFound")
	case to == "":
		return invalid("TopicArn or TargetArn Reason: no value for required parameter")
	case !emulator.IsPhone(to):
		return invalid("PhoneNumber Reason: " + to + " is not valid to publish to")
	case text == "" || utf8.RuneCountInString(text) > 1600:
		return invalid("Message")
	}
	for name, value := range attributesOf(f) {
		if attributeShapes.Fault(emulator.Fields{name: value}) != "" {
			return invalid(name)
		}
	}
	id := emulator.UUID()
	answer := &emulator.Answer{Body: "<PublishResponse xmlns=\"" + xmlns + "\"><PublishResult><MessageId>" + id +
		"</MessageId></PublishResult><ResponseMetadata><RequestId>" + emulator.UUID() + "</RequestId></ResponseMetadata></PublishResponse>"}
	switch v, ok := e.judge(to, "TEXT"); {
	case ok:
		answer.Message = delivered(id, to, "sms", text)
	case v.reason == "DESTINATION_PHONE_NUMBER_NOT_VERIFIED":
		return invalid("PhoneNumber Reason: the account is in the sandbox")
	}
	return answer
}

const xmlns = "http://sns.amazonaws.com/doc/2010-03-31/"

// attributesOf reads MessageAttributes.entry.1.Name and Value.StringValue.
func attributesOf(f emulator.Fields) emulator.Fields {
	all := emulator.Fields{}
	for n := 1; ; n++ {
		entry := "MessageAttributes.entry." + strconv.Itoa(n) + "."
		if !f.Has(entry + "Name") {
			return all
		}
		all[f.String(entry+"Name")] = f.String(entry + "Value.StringValue")
	}
}

// errorXML is an error of the query protocol. Of more pairs Message counts.
func errorXML(code string, more ...any) string {
	text := "refused by the emulator"
	if len(more) == 2 && more[0] == "Message" {
		text = more[1].(string)
	}
	var escaped strings.Builder
	_ = xml.EscapeText(&escaped, []byte(text)) // a Builder takes all
	return "<ErrorResponse xmlns=\"" + xmlns + "\"><Error><Type>Sender</Type><Code>" + code + "</Code><Message>" +
		escaped.String() + "</Message></Error><RequestId>" + emulator.UUID() + "</RequestId></ErrorResponse>"
}
