package emulator

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"hash"
	"net/http"
	"slices"
	"strconv"
	"time"
)

// The statuses that Report knows, whatever a vendor calls them.
const (
	Sent        = "sent"
	Delivered   = "delivered"
	Undelivered = "undelivered"
	Expired     = "expired"
	Failed      = "failed"
)

// Errors of Report.
var (
	ErrNoMessage = errors.New("emulator: no message has this id")
	ErrNoReport  = errors.New("emulator: the vendor has no such report")
)

// Report makes the request by which the vendor would tell an address that a message got
// so far. The signature has the time of this machine, which Advance does not move. The
// id is that of the message, which is Receipt.ID. Send the request by a client, or hand
// it to a handler.
func (c *Core) Report(address, id, status string) (*http.Request, error) {
	all := c.log.last()
	i := slices.IndexFunc(all, func(m Message) bool { return m.ID == id && id != "" })
	switch {
	case i < 0:
		return nil, ErrNoMessage
	case c.api.Report == nil:
		return nil, ErrNoReport
	}
	r := c.api.Report(address, all[i], status)
	if r == nil {
		return nil, ErrNoReport
	}
	return r, nil
}

// PostReport posts what Report makes, and fails unless the answer is of class 2xx.
func (c *Core) PostReport(ctx context.Context, address, id, status string) error {
	r, err := c.Report(address, id, status)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(r.WithContext(ctx))
	if err != nil {
		return errors.New("emulator: the address of reports does not answer")
	}
	_ = answer.Body.Close() // nothing was written
	if answer.StatusCode/100 != 2 {
		return errors.New("emulator: the report was answered with " + strconv.Itoa(answer.StatusCode))
	}
	return nil
}

// NewReport makes the request of a report: a body, which is JSON unless it is a string
// of a form, and the pairs of its headers. It returns nil if the address is none.
func NewReport(address string, body any, headers ...string) *http.Request {
	kind := "application/x-www-form-urlencoded"
	text, isForm := body.(string)
	raw := []byte(text)
	if !isForm {
		kind, raw = "application/json", ReportBody(body)
	}
	r, err := http.NewRequest(http.MethodPost, address, bytes.NewReader(raw)) //nolint:noctx // PostReport adds it
	if err != nil {
		return nil
	}
	r.Header.Set("Content-Type", kind)
	for pair := range slices.Chunk(headers, 2) {
		r.Header.Set(pair[0], pair[1])
	}
	return r
}

// ReportBody is what NewReport sends of a body that is JSON: what a vendor signs. Bytes
// stay as they are.
func ReportBody(body any) []byte {
	if raw, ok := body.([]byte); ok {
		return raw
	}
	raw, _ := json.Marshal(body) // an emulator's bodies always encode
	return raw
}

// MAC is the HMAC of a text.
func MAC(hash func() hash.Hash, key, text string) []byte {
	h := hmac.New(hash, []byte(key))
	_, _ = h.Write([]byte(text))
	return h.Sum(nil)
}

// Token is a JWT that is signed by HS256.
func Token(secret string, claims any) string {
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode(ReportBody(claims))
	return text + "." + encode(MAC(sha256.New, secret, text))
}

// Stamp is a time in Unix seconds.
func Stamp(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }
