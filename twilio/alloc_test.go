//go:build !race

package twilio_test

import (
	"net/http"
	"testing"

	"github.com/go2fa/verify/internal/fixture"
	"github.com/go2fa/verify/twilio"
	"github.com/stretchr/testify/require"
)

var header = http.Header{
	"Content-Type":      {"application/json"},
	"Twilio-Request-Id": {"RQ00000000000000000000000000000000"},
}

const (
	created  = `{"sid":"VE00000000000000000000000000000000","service_sid":"VA00000000000000000000000000000000","account_sid":"AC00000000000000000000000000000000","to":"+15005550006","channel":"sms","status":"pending","valid":false,"date_created":"2020-01-14T22:16:45Z","date_updated":"2020-01-14T22:22:35Z","lookup":{"messenger":{"mobile_country_code":"310","type":"mobile","error_code":null,"mobile_network_code":"160","name":"Example"}},"amount":null,"payee":null,"send_code_attempts":[{"time":"2020-01-14T22:16:45Z","channel":"sms","attempt_sid":"VL00000000000000000000000000000000"}],"sna":null,"url":"https://verify.twilio.com/v2/Services/VA00000000000000000000000000000000/Verifications/VE00000000000000000000000000000000"}`
	approved = `{"status":"approved","payee":null,"date_updated":"2020-01-15T17:33:10Z","account_sid":"AC00000000000000000000000000000000","to":"+15005550006","amount":null,"valid":true,"sid":"VE00000000000000000000000000000000","date_created":"2020-01-15T17:32:56Z","service_sid":"VA00000000000000000000000000000000","channel":"sms"}`
)

func inMemory(t testing.TB, body string) *twilio.Client {
	cfg := valid()
	cfg.HTTPClient = fixture.InMemory(fixture.Always(http.StatusOK, body), header)
	client, err := twilio.New(cfg)
	require.NoError(t, err)
	return client
}

// With retries, typed errors and redaction on; careful net/http alone takes 43
// and 39, twilio-go 113 and 95.
func TestAllocationsStayFew(t *testing.T) {
	send, check := inMemory(t, created), inMemory(t, approved)
	fixture.Allocates(t, "Send", 28, func() error {
		_, err := send.Send(t.Context(), phone)
		return err
	})
	fixture.Allocates(t, "Check", 28, func() error { return check.Check(t.Context(), phone, "123456") })
}

func BenchmarkSend(b *testing.B) {
	client := inMemory(b, created)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.Send(b.Context(), phone); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	client := inMemory(b, approved)
	b.ReportAllocs()
	for b.Loop() {
		if err := client.Check(b.Context(), phone, "123456"); err != nil {
			b.Fatal(err)
		}
	}
}
