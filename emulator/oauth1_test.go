package emulator_test

import (
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify/emulator"
)

// What the signatures below were made with, by openssl over base strings that were
// written by hand.
var oauthHeader = `OAuth oauth_consumer_key="test-key", oauth_nonce="n1", oauth_timestamp="1450124113", ` +
	`oauth_version="1.0", oauth_signature_method="HMAC-SHA1", oauth_signature="`

func problemOf(method, target, signature string, edit ...func(*http.Request)) string {
	o := &emulator.OAuth1{Key: "test-key", Secret: "test-secret", Skew: 5 * time.Minute}
	r := httptest.NewRequest(method, target, nil)
	for _, f := range edit {
		f(r)
	}
	r.Header.Set("Authorization", oauthHeader+url.QueryEscape(signature)+`"`)
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	problem, _ := o.Problem(r, time.Unix(1450124113, 0), scheme)
	return problem
}

func TestOAuth1SortsParametersByNameAndThenByValue(t *testing.T) {
	for query, signature := range map[string]string{
		"tag=1&tag2=2":  "Gq/IkJ7C8GSB8EQmYlJbx0YJVk0=",
		"a=1&a-b=2":     "ADb8LOJU8nw4jDIOLB5eKUiH1H0=",
		"a=2&a=1&a=%20": "aCX25P5pntsVugZsXWbPkT3LFbA=",
	} {
		assert.Empty(t, problemOf("POST", "http://gw.example.com/rest/mtsms?"+query, signature), query)
		assert.Equal(t, "signature_invalid", problemOf("POST", "http://gw.example.com/rest/mtsms?x=1&"+query, signature), query)
	}
}

func TestOAuth1DropsThePortOfTheSchemeAlone(t *testing.T) {
	for target, signature := range map[string]string{
		"http://[::1]:80/rest/mtsms":            "rH/P2sNb0x1IwKhf4+KBWNHbl64=",
		"http://localhost:443/rest/mtsms":       "D1YTJLfQhB1TTPDr3vbqMnGvBMI=",
		"https://gw.example.com:80/rest/mtsms":  "HpfXOUygFIMhfdpUFQOO9T3+QvY=",
		"https://[2001:db8::1]:443/rest/mtsms":  "nSwuY3bQuxSzk/24iEbJe8VNheQ=",
		"http://GW.example.com:8080/rest/mtsms": "Ts9Hdt1BV6rWNT9IIpjpUq65zl0=",
	} {
		assert.Empty(t, problemOf("POST", target, signature, func(r *http.Request) {
			if strings.HasPrefix(target, "https") {
				r.TLS = &tls.ConnectionState{}
			}
		}), target)
	}
}

func TestOAuth1SignsAForm(t *testing.T) {
	form := func(body string) func(*http.Request) {
		return func(r *http.Request) {
			*r = *httptest.NewRequest("POST", r.URL.String(), strings.NewReader(body))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			_ = r.ParseForm()
		}
	}
	assert.Empty(t, problemOf("POST", "http://gw.example.com/rest/mtsms?b=2", "XE9kTee7Us4hyolW95lFIao6a/I=", form("message=Hi+you&a=1")))
	assert.Equal(t, "signature_invalid", problemOf("POST", "http://gw.example.com/rest/mtsms?b=2", "XE9kTee7Us4hyolW95lFIao6a/I=", form("message=Hi+you&a=2")))
}
