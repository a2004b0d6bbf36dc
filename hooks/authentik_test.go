package hooks_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/hooks"
)

// goauthentik/authentik @048be7d authentik/stages/authenticator_sms/models.py, on
// values of ours.
const authentikBody = `{"From":"Acme","To":"+15005550006","Body":"123456","Message":"Use this code to authenticate in authentik: 123456"}`

// mapped is the body of the webhook mapping of docs/hooks.md.
func mapped(until time.Time) string {
	return strings.Replace(authentikBody, `{`, fmt.Sprintf(`{"Until":%d,`, until.Unix()), 1)
}

func init() {
	in := func(body string) string {
		return strings.Replace(body, authentikBody, mapped(time.Now().Add(5*time.Minute)), 1)
	}
	trials["authentik, mapped"] = trial{
		open: func(cfg hooks.Config) (http.Handler, error) { return trials["authentik"].open(cfg) },
		request: func(int) *http.Request {
			return headerPost(in(authentikBody), hooks.Bearer("placeholder-authentik-token"))
		},
		another: func() *http.Request {
			return headerPost(strings.ReplaceAll(in(authentikBody), `"123456"`, `"654321"`), hooks.Bearer("placeholder-authentik-token"))
		},
		without: func() *http.Request {
			return headerPost(strings.Replace(in(authentikBody), "+1500", "1500", 1), hooks.Bearer("placeholder-authentik-token"))
		},
		forged: wrongHeaders(authentikBody, hooks.Bearer("placeholder-authentik-token")),
		text:   "Use this code to authenticate in authentik: 123456", timed: true,
		sent: http.StatusNoContent, status: http.StatusTooManyRequests, refused: "Too many codes were sent. Try again later.",
	}
	secret := hooks.Bearer("placeholder-authentik-token")
	trials["authentik"] = trial{
		open:    func(cfg hooks.Config) (http.Handler, error) { return hooks.Authentik(cfg, secret) },
		request: func(int) *http.Request { return headerPost(authentikBody, secret) },
		another: func() *http.Request { return headerPost(strings.ReplaceAll(authentikBody, code, "654321"), secret) },
		without: func() *http.Request { return headerPost(strings.Replace(authentikBody, "+1500", "1500", 1), secret) },
		forged:  wrongHeaders(authentikBody, secret),
		text:    "Use this code to authenticate in authentik: 123456",
		sent:    http.StatusNoContent, status: http.StatusTooManyRequests, refused: "Too many codes were sent. Try again later.",
	}
}

func TestAuthentikWithoutANumberOrACodeIsUnreadable(t *testing.T) {
	t.Parallel()
	m := new(messenger)
	h := opened(t, trials["authentik"], configOf(m))
	for _, missing := range []string{person, `"123456"`, `"Message"`, "{"} {
		body := strings.Replace(authentikBody, missing, strings.Repeat(`"`, strings.Count(missing, `"`)), 1)
		w := serve(h, headerPost(body, hooks.Bearer("placeholder-authentik-token")))
		assert.Equal(t, http.StatusBadRequest, w.Code)
		assert.Empty(t, w.Body.String(), "authentik shows it")
	}
	assert.Empty(t, m.sent)
}

// What our mapping tells of the code's end is the time that a message has.
func TestAuthentikTellsWhenACodeEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := new(messenger)
		h := opened(t, trials["authentik"], configOf(m))
		post := func(until time.Time) int {
			return serve(h, headerPost(mapped(until), hooks.Bearer("placeholder-authentik-token"))).Code
		}
		assert.Equal(t, http.StatusUnauthorized, post(time.Now()), "it has ended")
		assert.Equal(t, http.StatusBadRequest, post(time.Now().Add(25*time.Hour)))
		assert.Empty(t, m.sent)
		assert.Equal(t, http.StatusNoContent, post(time.Now().Add(5*time.Minute)))
		require.Len(t, m.sent, 1)
		assert.Equal(t, 5*time.Minute, m.sent[0].TTL)
	})
}
