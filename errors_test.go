package verify_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

var outcomes = map[verify.Outcome]string{
	verify.ErrMismatch:         "mismatch",
	verify.ErrNotPending:       "not_pending",
	verify.ErrTooManyAttempts:  "too_many_attempts",
	verify.ErrTooManySends:     "too_many_sends",
	verify.ErrInvalidRecipient: "invalid_recipient",
	verify.ErrBlocked:          "blocked",
	verify.ErrUnsupported:      "unsupported",
	verify.ErrUnauthorized:     "unauthorized",
	verify.ErrRejected:         "rejected",
	verify.ErrRateLimited:      "rate_limited",
	verify.ErrUnavailable:      "unavailable",
	verify.ErrOutcomeUnknown:   "outcome_unknown",
}

// matched lists the outcomes that err is.
func matched(err error) []verify.Outcome {
	var all []verify.Outcome
	for o := range outcomes {
		if errors.Is(err, o) {
			all = append(all, o)
		}
	}
	return all
}

func TestOutcomes(t *testing.T) {
	require.Len(t, outcomes, 12)
	for o, label := range outcomes {
		t.Run(label, func(t *testing.T) {
			assert.Equal(t, label, string(o), "a label of metrics and logs never changes")
			assert.Equal(t, strings.ReplaceAll(label, "_", " "), o.Error())
			assert.Equal(t, o, verify.OutcomeOf(o))

			bare := &verify.Error{Outcome: o}
			assert.Equal(t, o.Error(), bare.Error())
			assert.Equal(t, []verify.Outcome{o}, matched(bare))
			assert.Equal(t, o, verify.OutcomeOf(fmt.Errorf("login: %w", bare)))

			caused := &verify.Error{Outcome: o, Err: context.Canceled}
			assert.Equal(t, []verify.Outcome{o}, matched(caused))
			assert.ErrorIs(t, caused, context.Canceled)
		})
	}
}

func TestOutcomeOf(t *testing.T) {
	tests := map[string]struct {
		err  error
		want verify.Outcome
	}{
		"nil":                          {nil, ""},
		"an error of somebody else":    {io.EOF, verify.ErrOutcomeUnknown},
		"a label that is no outcome":   {verify.Outcome("approved"), verify.ErrOutcomeUnknown},
		"the empty outcome":            {verify.Outcome(""), verify.ErrOutcomeUnknown},
		"an Error without a kind":      {&verify.Error{}, verify.ErrOutcomeUnknown},
		"an Error with a made-up kind": {&verify.Error{Outcome: "approved"}, verify.ErrOutcomeUnknown},
		"joined with another":          {errors.Join(io.EOF, verify.ErrBlocked), verify.ErrBlocked},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.want, verify.OutcomeOf(tc.err))
		})
	}
}

// A failover decides by the outcome: were there two, it would take the one that
// it asks for first.
func TestErrorMatchesOneOutcome(t *testing.T) {
	tests := map[string]struct {
		err  *verify.Error
		want verify.Outcome
	}{
		"no kind":                    {&verify.Error{}, verify.ErrOutcomeUnknown},
		"a made-up kind":             {&verify.Error{Outcome: "nil"}, verify.ErrOutcomeUnknown},
		"a cause":                    {&verify.Error{Outcome: verify.ErrUnavailable, Err: io.EOF}, verify.ErrUnavailable},
		"a cause that is an Error":   {&verify.Error{Outcome: verify.ErrBlocked, Err: &verify.Error{Outcome: verify.ErrUnavailable}}, verify.ErrBlocked},
		"a cause that is an outcome": {&verify.Error{Outcome: verify.ErrBlocked, Err: verify.ErrUnavailable}, verify.ErrBlocked},
		"a cause that wraps an Error": {
			&verify.Error{Outcome: verify.ErrBlocked, Err: fmt.Errorf("backend: %w", &verify.Error{Outcome: verify.ErrUnavailable})},
			verify.ErrBlocked,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, []verify.Outcome{tc.want}, matched(tc.err))
			assert.Equal(t, tc.want, verify.OutcomeOf(tc.err))
		})
	}
}

