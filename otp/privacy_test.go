package otp

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

func TestErrorsOfAStoreAreNoSecondOutcomeAndNoURL(t *testing.T) {
	t.Parallel()
	secret := "https://user:hunter2@store.example"
	for name, err := range map[string]error{
		"an error of ours": &verify.Error{Outcome: verify.ErrBlocked},
		"a bare outcome":   verify.ErrMismatch,
		"a URL":            &url.Error{Op: "Post", URL: secret, Err: context.DeadlineExceeded},
		"a wrapped URL":    fmt.Errorf("store: %w", &url.Error{Op: "Post", URL: secret, Err: errStore}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, _ := newEngine(t, func(c *Config) { c.Store = &brokenStore{put: err, attempt: []error{err, err}} })
			_, got := e.Send(t.Context(), phone)
			requireOne(t, got, verify.ErrUnavailable)
			requirePrivate(t, got, "hunter2", phone)
			requireOne(t, e.Check(t.Context(), phone, "123456"), verify.ErrOutcomeUnknown)
		})
	}
}

// requirePrivate looks for secrets in all an error can be made to say.
func requirePrivate(t *testing.T, err error, secrets ...string) {
	t.Helper()
	texts := []string{err.Error(), fmt.Sprintf("%v %+v %#v %s %q", err, err, err, err, err)}
	j, _ := json.Marshal(err)
	texts = append(texts, string(j))
	var walk func(error)
	walk = func(err error) {
		if err == nil {
			return
		}
		texts = append(texts, err.Error())
		switch e := err.(type) { //nolint:errorlint // the walk itself
		case interface{ Unwrap() error }:
			walk(e.Unwrap())
		case interface{ Unwrap() []error }:
			for _, inner := range e.Unwrap() {
				walk(inner)
			}
		}
	}
	walk(err)
	for _, secret := range secrets {
		for _, text := range texts {
			require.NotContains(t, text, secret)
		}
	}
}

func TestNothingPrintsACodeARecipientOrAKey(t *testing.T) {
	t.Parallel()
	e, p := newEngine(t)
	code := mustSend(t, e, p, verify.WithTransaction("EUR 12.34", "Some Payee"))
	cfg := Config{Messenger: p, Keys: [][]byte{keyA}, IndexKey: keyB}
	m := p.last(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, x := range []any{m, &m, cfg, &cfg, e, *e} {
			text := fmt.Sprintf(verb, x)
			for _, secret := range []string{code, phone[1:], "12.34", "Some Payee", string(keyA), "41414141", "65 65 65", m.Text} {
				require.NotContains(t, text, secret, verb)
			}
		}
	}
	for _, x := range []any{m, cfg, Config{Keys: [][]byte{keyA}, IndexKey: keyB}} {
		j, err := json.Marshal(x)
		if err == nil {
			require.NotContains(t, string(j), code)
			require.NotContains(t, string(j), phone[1:])
			require.NotContains(t, string(j), "QUFB")
			require.NotContains(t, string(j), "QkJC")
		}
	}
	assert.Equal(t, "otp.Engine{[hidden]} otp.Config{[hidden]}", fmt.Sprintf("%v %+v", e, cfg))
	assert.Equal(t, "otp.Message{To: +1…06, Channel: sms, Ref: "+m.Ref+"}", fmt.Sprint(m))
}
