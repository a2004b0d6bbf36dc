package gherkin_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/cucumber/godog"

	"github.com/go2fa/verify"
)

// steps says what each sentence of the features means.
func (w *world) steps(sc *godog.ScenarioContext) {
	sc.Before(func(ctx context.Context, s *godog.Scenario) (context.Context, error) { return ctx, w.begin(s) })
	w.given(sc)
	w.bodies(sc)
	w.calls(sc)
	w.then(sc)
}

// already is a step that the client does by itself, as every request is held against the
// description.
func already() error { return nil }

func (w *world) given(sc *godog.ScenarioContext) {
	authorization := func(value string) func() error {
		return func() error {
			w.authorization = &value
			return nil
		}
	}
	sc.Step(`^an environment at "apiRoot"$`, already)
	sc.Step(`^the resource "/one-time-password-sms/v1/(send|validate)-code"$`, func(operation string) error {
		w.check = operation == "validate"
		return nil
	})
	sc.Step(`^the header "Content-Type" is set to "application/json"$`, already)
	sc.Step(`^the header "Authorization" is set( to a valid access token)?$`, already)
	sc.Step(`^the header "x-correlator" complies with the schema at "#/components/schemas/XCorrelator"$`, already)
	sc.Step(`^the request body is set by default to a request body compliant with the schema$`, already)
	sc.Step(`^the header "Authorization" is removed$`, authorization(""))
	sc.Step(`^the header "Authorization" is set to an invalid access token$`, authorization("Bearer invalid"))
	sc.Step(`^the header "Authorization" is set to an expired( access token)?$`, func() error {
		token := "Bearer " + w.operator.NewToken()
		w.operator.Advance(5 * time.Minute)
		w.authorization = &token
		return nil
	})
}

func (w *world) bodies(sc *godog.ScenarioContext) {
	whole := func(body string) error {
		w.body = &body
		return nil
	}
	number := func(to string) func() error {
		return func() error {
			w.to = to
			return nil
		}
	}
	value := func(key string, value any) error {
		w.set[key] = value
		return nil
	}
	const property = `^(?:the )?request body property "\$\.`
	sc.Step(`^the request body is not included$`, func() error { return whole("") })
	sc.Step(`^the request body is set to "(.*)"$`, whole)
	sc.Step(property+`(phoneNumber|message)" is set to config_var: "(phone_number|message)"$`, already)
	sc.Step(property+`(\w+)" is not valued$`, func(key string) error { return value(key, nil) })
	sc.Step(property+`(\w+)" is set to "(.*)"$`, func(key, text string) error { return value(key, text) })
	sc.Step(property+`message" is longer than config_var:"max_\w+"$`, func() error {
		return value("message", "{{code}}"+strings.Repeat("a", longest))
	})
	sc.Step(property+`phoneNumber" is set to a phone number that cannot receive SMS$`, number(without))
	sc.Step(property+`phoneNumber" is set to a phone number that target a landline$`, number(landline))
	sc.Step(property+`phoneNumber" is set to a phone number that that has an active SMS barring$`, number(barred))
	sc.Step(property+`phoneNumber" is set to a phone number that did not belong to the operator$`, number(otherOperator))
	sc.Step(property+`authenticationId" is set to an unknown value$`, func() error { return value("authenticationId", "unknown") })
	sc.Step(property+`authenticationId" is set to the value from send-code request$`, func() error { return w.retrieved() })
	sc.Step(property+`authenticationId" is (?:valued again with this authenticationId|set to the value got for the first send-code request)$`, func() error {
		return value("authenticationId", w.firstID)
	})
	sc.Step(property+`code" is set to a format valid value$`, func() error { return value("code", "123456") })
	sc.Step(property+`code" is set to (?:the value received in the SMS|the code received in the SMS|the received in the SMS|the received in the SMS for this first request)$`, func() error {
		return value("code", w.code)
	})
	sc.Step(property+`code" is set to a value distinct from the value received in the SMS$`, func() error {
		w.code = other(w.code)
		return nil
	})
}

// other returns a wrong code.
func other(code string) string {
	return strings.Map(func(r rune) rune { return '0' + (r-'0'+1)%10 }, code)
}

