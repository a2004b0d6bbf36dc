package dove_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/tests/dove"
	"github.com/go2fa/verify/tests/dove/dovetest"
	"github.com/go2fa/verify/vendors"
	"github.com/go2fa/verify/verifytest"
)

func refuse(status int, code string, retryAfter ...string) emulator.Fault {
	f := dovetest.Refuse(status, code).Fault()
	f.Header = http.Header{"Retry-After": retryAfter}
	return f
}

// faults are what Dove shows for each. It has no limit for one recipient.
var faults = map[verifytest.Fault]emulator.Fault{
	verifytest.FaultRateLimited:          refuse(429, "throttled"),
	verifytest.FaultRateLimitedForAnHour: refuse(429, "throttled", "3600"),
	verifytest.FaultBlocked:              refuse(403, "opted_out"),
	verifytest.FaultRefusedRecipient:     refuse(422, "bad_number"),
	verifytest.FaultBadCredentials:       refuse(401, "bad_token"),
	verifytest.FaultServerError:          {Status: 500, Effect: true},
	verifytest.FaultBadGateway:           {Status: 502, Effect: true, Body: "<html>"},
	verifytest.FaultReplyLost:            {Break: emulator.Close, Effect: true},
	verifytest.FaultTimeout:              {Delay: time.Hour},
	verifytest.FaultTruncated:            {Break: emulator.Truncate},
	verifytest.FaultUnknownBody:          {Status: 202, Effect: true, Body: `{"ok":true}`},
	verifytest.FaultRedirected:           {Status: 307, Effect: true, Header: http.Header{"Location": {"https://elsewhere.example/"}}},
}

func TestDoveKeepsThePromises(t *testing.T) {
	verifytest.RunMessenger(t, func(t *testing.T) verifytest.MessengerTarget {
		srv := dovetest.NewServer(t)
		client, err := dove.New(dove.Config{Token: dovetest.Token, BaseURL: srv.URL})
		if err != nil {
			t.Fatal(err)
		}
		return verifytest.MessengerTarget{
			Messenger: client, Arrived: srv.LastText, Effects: srv.Effects, Secrets: []string{dovetest.Token},
			Fault: func(f verifytest.Fault) bool { return verifytest.Arrange(t, srv, client, faults, f) },
		}
	})
}

func TestDoveIsOpenedByALine(t *testing.T) {
	srv := dovetest.NewServer(t)
	v, err := vendors.Open("dove://"+dovetest.Token+"@?"+url.Values{
		"base_url": {srv.URL}, "sender": {"Acme"}, "store": {"memory"}, "code_key": {strings.Repeat("placeholder", 3)},
	}.Encode(), vendors.With("dove", dove.New))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.Send(t.Context(), verifytest.To); err != nil {
		t.Fatal(err)
	}
	if err := v.Check(t.Context(), verifytest.To, srv.LastCode(verifytest.To, "")); err != nil {
		t.Error(err)
	}
}