func TestErrorLine(t *testing.T) {
	tests := map[string]struct {
		err        verify.Error
		line, json string
	}{
		"nothing known": {
			verify.Error{}, "outcome unknown", `{"outcome":"outcome_unknown"}`,
		},
		"a throttle": {
			verify.Error{Vendor: "twilio", Op: "send", Outcome: verify.ErrRateLimited, HTTPStatus: 429, VendorCode: "20429"},
			"twilio: send: rate limited (HTTP 429, 20429)",
			`{"outcome":"rate_limited","vendor":"twilio","op":"send","http_status":429,"vendor_code":"20429"}`,
		},
		"an argument at fault": {
			verify.Error{Vendor: "twilio", Op: "send", Outcome: verify.ErrUnsupported, Detail: "this channel is not offered"},
			"twilio: send: unsupported: this channel is not offered",
			`{"outcome":"unsupported","vendor":"twilio","op":"send","detail":"this channel is not offered"}`,
		},
		"no operation": {
			verify.Error{Vendor: "otp", Outcome: verify.ErrUnavailable},
			"otp: unavailable", `{"outcome":"unavailable","vendor":"otp"}`,
		},
		"a wait is rounded up": {
			verify.Error{Outcome: verify.ErrTooManySends, RetryAfter: 1200 * time.Millisecond},
			"too many sends (retry after 2s)", `{"outcome":"too_many_sends","retry_after_seconds":2}`,
		},
		"a wait of less than a second": {
			verify.Error{Outcome: verify.ErrTooManySends, RetryAfter: time.Millisecond},
			"too many sends (retry after 1s)", `{"outcome":"too_many_sends","retry_after_seconds":1}`,
		},
		"everything": {
			verify.Error{
				Vendor: "otp", Op: "check", Outcome: verify.ErrMismatch, Detail: "the code is wrong", HTTPStatus: 200,
				VendorCode: "60022", RequestID: "RQ00", RetryAfter: time.Hour, AttemptsLeft: 3, Requests: 2, Err: io.EOF,
			},
			"otp: check: mismatch: the code is wrong (HTTP 200, 60022, retry after 1h0m0s)",
			`{"outcome":"mismatch","vendor":"otp","op":"check","detail":"the code is wrong","http_status":200,` +
				`"vendor_code":"60022","request_id":"RQ00","retry_after_seconds":3600,"attempts_left":3,"requests":2}`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, tc.line, tc.err.Error())
			got, err := json.Marshal(&tc.err)
			require.NoError(t, err)
			assert.Equal(t, tc.json, string(got))
		})
	}
}

// The canaries: none of them may be read in anything this module prints.
var canaries = []string{"5005550006", "canary", "246801", "39.99", "Acme", "203.0.113.7", "https://"}

// printed is v under every verb, marshaler and log handler, alone and nested.
func printed(t *testing.T, v any) []string {
	t.Helper()
	var all []string
	for _, nested := range []any{v, []any{v}, map[string]any{"k": v}, struct{ V any }{v}, &struct{ V any }{v}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			all = append(all, fmt.Sprintf(verb, nested))
		}
		text, err := json.Marshal(nested)
		require.NoError(t, err)
		all = append(all, string(text))

		var log bytes.Buffer
		o := &slog.HandlerOptions{ReplaceAttr: timeless}
		for _, h := range []slog.Handler{slog.NewTextHandler(&log, o), slog.NewJSONHandler(&log, o)} {
			slog.New(h).With("with", nested).Info("failed", "v", nested, slog.Group("g", "v", nested))
		}
		all = append(all, log.String())
	}
	return all
}

