package awsverifytest_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/go2fa/verify/awsverify/awsverifytest"
	"github.com/go2fa/verify/emulator"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	to    = "+15005550006"
	other = "+15017122661"
)

// An ask is one request, signed by the SDK's own signer.
type ask struct {
	target, path, body string
	service, region    string
	key, secret, token string
	at                 time.Time
	spoil              func(*http.Request)
}

func text(body string) ask {
	return ask{target: "PinpointSMSVoiceV2.SendTextMessage", path: "/", body: body, service: "sms-voice"}
}

func form(pairs ...string) ask {
	v := url.Values{"Action": {"Publish"}, "Version": {"2010-03-31"}}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return ask{path: "/", body: v.Encode(), service: "sns"}
}

func code(path, body string) ask {
	return ask{path: "/v1/notify-code-verifications/" + path, body: body, service: "end-user-messaging"}
}

// An answer is what came back.
type answer struct {
	status int
	body   string
	header http.Header
	fields map[string]any
}

func (a ask) of(t *testing.T, e http.Handler) answer {
	t.Helper()
	a.region, a.key = cmp.Or(a.region, awsverifytest.Region), cmp.Or(a.key, awsverifytest.AccessKeyID)
	a.secret = cmp.Or(a.secret, awsverifytest.SecretAccessKey)
	if a.at.IsZero() {
		a.at = time.Now()
	}
	r := httptest.NewRequest(http.MethodPost, a.path, strings.NewReader(a.body))
	switch {
	case a.target != "":
		r.Header.Set("X-Amz-Target", a.target)
		r.Header.Set("Content-Type", "application/x-amz-json-1.0")
	case a.service == "sns":
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	default:
		r.Header.Set("Content-Type", "application/json")
	}
	sum := sha256.Sum256([]byte(a.body))
	who := aws.Credentials{AccessKeyID: a.key, SecretAccessKey: a.secret, SessionToken: a.token}
	require.NoError(t, v4.NewSigner().SignHTTP(context.Background(), who, r, hex.EncodeToString(sum[:]), a.service, a.region, a.at))
	if a.spoil != nil {
		a.spoil(r)
	}
	w := httptest.NewRecorder()
	e.ServeHTTP(w, r)
	got := answer{w.Code, w.Body.String(), w.Header(), nil}
	_ = json.Unmarshal(w.Body.Bytes(), &got.fields) // XML has none
	return got
}

const aText = `"DestinationPhoneNumber":"` + to + `","MessageBody":"123456 is your code."`

func TestSignatures(t *testing.T) {
	for name, tc := range map[string]struct {
		change    func(*ask)
		json, xml string // the error; empty: none
	}{
		"a good one":         {func(*ask) {}, "", ""},
		"another's key":      {func(a *ask) { a.key = "AKIASTRANGER" }, "UnrecognizedClientException", "InvalidClientTokenId"},
		"another secret":     {func(a *ask) { a.secret = "x" }, "InvalidSignatureException", "SignatureDoesNotMatch"},
		"another region":     {func(a *ask) { a.region = "eu-north-1" }, "InvalidSignatureException", "SignatureDoesNotMatch"},
		"another service":    {func(a *ask) { a.service = "s3" }, "InvalidSignatureException", "SignatureDoesNotMatch"},
		"six minutes ago":    {func(a *ask) { a.at = time.Now().Add(-6 * time.Minute) }, "InvalidSignatureException", "SignatureDoesNotMatch"},
		"four minutes ahead": {func(a *ask) { a.at = time.Now().Add(4 * time.Minute) }, "", ""},
		"a token of nobody":  {func(a *ask) { a.token = "x" }, "ExpiredTokenException", "ExpiredToken"},
		"no signature":       {func(a *ask) { a.spoil = func(r *http.Request) { r.Header.Del("Authorization") } }, "MissingAuthenticationTokenException", "MissingAuthenticationToken"},
		"another body": {func(a *ask) {
			a.spoil = func(r *http.Request) { r.Body = http.NoBody }
		}, "InvalidSignatureException", "SignatureDoesNotMatch"},
		"another type": {func(a *ask) {
			a.spoil = func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }
		}, "InvalidSignatureException", "SignatureDoesNotMatch"},
	} {
		e := awsverifytest.New(awsverifytest.Options{})
		for _, a := range []ask{text("{" + aText + "}"), form("PhoneNumber", to, "Message", "x"), code("validate", `{"code":"123456","destinationIdentity":"`+to+`"}`)} {
			isXML := a.service == "sns"
			tc.change(&a)
			got := a.of(t, e)
			switch {
			case tc.json == "":
				assert.Equal(t, 200, got.status, "%s: %s", name, got.body)
			case isXML:
				assert.Contains(t, got.body, "<Code>"+tc.xml+"</Code>", name)
				assert.Equal(t, "text/xml", got.header.Get("Content-Type"))
				assert.Equal(t, 403, got.status)
			default:
				assert.Equal(t, tc.json, got.fields["__type"], name)
				assert.Equal(t, tc.json+":", got.header.Get("X-Amzn-Errortype"))
			}
		}
	}
}

