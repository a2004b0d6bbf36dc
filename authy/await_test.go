package authy_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/authy"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A script answers the n-th request in memory, where a synctest bubble sees it.
type script struct {
	n      atomic.Int32
	answer func(n int) (status int, body string)
	header http.Header // of every answer
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
	status, body := s.answer(int(s.n.Add(1)))
	return &http.Response{StatusCode: status, Header: s.header, Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

const (
	question = "dda2c400-bc43-0135-d7be-1285ca17e122"
	pending  = `{"success":true,"approval_request":{"status":"pending"}}`
	approved = `{"success":true,"approval_request":{"status":"approved","uuid":"` + question + `","_authy_id":1000}}`
)

// scripted is a client whose n-th request gets what answer says.
func scripted(t *testing.T, answer func(n int) (int, string)) (*authy.Users, *script) {
	directory := new(authy.MemoryDirectory)
	require.NoError(t, directory.SetAuthyID(t.Context(), phone, "1000"))
	s := &script{answer: answer}
	users, err := authy.NewUsers(authy.Config{
		APIKey: "placeholder", Directory: directory, HTTPClient: &http.Client{Transport: s},
	})
	require.NoError(t, err)
	return users, s
}

func TestAwaitAsksLessAndLessOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		users, s := scripted(t, func(n int) (int, string) {
			if n <= 12 {
				return 200, pending
			}
			return 200, approved
		})
		begin := time.Now()
		require.NoError(t, users.AwaitApproval(t.Context(), phone, question))
		assert.EqualValues(t, 13, s.n.Load())
		// 1 + 1.5 + 2.25 + 3.375 + 5.0625 + 7.59375 and then 6 times 10 seconds.
		assert.Equal(t, 80781250*time.Microsecond, time.Since(begin))
	})
}

func TestAwaitIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		users, s := scripted(t, func(int) (int, string) { return 200, pending })
		begin := time.Now()
		err := users.AwaitApproval(t.Context(), phone, question)
		require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Contains(t, detail(err), "may yet answer")
		assert.Equal(t, 10*time.Minute, time.Since(begin))
		assert.Less(t, s.n.Load(), int32(70))
	})
}

func TestAwaitEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		users, _ := scripted(t, func(int) (int, string) { return 200, pending })
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(5*time.Second, cancel)
		begin := time.Now()
		err := users.AwaitApproval(ctx, phone, question)
		require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
		require.ErrorIs(t, err, context.Canceled)
		assert.Equal(t, 5*time.Second, time.Since(begin))
	})
}

func TestAwaitOutlastsAPassingFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		users, s := scripted(t, func(n int) (int, string) {
			switch {
			case n == 8:
				return 200, approved
			case n%2 == 0 || n == 7:
				return 200, pending
			}
			return 200, `{}`
		})
		require.NoError(t, users.AwaitApproval(t.Context(), phone, question))
		assert.EqualValues(t, 8, s.n.Load())
	})
}

func TestAwaitGivesUp(t *testing.T) {
	for name, tc := range map[string]struct {
		status int
		body   string
		want   verify.Outcome
		polls  int32
		waits  time.Duration
	}{
		"at once, if the request is not known": {404, `{"error_code":"60049","errors":{},"success":false}`, verify.ErrNotPending, 1, 0},
		"at once, if the key is wrong":         {401, `{"error_code":"60001"}`, verify.ErrUnauthorized, 1, 0},
		"after three false answers":            {200, `{}`, verify.ErrOutcomeUnknown, 3, 2500 * time.Millisecond},
		"at once, if nothing reaches them":     {200, `{"success":false,"error_code":"60015"}`, verify.ErrInvalidRecipient, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				users, s := scripted(t, func(int) (int, string) { return tc.status, tc.body })
				begin := time.Now()
				err := users.AwaitApproval(t.Context(), phone, question)
				assert.Equal(t, tc.want, verify.OutcomeOf(err), "%v", err)
				assert.Equal(t, tc.polls, s.n.Load())
				assert.Equal(t, tc.waits, time.Since(begin))
			})
		})
	}
}

func TestAwaitHonorsRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		users, s := scripted(t, func(n int) (int, string) {
			if n == 1 {
				return 429, `{"error_code":"61999"}`
			}
			return 200, approved
		})
		s.header = http.Header{"Retry-After": {"20"}}
		begin := time.Now()
		require.NoError(t, users.AwaitApproval(t.Context(), phone, question))
		assert.Equal(t, 20*time.Second, time.Since(begin))
	})
}