// timeless drops a record's time: one of 13:13:39.991 holds an amount.
func timeless(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// A canary that a clock may print would be found by chance.
func TestAPrintHoldsNoTime(t *testing.T) {
	for _, text := range printed(t, "nothing") {
		assert.NotRegexp(t, `[0-9]:[0-9]{2}`, text)
	}
}

func assertNoCanary(t *testing.T, v any) {
	t.Helper()
	for _, text := range printed(t, v) {
		for _, canary := range canaries {
			assert.NotContains(t, text, canary)
			assert.NotContains(t, text, fmt.Sprintf("%x", canary))
		}
	}
}

func TestNothingPrintsACanary(t *testing.T) {
	cause := &url.Error{Op: "Post", URL: "https://canary:canary@example.com/+15005550006?code=246801", Err: context.Canceled}
	full := verify.Error{Vendor: "twilio", Op: "send", Outcome: verify.ErrOutcomeUnknown, Err: cause}

	caps := everything()
	sent, err := caps.SendRequest("+15005550006", personal()...)
	require.NoError(t, err)
	checked, err := caps.CheckRequest("+15005550006", "246801", verify.WithTransaction("EUR 39.99", "Acme"))
	require.NoError(t, err)

	_, badRecipient := caps.SendRequest("canary +15005550006", personal()...)
	_, badScope := caps.SendRequest("+15005550006", append(personal(), verify.WithScope("canary 246801"))...)
	_, badNumber := caps.SendRequest("+115005550006", personal()...)
	badCode := second(caps.CheckRequest("+15005550006", "canary246801"))
	badSum := second(caps.CheckRequest("+15005550006", "246801", verify.WithTransaction("EUR 39.99\n", "Acme")))

	tests := map[string]any{
		"an error with a url.Error":  &full,
		"a copy of that error":       full,
		"that error, wrapped":        fmt.Errorf("login: %w", &full),
		"that error, joined":         errors.Join(&full, &full),
		"every option":               personal(),
		"a slice of any":             anys(personal()),
		"an option alone":            verify.WithTransaction("EUR 39.99", "Acme"),
		"an address alone":           verify.WithClientIP(netip.MustParseAddr("203.0.113.7")),
		"a vendor's option alone":    verify.VendorOption("twilio", "canary"),
		"a request to send":          sent,
		"a request to send, by ref":  &sent,
		"a request to check":         checked,
		"a request to check, by ref": &checked,
		"a transaction":              verify.Transaction{Amount: "EUR 39.99", Payee: "Acme"},
		"a refused recipient":        badRecipient,
		"a refused scope":            badScope,
		"a refused number":           badNumber,
		"a refused code":             badCode,
		"a refused transaction":      badSum,
	}
	for name, v := range tests {
		t.Run(name, func(t *testing.T) {
			assert.NotNil(t, v)
			assertNoCanary(t, v)
		})
	}
}

// A leak shows only if the scan would find it.
func TestTheScanFindsALeak(t *testing.T) {
	leak := struct{ To string }{"+15005550006"}
	for _, text := range printed(t, leak)[:3] {
		assert.Contains(t, text, canaries[0])
	}
}

func TestErrorPrintsItsLineUnderEveryVerb(t *testing.T) {
	err := &verify.Error{Vendor: "twilio", Op: "send", Outcome: verify.ErrRateLimited, HTTPStatus: 429}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d", "%x"} {
		assert.Equal(t, err.Error(), fmt.Sprintf(verb, err), verb)
		assert.Equal(t, err.Error(), fmt.Sprintf(verb, *err), verb)
	}

	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("failed", "err", err)
	assert.Contains(t, log.String(), `err="`+err.Error()+`"`)
	log.Reset()
	slog.New(slog.NewJSONHandler(&log, nil)).Info("failed", "err", err)
	assert.Contains(t, log.String(), `"err":{"outcome":"rate_limited","vendor":"twilio","op":"send","http_status":429}`)
}

// everything is a vendor that can do all there is to do.
func everything() verify.Capabilities {
	return verify.Capabilities{
		Vendor: "all", MinDigits: 4, MaxDigits: 10, DefaultDigits: 6, MaxScope: 64,
		Channels:    []verify.Channel{verify.ChannelEmail, verify.ChannelSMS, verify.ChannelVoice, verify.ChannelWhatsApp},
		Transaction: true, Locale: true, ClientIP: true,
	}
}

// personal are options that each hold something personal.
func personal() []verify.SendOption {
	return []verify.SendOption{
		verify.WithTransaction("EUR 39.99", "Acme"),
		verify.WithClientIP(netip.MustParseAddr("203.0.113.7")),
		verify.VendorOption("twilio", struct{ Key, Value string }{"canary", "canary"}),
		verify.VendorOption("twilio", "canary"),
	}
}

func anys(opts []verify.SendOption) []any {
	all := make([]any, len(opts))
	for i, o := range opts {
		all[i] = o
	}
	return all
}

func second[T any](_ T, err error) error { return err }
