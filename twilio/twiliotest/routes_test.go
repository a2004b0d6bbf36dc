package twiliotest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/twilio/twiliotest"
)

func TestCredentials(t *testing.T) {
	a := newAccount(t)
	for name, tt := range map[string]struct {
		user, password string
		message        string // of the refusal, if it is one
	}{
		"account and token":        {twiliotest.AccountSID, twiliotest.AuthToken, ""},
		"API key and secret":       {twiliotest.APIKeySID, twiliotest.APIKeySecret, ""},
		"no credentials":           {"", "", "Authentication Error - No credentials provided"},
		"unknown account":          {"AC1", twiliotest.AuthToken, "Authentication Error - invalid username"},
		"wrong token":              {twiliotest.AccountSID, "wrong", "Authenticate"},
		"empty token":              {twiliotest.AccountSID, "", "Authenticate"},
		"account with key secret":  {twiliotest.AccountSID, twiliotest.APIKeySecret, "Authenticate"},
		"API key with auth token":  {twiliotest.APIKeySID, twiliotest.AuthToken, "Authenticate"},
		"wrong secret":             {twiliotest.APIKeySID, "wrong", "Authenticate"},
		"nobody, with an auth key": {"", twiliotest.AuthToken, "Authentication Error - invalid username"},
	} {
		t.Run(name, func(t *testing.T) {
			sent := a.Effects()
			got := a.do("POST", send, "To="+mail+"&Channel=email", func(r *http.Request) {
				r.Header.Del("Authorization")
				if tt.user+tt.password != "" {
					r.SetBasicAuth(tt.user, tt.password)
				}
			})
			if tt.message == "" {
				assert.Equal(t, 201, got.status)
				return
			}
			got.refused(t, 401, 20003)
			assert.Equal(t, tt.message, got.body["message"])
			assert.Equal(t, "Your AccountSid or AuthToken was incorrect.", got.body["detail"])
			assert.NotEmpty(t, got.header.Get("WWW-Authenticate"))
			assert.Equal(t, sent, a.Effects())
		})
	}
}

func TestPathsAndMethods(t *testing.T) {
	a := newAccount(t)
	for name, tt := range map[string]struct {
		method, path string
		status, code int
	}{
		"nothing":                {"GET", "/", 404, 20404},
		"another version":        {"POST", strings.Replace(send, "v2", "v3", 1), 404, 20404},
		"all services":           {"GET", "/v2/Services", 404, 20404},
		"unknown service":        {"POST", "/v2/Services/VA11111111111111111111111111111111/Verifications", 404, 20404},
		"no service":             {"GET", "/v2/Services/", 404, 20404},
		"slash behind a service": {"GET", service + "/", 404, 20404},
		"slash behind a send":    {"POST", send + "//", 404, 20404},
		"unknown resource":       {"GET", service + "/Entities", 404, 20404},
		"too deep":               {"GET", send + "/VE00/Attempts", 404, 20404},
		"dots are not collapsed": {"POST", service + "/x/../Verifications", 404, 20404},
		"slash within a segment": {"GET", send + "/VE%2F00", 404, 20404},
		"a list of sends":        {"GET", send, 405, 20004},
		"a check to be read":     {"GET", check, 405, 20004},
		"a service to delete":    {"DELETE", service, 405, 20004},
		"a send to delete":       {"DELETE", send + "/VE00", 405, 20004},
	} {
		t.Run(name, func(t *testing.T) {
			a.do(tt.method, tt.path, "").refused(t, tt.status, tt.code)
		})
	}
}

func TestServiceTellsItsSettings(t *testing.T) {
	second := "VA11111111111111111111111111111111"
	a := newAccount(t,
		twiliotest.Service{},
		twiliotest.Service{SID: second, FriendlyName: "Bank", CodeLength: 8, PSD2: true},
	)
	for name, tt := range map[string]struct {
		sid, name string
		length    float64
		psd2      bool
	}{
		"by default": {twiliotest.ServiceSID, "Acme", 6, false},
		"as given":   {second, "Bank", 8, true},
	} {
		t.Run(name, func(t *testing.T) {
			got := a.do("GET", "/v2/Services/"+tt.sid, "")
			require.Equal(t, 200, got.status)
			assert.Equal(t, tt.sid, got.sid())
			assert.Equal(t, twiliotest.AccountSID, got.body["account_sid"])
			assert.Equal(t, tt.name, got.body["friendly_name"])
			assert.Equal(t, tt.length, got.body["code_length"])
			assert.Equal(t, tt.psd2, got.body["psd2_enabled"])
			assert.Equal(t, false, got.body["custom_code_enabled"])
		})
	}
}
