package awsverify

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
	"github.com/go2fa/verify/otp"
)

// An SNSConfig says who sends through Amazon SNS, and how.
//
// # In the console
//
//  1. Open https://console.aws.amazon.com/sns/ in a place of AWS that sends SMS, which is
//     Region, and there Text messaging (SMS).
//  2. A new account is in the sandbox, which sends to verified numbers only. Ask for
//     production access and for a spend limit, which is 1 US dollar a month at first
//     (https://docs.aws.amazon.com/sns/latest/dg/sns-sms-sandbox.html).
//  3. Request an origination number or a sender ID where a country asks for one. They are
//     From and SenderID (https://docs.aws.amazon.com/sns/latest/dg/sms_sending-overview.html).
//  4. Switch delivery status logging on: SNS accepts what it will not deliver, and only
//     those logs tell (https://docs.aws.amazon.com/sns/latest/dg/sms_stats_cloudwatch.html).
//  5. Allow sns:Publish to the role that your program has, or to a user whose access key
//     is AccessKeyID.
type SNSConfig struct {
	// Account says who sends.
	Account Account `dsn:",inline"`

	// SenderID is the name that is shown where a country allows one: 3 to 11 letters and
	// digits, one letter among them, or hyphens. Defaults to the account's.
	SenderID string `dsn:"sender_id" example:"Acme"`
	// From is the account's own number that sends, in E.164 form. Defaults to what SNS
	// chooses.
	From string `dsn:"from" example:"+15017122661"`
	// MaxPrice is what a message may cost in US dollars. SNS accepts what costs more and
	// does not deliver it. Defaults to the account's.
	MaxPrice string `dsn:"max_price" example:"0.10"`
	// INEntityID is the id of the entity that is registered in India, with INTemplateID.
	INEntityID string `dsn:"in_entity_id" example:"1101456324675322134"`
	// INTemplateID is the id of the template that is registered in India, with which the
	// text must agree to the letter.
	INTemplateID string `dsn:"in_template_id" example:"1107161513287163110"`

	// BaseURL replaces https://sns.REGION.amazonaws.com, for an emulator, a FIPS or a VPC
	// endpoint. Plain http is accepted for loopback and for hosts without dots.
	BaseURL string `dsn:"base_url" example:"http://127.0.0.1:8080"`
	// HTTPClient brings a transport and a timeout; redirects and cookies stay off.
	// Its transport must not repeat requests by itself, or one Send may deliver two
	// messages. Defaults to a client of our own.
	HTTPClient *http.Client `json:"-"`
}

// Format keeps the secrets of an SNSConfig out of every print.
func (SNSConfig) Format(f fmt.State, _ rune) {
	_, _ = f.Write([]byte("awsverify.SNSConfig{[hidden]}"))
}

// A sender ID: https://docs.aws.amazon.com/sns/latest/dg/sms_sending-overview.html.
var senderRule = regexp.MustCompile(`^[A-Za-z0-9-]{3,11}$`)

func (cfg SNSConfig) validate() error {
	letters := strings.ContainsFunc(cfg.SenderID, func(r rune) bool { return r >= 'A' })
	return driver.Invalid(vendor, cfg.Account.validate(),
		driver.If(cfg.SenderID != "" && (!senderRule.MatchString(cfg.SenderID) || !letters), "SenderID must be 3 to 11 letters, digits and hyphens, one letter among them"),
		driver.If(cfg.From != "" && !verify.IsPhone(cfg.From), "From must be a number in E.164 form"),
		driver.If(unless(priceRule, cfg.MaxPrice), priceSays),
		india(cfg.INEntityID, cfg.INTemplateID),
	)
}

var snsOffered = verify.Capabilities{Vendor: vendor, Channels: []verify.Channel{verify.ChannelSMS}}

// An SNS is an [otp.Messenger] over Amazon SNS, by sms. It is safe for concurrent use.
//
// SNS accepts what it will not deliver: a message to a number that has opted out, over
// the spend limit or over MaxPrice. Where that matters, take an [SMS], which says so. How
// long a message may wait SNS cannot be told.
type SNS struct {
	driver.Base
	attributes [][3]string // name, type and value
	client     *driver.Client
}

var (
	_ otp.Messenger = (*SNS)(nil)
	_ verify.Prober = (*SNS)(nil)
	_ verify.Warmer = (*SNS)(nil)
)

// NewSNS checks cfg and makes a messenger. It does no I/O. Its errors name the field at
// fault and never its value.
func NewSNS(cfg SNSConfig) (*SNS, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	client, err := connect(cfg.Account, "sns", cfg.BaseURL, cfg.HTTPClient, readXMLError)
	if err != nil {
		return nil, err
	}
	return &SNS{driver.NewBase("SNS", client, snsOffered), cfg.attributes(), client}, nil
}

// attributes go with each message: https://docs.aws.amazon.com/sns/latest/dg/sms_sending-overview.html.
func (cfg SNSConfig) attributes() [][3]string {
	all := [][3]string{{"AWS.SNS.SMS.SMSType", "String", "Transactional"}}
	for _, a := range [][3]string{
		{"AWS.SNS.SMS.SenderID", "String", cfg.SenderID},
		{"AWS.MM.SMS.OriginationNumber", "String", cfg.From},
		{"AWS.SNS.SMS.MaxPrice", "Number", cfg.MaxPrice},
		{"AWS.MM.SMS.EntityId", "String", cfg.INEntityID},
		{"AWS.MM.SMS.TemplateId", "String", cfg.INTemplateID},
	} {
		if a[2] != "" {
			all = append(all, a)
		}
	}
	return all
}

// publish opens the form of the call: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html.
func publish() driver.Form {
	form := make(driver.Form, 0, 512)
	form.Add("Action", "Publish")
	form.Add("Version", "2010-03-31")
	return form
}

// Deliver has SNS deliver a message and returns its id. A message that SNS accepts may
// still not be delivered: see [SNS].
func (c *SNS) Deliver(ctx context.Context, m otp.Message) (id string, err error) {
	if _, err := snsOffered.SubjectRequest("send", m.To); err != nil {
		return "", err
	}
	fault := driver.If(utf8.RuneCountInString(m.Text) > maxText, "the text is longer than 1600 characters")
	if m.Channel != verify.ChannelSMS {
		fault = "messages go by sms only"
	}
	if fault != "" {
		return "", &verify.Error{Vendor: vendor, Op: "send", Outcome: verify.ErrUnsupported, Detail: fault}
	}
	form := publish()
	form.Add("PhoneNumber", m.To)
	form.Add("Message", m.Text)
	for i, a := range c.attributes {
		entry := "MessageAttributes.entry." + strconv.Itoa(i+1) + "."
		form.Add(entry+"Name", a[0])
		form.Add(entry+"Value.DataType", a[1])
		form.Add(entry+"Value.StringValue", a[2])
	}
	reply, err := c.client.Do(ctx, driver.Call{Op: "send", Route: "/", Form: form})
	if err != nil {
		return "", err
	}
	answer, err := readXML(reply.Body, "PublishResponse")
	id = answer["PublishResult/MessageId"]
	if _, failed := answer["Error"]; err == nil && (driver.ReceiptID(id) == "" || failed) {
		err = errors.New("the answer names no message")
	}
	if err != nil {
		return "", c.client.Unknown("send", reply, err.Error())
	}
	return id, nil
}

// Probe asks SNS to publish nothing to nobody, which it refuses as such if the
// credentials are good. It sends nothing. Whether the account is out of the sandbox and
// the budget suffices, only a message can tell.
func (c *SNS) Probe(ctx context.Context) error {
	return probe(ctx, c.client, snsOffered, driver.Call{Route: "/", Form: publish()})
}

// maxDepth is twice what SNS's answers have: the paths of deeper ones would take memory
// with the square of their size.
const maxDepth = 8

var (
	errXML   = errors.New("the answer is not the XML that was asked for")
	errTwice = errors.New("the answer says a thing twice")
)

// readXML returns the texts of a whole document by the paths below its root. One that ends
// early, has another root, is deeper than SNS's, or says a thing twice is an error.
func readXML(body []byte, root string) (map[string]string, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	texts, path, done := map[string]string{}, []string(nil), false
	for {
		token, err := d.Token()
		switch t := token.(type) {
		case xml.StartElement:
			if len(path) == 0 && (done || t.Name.Local != root) || len(path) == maxDepth {
				return nil, errXML
			}
			path = append(path, t.Name.Local)
			if _, again := texts[below(path)]; again {
				return nil, errTwice
			}
			texts[below(path)] = ""
		case xml.EndElement:
			path = path[:len(path)-1]
			done = len(path) == 0
		case xml.CharData:
			if len(path) > 0 {
				texts[below(path)] += strings.TrimSpace(string(t))
			} else if len(bytes.TrimSpace(t)) > 0 {
				return nil, errXML
			}
		case xml.Directive:
			return nil, errXML
		}
		switch {
		case errors.Is(err, io.EOF) && done:
			return texts, nil
		case err != nil:
			return nil, errXML
		}
	}
}

func below(path []string) string { return strings.Join(path[1:], "/") }

// readXMLError reads <ErrorResponse><Error><Code>InvalidParameter</Code><Message>Invalid
// parameter: PhoneNumber Reason: ... is not valid to publish to</Message></Error>
// </ErrorResponse>. Which parameter is at fault only the message tells; what it quotes is
// not looked at.
func readXMLError(status int, _ http.Header, body []byte) driver.Failure {
	answer, err := readXML(body, "ErrorResponse")
	code := answer["Error/Code"]
	if err != nil || code == "" {
		return driver.Failure{}
	}
	f := failure(status, code)
	if f.Outcome == verify.ErrRejected && code == "InvalidParameter" && strings.HasPrefix(answer["Error/Message"], "Invalid parameter: PhoneNumber") {
		return driver.Failure{Outcome: verify.ErrInvalidRecipient, Code: code, Detail: "SNS takes the number for none that it can send to"}
	}
	return f
}
