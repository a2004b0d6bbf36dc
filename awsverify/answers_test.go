package awsverify_test

import (
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/awsverify"
	"github.com/go2fa/verify/awsverify/awsverifytest"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// answering answers each request with one body.
func answering(status int, body string) *http.Client {
	return &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r}, nil
	})}
}

// An answer is 64 KiB at most: no shape of it takes a thousand times as much memory.
func TestAnAnswerThatIsDeepTakesLittleMemory(t *testing.T) {
	for status, root := range map[int]string{http.StatusOK: "PublishResponse", http.StatusInternalServerError: "ErrorResponse"} {
		deep := "<" + root + ">" + strings.Repeat("<a>", 21_000)
		c, err := awsverify.NewSNS(awsverify.SNSConfig{Account: account(), HTTPClient: answering(status, deep)})
		require.NoError(t, err)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err = c.Deliver(t.Context(), letter())
		runtime.ReadMemStats(&after)
		_ = outcome(t, err, verify.ErrOutcomeUnknown)
		assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(10<<20), root)
	}
}

// AWS knows a code by its number: after another send it might say yes to the first one
// again, which somebody has used.
func TestAUsedCodeIsRefusedAfterAnotherSend(t *testing.T) {
	t.Parallel()
	srv := awsverifytest.NewServer(t)
	cfg := notifyConfig()
	cfg.BaseURL = srv.URL
	c, err := awsverify.NewNotify(cfg)
	require.NoError(t, err)
	_, err = c.Send(t.Context(), phone)
	require.NoError(t, err)
	used := srv.Code(phone, "")
	require.NoError(t, c.Check(t.Context(), phone, used))
	_, err = c.Send(t.Context(), phone)
	require.NoError(t, err)
	srv.Fail(awsverifytest.Fault{On: "check", Status: 200, Body: `{"status":"VALID"}`, Times: 1})
	before := srv.Requests()
	require.ErrorIs(t, c.Check(t.Context(), phone, used), verify.ErrNotPending)
	assert.Equal(t, before, srv.Requests(), "it costs none of the attempts at the new code")
	srv.Heal()
	require.NoError(t, c.Check(t.Context(), phone, srv.Code(phone, "")))
}

// A code whose answer was lost may arrive, and is good once.
func TestTheCodeOfALostAnswerIsGood(t *testing.T) {
	t.Parallel()
	srv := awsverifytest.NewServer(t)
	cfg := notifyConfig()
	cfg.BaseURL = srv.URL
	c, err := awsverify.NewNotify(cfg)
	require.NoError(t, err)
	srv.Fail(awsverifytest.Fault{On: "send", Break: awsverifytest.Close, Effect: true})
	_, err = c.Send(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
	code := srv.Code(phone, "")
	require.NoError(t, c.Check(t.Context(), phone, code))
	require.ErrorIs(t, c.Check(t.Context(), phone, code), verify.ErrNotPending)
}

// What says yes and names an error says neither, and an id that is all digits may be a
// number or a code.
func TestAnAnswerThatContradictsItselfIsUnknown(t *testing.T) {
	t.Parallel()
	const id = "aaaaaaaa-bbbb-4ccc-8ddd-000000000001"
	for body, want := range map[string]verify.Outcome{
		`{"MessageId":"` + id + `"}`:                                "",
		`{"MessageId":"` + id + `","__type":"ThrottlingException"}`: verify.ErrOutcomeUnknown,
		`{"MessageId":"123456"}`:                                    verify.ErrOutcomeUnknown,
		`{"MessageId":"15005550006"}`:                               verify.ErrOutcomeUnknown,
		`{"MessageId":"5005550006"}`:                                verify.ErrOutcomeUnknown,
	} {
		c, err := awsverify.NewSMS(awsverify.SMSConfig{Account: account(), HTTPClient: answering(http.StatusOK, body)})
		require.NoError(t, err)
		_, err = c.Deliver(t.Context(), letter())
		assert.Equal(t, want, verify.OutcomeOf(err), body)
	}
	for body, want := range map[string]verify.Outcome{
		`<PublishResult><MessageId>` + id + `</MessageId></PublishResult>`:                                      "",
		`<PublishResult><MessageId>` + id + `</MessageId></PublishResult><Error><Code>Throttled</Code></Error>`: verify.ErrOutcomeUnknown,
		`<PublishResult><MessageId>123456</MessageId></PublishResult>`:                                          verify.ErrOutcomeUnknown,
	} {
		c, err := awsverify.NewSNS(awsverify.SNSConfig{Account: account(), HTTPClient: answering(http.StatusOK, "<PublishResponse>"+body+"</PublishResponse>")})
		require.NoError(t, err)
		_, err = c.Deliver(t.Context(), letter())
		assert.Equal(t, want, verify.OutcomeOf(err), body)
	}
	for body, want := range map[string]verify.Outcome{
		`{"status":"VALID"}`: "",
		`{"status":"VALID","__type":"AccessDeniedException"}`: verify.ErrOutcomeUnknown,
	} {
		cfg := notifyConfig()
		cfg.Stateless, cfg.HTTPClient = true, answering(http.StatusOK, body)
		c, err := awsverify.NewNotify(cfg)
		require.NoError(t, err)
		assert.Equal(t, want, verify.OutcomeOf(c.Check(t.Context(), phone, "123456")), body)
	}
}