func TestTextsAndCalls(t *testing.T) {
	e := awsverifytest.New(awsverifytest.Options{})
	got := text(`{`+aText+`,"OriginationIdentity":"pool-1","MessageType":"TRANSACTIONAL","TimeToLive":5,"MaxPrice":"0.10","Context":{"a":"b"},"DestinationCountryParameters":{"IN_ENTITY_ID":"1"}}`).of(t, e)
	require.Equal(t, 200, got.status, got.body)
	assert.Equal(t, e.Messages()[0].ID, got.fields["MessageId"])
	assert.Equal(t, "application/x-amz-json-1.0", got.header.Get("Content-Type"))
	assert.Equal(t, "123456", e.Code(to, ""))
	assert.Equal(t, 200, text(`{`+aText+`,"DryRun":true}`).of(t, e).status)
	assert.Equal(t, 1, e.Effects(), "a dry run sends nothing")

	call := text(`{"DestinationPhoneNumber":"` + to + `","OriginationIdentity":"x","MessageBody":"6, 5, 4, 3, 2, 1 is your code.","VoiceId":"AMY"}`)
	call.target = "PinpointSMSVoiceV2.SendVoiceMessage"
	require.Equal(t, 200, call.of(t, e).status)
	assert.Equal(t, []string{"voice", "654321"}, []string{e.Messages()[1].Channel, e.Messages()[1].Code})

	for name, tc := range map[string]struct{ body, reason, field string }{
		"no number":                {`{"MessageBody":"x"}`, "MISSING_PARAMETER", ""},
		"a number of none":         {`{"DestinationPhoneNumber":"12","MessageBody":"x"}`, "FIELD_VALIDATION_FAILED", "DestinationPhoneNumber"},
		"no text":                  {`{"DestinationPhoneNumber":"` + to + `"}`, "FIELD_VALIDATION_FAILED", "MessageBody"},
		"a moment":                 {`{` + aText + `,"TimeToLive":4}`, "FIELD_VALIDATION_FAILED", "TimeToLive"},
		"a type of none":           {`{` + aText + `,"MessageType":"x"}`, "FIELD_VALIDATION_FAILED", "MessageType"},
		"a context of 6":           {`{` + aText + `,"Context":{"1":"x","2":"x","3":"x","4":"x","5":"x","6":"x"}}`, "INVALID_PARAMETER", ""},
		"a numeric one":            {`{` + aText + `,"Context":{"1":1}}`, "INVALID_PARAMETER", ""},
		"a context that is a list": {`{` + aText + `,"Context":[]}`, "INVALID_PARAMETER", ""},
	} {
		got := text(tc.body).of(t, e)
		assert.Equal(t, 400, got.status, name)
		assert.Equal(t, "ValidationException", got.fields["__type"], name)
		assert.Equal(t, tc.reason, got.fields["Reason"], name)
		if tc.field != "" {
			assert.Equal(t, tc.field, got.fields["Fields"].([]any)[0].(map[string]any)["Name"], name)
		}
	}
	assert.Equal(t, "SerializationException", text("{").of(t, e).fields["__type"])
	strange := text("{}")
	strange.target = "PinpointSMSVoiceV2.DescribePools"
	assert.Equal(t, "UnknownOperationException", strange.of(t, e).fields["__type"])
	assert.Equal(t, 2, e.Effects())
}

func TestPublish(t *testing.T) {
	e := awsverifytest.New(awsverifytest.Options{})
	good := form("PhoneNumber", to, "Message", "123456 is your code.",
		"MessageAttributes.entry.1.Name", "AWS.SNS.SMS.SenderID", "MessageAttributes.entry.1.Value.DataType", "String", "MessageAttributes.entry.1.Value.StringValue", "Acme")
	got := good.of(t, e)
	require.Equal(t, 200, got.status, got.body)
	assert.Contains(t, got.body, "<PublishResult><MessageId>"+e.Messages()[0].ID+"</MessageId>")
	assert.Equal(t, "text/xml", got.header.Get("Content-Type"))
	for name, tc := range map[string]struct {
		ask  ask
		code string
	}{
		"no number":          {form("Message", "x"), "InvalidParameter"},
		"a number of none":   {form("PhoneNumber", "12", "Message", "x"), "InvalidParameter"},
		"no text":            {form("PhoneNumber", to), "InvalidParameter"},
		"1601 characters":    {form("PhoneNumber", to, "Message", strings.Repeat("x", 1601)), "InvalidParameter"},
		"a topic":            {form("TopicArn", "x", "Message", "x"), "NotFound"},
		"another action":     {form("Action", "Subscribe"), "InvalidAction"},
		"another version":    {form("Version", "2011-01-01"), "InvalidAction"},
		"a sender of spaces": {form("PhoneNumber", to, "Message", "x", "MessageAttributes.entry.1.Name", "AWS.SNS.SMS.SenderID", "MessageAttributes.entry.1.Value.StringValue", "a b"), "InvalidParameter"},
	} {
		assert.Contains(t, tc.ask.of(t, e).body, "<Code>"+tc.code+"</Code>", name)
	}
	assert.Equal(t, 1, e.Effects())
}

const aCode = `"channel":"TEXT","destinationIdentity":"` + to + `","originationIdentity":"nc-1"`

func TestCodesOfNotify(t *testing.T) {
	e := awsverifytest.New(awsverifytest.Options{NewCode: func(n int) string { return "12345678"[:n] }})
	got := code("send", `{`+aCode+`,"notifyCodeConfiguration":"ncc-1","overrideCodeConfigurationParameters":{"codeLength":8,"validityPeriodMinutes":1,"maxAttempts":2}}`).of(t, e)
	require.Equal(t, 200, got.status, got.body)
	assert.Equal(t, e.Messages()[0].ID, got.fields["messageId"])
	assert.NotEmpty(t, got.fields["verificationId"])
	assert.Equal(t, "12345678", e.Code(to, ""))
	check := func(code, reference string) any {
		body := map[string]string{"code": code, "destinationIdentity": to}
		if reference != "" {
			body["referenceId"] = reference
		}
		text, err := json.Marshal(body)
		require.NoError(t, err)
		return ask{path: "/v1/notify-code-verifications/validate", body: string(text), service: "end-user-messaging"}.of(t, e).fields["status"]
	}
	assert.Equal(t, "INVALID", check("12345678", "login"), "of another reference")
	assert.Equal(t, "INVALID", check("0000", ""))
	assert.Equal(t, "VALID", check("12345678", ""))
	assert.Equal(t, "INVALID", check("12345678", ""), "it is used")
	assert.Empty(t, e.Code(to, ""))

	template := `{` + aCode + `,"referenceId":"r","overrideChannelParameters":{"text":{"inlineTemplateBody":"Acme: {{code}}"}}}`
	require.Equal(t, 200, code("send", template).of(t, e).status)
	assert.Equal(t, []string{"Acme: 123456", "r"}, []string{e.Messages()[1].Text, e.Messages()[1].Scope})
	e.Advance(10 * time.Minute)
	assert.Equal(t, "INVALID", check("123456", "r"), "it is over")

	for name, tc := range map[string]struct{ path, body, field string }{
		"no channel":             {"send", `{"destinationIdentity":"` + to + `","originationIdentity":"x"}`, "/channel"},
		"nobody sends":           {"send", `{"channel":"TEXT","destinationIdentity":"` + to + `"}`, "/originationIdentity"},
		"a number of none":       {"send", `{"channel":"TEXT","destinationIdentity":"12","originationIdentity":"x"}`, "/destinationIdentity"},
		"digits of none":         {"send", `{` + aCode + `,"overrideCodeConfigurationParameters":{"codeLength":9}}`, "/overrideCodeConfigurationParameters"},
		"letters":                {"send", `{` + aCode + `,"overrideCodeConfigurationParameters":{"codeType":"ALPHA"}}`, "/overrideCodeConfigurationParameters/codeType"},
		"no template":            {"send", `{` + aCode + `}`, "/overrideChannelParameters"},
		"a template of no code":  {"send", `{` + aCode + `,"overrideChannelParameters":{"text":{"inlineTemplateBody":"x"}}}`, "/overrideChannelParameters"},
		"a reference of dots":    {"send", `{` + aCode + `,"referenceId":"a.b"}`, "/referenceId"},
		"a check without a code": {"validate", `{"destinationIdentity":"` + to + `"}`, "/code"},
		"a check of nobody":      {"validate", `{"code":"123456"}`, "/destinationIdentity"},
	} {
		got := code(tc.path, tc.body).of(t, e)
		assert.Equal(t, 400, got.status, name)
		assert.Equal(t, "ValidationException", got.fields["__type"], name)
		assert.Equal(t, tc.field, got.fields["fieldList"].([]any)[0].(map[string]any)["path"], name)
	}
	for _, path := range []string{"send", "validate"} {
		assert.Equal(t, "ValidationException", code(path, "{").of(t, e).fields["__type"])
	}
	assert.Equal(t, 404, code("cancel", "{}").of(t, e).status)
}

func TestAnAccountThatMayNotSend(t *testing.T) {
	for name, tc := range map[string]struct {
		opts           awsverifytest.Options
		reason, notify string
	}{
		"the sandbox":     {awsverifytest.Options{Sandbox: true, Verified: []string{other}}, "DESTINATION_PHONE_NUMBER_NOT_VERIFIED", "ConflictException"},
		"an opt-out":      {awsverifytest.Options{OptedOut: []string{to}}, "DESTINATION_PHONE_NUMBER_OPTED_OUT", "ConflictException"},
		"a blocked place": {awsverifytest.Options{Blocked: []string{"+1500"}}, "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION", "ConflictException"},
		"the budget":      {awsverifytest.Options{Budget: 1}, "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT", "ServiceQuotaExceededException"},
	} {
		e := awsverifytest.New(tc.opts)
		require.Equal(t, 200, text(`{"DestinationPhoneNumber":"`+other+`","MessageBody":"x"}`).of(t, e).status, name)
		assert.Equal(t, tc.reason, text("{"+aText+"}").of(t, e).fields["Reason"], name)
		assert.Equal(t, tc.notify, code("send", `{`+aCode+`,"notifyCodeConfiguration":"x"}`).of(t, e).fields["__type"], name)
		assert.Equal(t, name != "the sandbox", form("PhoneNumber", to, "Message", "x").of(t, e).status == 200, name)
		assert.Equal(t, 1, e.Effects(), name)
	}
}

func TestVendorsAreThreeOfOneAccount(t *testing.T) {
	var lines bytes.Buffer
	for _, v := range awsverifytest.Vendors() {
		_, sample := v.New(emulator.Setup{Settings: map[string]string{"region": "eu-north-1", "from": "x"}})
		fmt.Fprintln(&lines, v.Facts.Product, sample.DSN("http://127.0.0.1:1")[:6+len(sample.Scheme)-3], sample.Settings["region"], sample.Settings["from"])
	}
	assert.Equal(t, "AWS End User Messaging Notify aws:// eu-north-1 x\nAWS End User Messaging SMS aws-sms:// eu-north-1 x\nAmazon SNS aws-sns:// eu-north-1 \n", lines.String())
}

func ExampleNew() {
	e := awsverifytest.New(awsverifytest.Options{NewCode: func(digits int) string { return strings.Repeat("1", digits) }})

	body := `{"channel":"TEXT","destinationIdentity":"+15005550006","originationIdentity":"nc-1","notifyCodeConfiguration":"ncc-1"}`
	r := httptest.NewRequest(http.MethodPost, "/v1/notify-code-verifications/send", strings.NewReader(body))
	sum := sha256.Sum256([]byte(body))
	who := aws.Credentials{AccessKeyID: awsverifytest.AccessKeyID, SecretAccessKey: awsverifytest.SecretAccessKey}
	if err := v4.NewSigner().SignHTTP(context.Background(), who, r, hex.EncodeToString(sum[:]), "end-user-messaging", awsverifytest.Region, time.Now()); err != nil {
		fmt.Println(err)
		return
	}
	e.ServeHTTP(httptest.NewRecorder(), r)

	fmt.Println(e.Code("+15005550006", ""))
	// Output: 111111
}