func (w *world) calls(sc *godog.ScenarioContext) {
	sc.Step(`^an authenticationId has been retrieved from a send-code request$`, func() error { return w.retrieved() })
	sc.Step(`^Two send-code request has been sequentially triggered for the same phoneNumber$`, func() error {
		if err := w.retrieved(); err != nil {
			return err
		}
		_, err := w.client.Send(context.Background(), w.to)
		return err
	})
	sc.Step(`^a validate-code has been \w+ performed for a authenticationId$`, func() error {
		if err := w.retrieved(); err != nil {
			return err
		}
		return w.client.Check(context.Background(), w.to, w.code)
	})
	sc.Step(`^the time elapsed since the send-code exceed the allowed time$`, func() error {
		w.operator.Advance(10 * time.Minute) // which ends the client's token too
		return nil
	})
	sc.Step(`^\(config_var:"max_send"-1\) of send-code requests for this phone number has been submitted$`, func() error {
		for range sends - 1 {
			if err := w.retrieved(); err != nil {
				return err
			}
		}
		return nil
	})
	sc.Step(`^\(config_var:"max_try"-1\) calls with the request body property "\$\.code" set to a value distinct from the value received in the SMS were performed$`, func() error {
		w.code = other(w.code)
		for range tries - 1 {
			if err := w.client.Check(context.Background(), w.to, w.code); verify.OutcomeOf(err) != verify.ErrMismatch {
				return fmt.Errorf("a wrong code: %w", err)
			}
		}
		return nil
	})
	sc.Step(`^the HTTP "POST" request is sent$`, func() error { return w.sent() })
}

func (w *world) then(sc *godog.ScenarioContext) {
	sc.Step(`^the response (?:property "\$\.status"|status code) is (\d+)$`, w.hasStatus)
	sc.Step(`^the response property "\$\.code" is "(.*)"$`, w.hasCode)
	sc.Step(`^the response property "\$\.message" contains a user friendly text$`, func() error {
		return want(len(w.property("message")) > 2, "no message", string(w.read))
	})
	sc.Step(`^the response header "Content-Type" is "(.*)"$`, func(kind string) error {
		return want(w.answer.Header.Get("Content-Type") == kind, "another Content-Type", w.answer.Header)
	})
	sc.Step(`^the response header "x-correlator" has same value as the request header "x-correlator"$`, func() error {
		sent, got := w.request.Header.Get("X-Correlator"), w.answer.Header.Get("X-Correlator")
		return want(sent == got && (sent != "" || w.bare), "another x-correlator", got)
	})
	sc.Step(`^the response body complies with the OAS schema at "/components/schemas/(.*)"$`, func(name string) error {
		var body any
		if err := json.Unmarshal(w.read, &body); err != nil {
			return err
		}
		return w.doc.Components.Schemas[name].Value.VisitJSON(body)
	})
}

// property is a field of the answer, as it is written.
func (w *world) property(key string) string {
	var fields map[string]json.RawMessage
	_ = json.Unmarshal(w.read, &fields) // an answer without a body has none
	return string(fields[key])
}

// hasStatus reads the status of the answer, which those with a code repeat. Without one
// our client says yes.
func (w *world) hasStatus(status int) error {
	if err := want(w.answer.StatusCode == status, "another status", w.answer.StatusCode, string(w.read)); err != nil {
		return err
	}
	if status >= 400 {
		return want(w.property("status") == fmt.Sprint(status), "another status in the body", string(w.read))
	}
	if w.outcome != nil {
		return fmt.Errorf("our client read a yes otherwise: %w", w.outcome)
	}
	return want(w.check || w.bare || w.property("authenticationId") == fmt.Sprintf("%q", w.receipt.ID), "another id", w.receipt.ID)
}

// hasCode reads the code of the answer, and what our client has made of it.
func (w *world) hasCode(code string) error {
	if err := want(w.property("code") == fmt.Sprintf("%q", code), "another code", string(w.read)); err != nil {
		return err
	}
	operation := 0
	if w.check {
		operation = 1
	}
	meant, got := outcomes[code][operation], verify.OutcomeOf(w.outcome)
	return want(meant != "" && got == meant, "our client read "+code+" otherwise", w.outcome)
}
