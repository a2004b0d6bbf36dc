package emulator_test

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/emulator"
)

func newReporter(report func(string, emulator.Message, string) *http.Request) *emulator.Core {
	c := new(emulator.Core)
	c.Start(emulator.API{Report: report})
	c.Deliver(emulator.Message{ID: "a", To: "+15005550006"})
	c.Deliver(emulator.Message{To: "+15017122661"})
	return c
}

func TestAReportIsOfAMessageByItsID(t *testing.T) {
	t.Parallel()
	c := newReporter(func(address string, m emulator.Message, status string) *http.Request {
		if status == emulator.Failed {
			return nil
		}
		return emulator.NewReport(address, map[string]string{"id": m.ID, "to": m.To, "status": status}, "Signature", "s")
	})
	r, err := c.Report("https://login.example.com/hooks", "a", emulator.Delivered)
	require.NoError(t, err)
	body, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	assert.JSONEq(t, `{"id":"a","to":"+15005550006","status":"delivered"}`, string(body))
	assert.Equal(t, "s", r.Header.Get("Signature"))
	assert.Equal(t, "application/json", r.Header.Get("Content-Type"))
	for name, tc := range map[string]struct {
		c               *emulator.Core
		address, id, is string
		want            error
	}{
		"no such message":          {c, "https://a.example", "b", emulator.Sent, emulator.ErrNoMessage},
		"no id":                    {c, "https://a.example", "", emulator.Sent, emulator.ErrNoMessage},
		"no such report":           {c, "https://a.example", "a", emulator.Failed, emulator.ErrNoReport},
		"an address that is none":  {c, ":", "a", emulator.Sent, emulator.ErrNoReport},
		"a vendor without reports": {newReporter(nil), "https://a.example", "a", emulator.Sent, emulator.ErrNoReport},
	} {
		_, err := tc.c.Report(tc.address, tc.id, tc.is)
		require.ErrorIs(t, err, tc.want, name)
	}
}

func TestPostReportTellsWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	status := http.StatusOK
	srv := emulator.ServeTest(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(status) }), "")
	c := newReporter(func(address string, _ emulator.Message, _ string) *http.Request {
		return emulator.NewReport(address, "a=b")
	})
	require.NoError(t, c.PostReport(t.Context(), srv.URL, "a", emulator.Sent))
	status = http.StatusForbidden
	require.ErrorContains(t, c.PostReport(t.Context(), srv.URL, "a", emulator.Sent), "answered with 403")
	require.ErrorIs(t, c.PostReport(t.Context(), srv.URL, "b", emulator.Sent), emulator.ErrNoMessage)
	srv.Close()
	require.ErrorContains(t, c.PostReport(t.Context(), srv.URL, "a", emulator.Sent), "does not answer")
}

// The samples of RFC 4231 and of jwt.io.
func TestSignaturesOfReports(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843", hex.EncodeToString(emulator.MAC(sha256.New, "Jefe", "what do ya want for nothing?")))
	assert.Equal(t, "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c",
		emulator.Token("your-256-bit-secret", []byte(`{"sub":"1234567890","name":"John Doe","iat":1516239022}`)), "the sample of jwt.io")
}
