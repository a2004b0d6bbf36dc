package interop_test

import (
	"encoding/json"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/emulator"
)

// reports are the requests by which an emulator tells of messages with these ids, for
// the vendor's own library to check: what it takes, the emulator may sign, and our
// handlers take what the emulator signs.
func reports(t *testing.T, e emulator.Emulator, ids ...string) string {
	t.Helper()
	type request struct {
		URL     string            `json:"url"`
		Headers map[string]string `json:"headers"`
		Body    string            `json:"body"`
	}
	var all []request
	for _, id := range ids {
		if !slices.ContainsFunc(e.Messages(), func(m emulator.Message) bool { return m.ID == id }) {
			e.(interface{ Deliver(emulator.Message) }).Deliver(emulator.Message{ID: id, To: to, Channel: "sms"})
		}
		for _, status := range []string{emulator.Sent, emulator.Delivered, emulator.Undelivered, emulator.Failed} {
			r, err := e.Report("https://login.example.com/hooks?a=b%20c", id, status)
			if errors.Is(err, emulator.ErrNoReport) {
				continue
			}
			require.NoError(t, err)
			body, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			headers := map[string]string{}
			for name := range r.Header {
				headers[name] = r.Header.Get(name)
			}
			all = append(all, request{r.URL.String(), headers, string(body)})
		}
	}
	require.NotEmpty(t, all)
	text, err := json.Marshal(all)
	require.NoError(t, err)
	return string(text)
}
