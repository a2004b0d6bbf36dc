package pigeon_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/tests/pigeon"
	"github.com/go2fa/verify/tests/pigeon/pigeontest"
	"github.com/go2fa/verify/vendors"
	"github.com/go2fa/verify/verifytest"
)

func refuse(on string, status int, code string, retryAfter ...string) emulator.Fault {
	f := pigeontest.Refuse(status, code).Fault()
	f.On, f.Header = on, http.Header{"Retry-After": retryAfter}
	return f
}

// faults are what Pigeon shows for each.
var faults = map[verifytest.Fault]emulator.Fault{
	verifytest.FaultRateLimited:          refuse("send", 429, "throttled"),
	verifytest.FaultRateLimitedForAnHour: refuse("send", 429, "throttled", "3600"),
	verifytest.FaultTooManySends:         refuse("send", 429, "too_many_sends"),
	verifytest.FaultBlocked:              refuse("send", 403, "blocked"),
	verifytest.FaultRefusedRecipient:     refuse("send", 422, "bad_number"),
	verifytest.FaultBadCredentials:       refuse("send", 401, "bad_key"),
	verifytest.FaultServerError:          {On: "send", Status: 500, Effect: true},
	verifytest.FaultBadGateway:           {On: "send", Status: 502, Effect: true, Body: "<html>"},
	verifytest.FaultReplyLost:            {On: "send", Break: emulator.Close, Effect: true},
	verifytest.FaultTimeout:              {On: "send", Delay: time.Hour},
	verifytest.FaultTruncated:            {On: "send", Break: emulator.Truncate},
	verifytest.FaultUnknownBody:          {On: "send", Status: 201, Effect: true, Body: `{"ok":true}`},
	verifytest.FaultRedirected:           {On: "send", Status: 307, Effect: true, Header: http.Header{"Location": {"https://elsewhere.example/"}}},

	verifytest.FaultCheckRateLimitedForAnHour: refuse("check", 429, "throttled", "3600"),
	verifytest.FaultTooManyAttempts:           refuse("check", 429, "too_many_attempts"),
	verifytest.FaultCheckBadCredentials:       refuse("check", 401, "bad_key"),
	verifytest.FaultCheckServerError:          {On: "check", Status: 500},
	verifytest.FaultCheckReplyLost:            {On: "check", Break: emulator.Reset, Effect: true},
	verifytest.FaultCheckReplyLostOnce:        {On: "check", Break: emulator.Reset, Effect: true, Times: 1},
	verifytest.FaultCheckTimeout:              {On: "check", Delay: time.Hour},
	verifytest.FaultCheckTruncated:            {On: "check", Break: emulator.Truncate},
	verifytest.FaultCheckNotFound:             {On: "check", Status: 404, Body: "<html>"},
	verifytest.FaultCheckUnknownBody:          {On: "check", Status: 200, Body: `{"status":"perhaps"}`},
	verifytest.FaultCheckOtherSubject:         {On: "check", Status: 200, Body: `{"status":"approved","to":"` + verifytest.Other + `"}`},
}

func TestPigeonKeepsThePromises(t *testing.T) {
	verifytest.Run(t, func(t *testing.T) verifytest.Target {
		e, sample := pigeontest.Vendors()[0].New(emulator.Setup{})
		server := emulator.ServeTest(t, e, "")
		client, err := vendors.Open(sample.DSN(server.URL), vendors.With("pigeon", pigeon.New))
		if err != nil {
			t.Fatal(err)
		}
		return verifytest.Target{
			Verifier: client, Code: e.LastCode, Advance: e.Advance, Effects: e.Effects,
			Secrets: []string{sample.Settings["api_key"]},
			Fault: func(f verifytest.Fault) bool {
				fault, known := faults[f]
				if f == verifytest.FaultUnreachable || f == verifytest.FaultCheckUnreachable {
					server.Close()
					return true
				}
				if fault.Times == 0 {
					fault.Times = -1
				}
				e.Fail(fault)
				return known
			},
		}
	})
}

func TestPigeonRefusesAnotherKey(t *testing.T) {
	e, _ := pigeontest.Vendors()[0].New(emulator.Setup{Settings: map[string]string{"api_key": "another"}})
	client, err := pigeon.New(pigeon.Config{APIKey: "placeholder", BaseURL: emulator.ServeTest(t, e, "").URL})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Send(t.Context(), verifytest.To); !errors.Is(err, verify.ErrUnauthorized) {
		t.Errorf("got %v", err)
	}
}
