package driver_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify"
)

const (
	unknown = verify.ErrOutcomeUnknown
	long    = "HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n"
	endless = "HTTP/1.1 200 OK\r\n\r\n"
	chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
)

// lost is a row in which the request was read and no trustworthy answer came: a
// send ends, a check is tried once more.
func lost(status int, s step) row {
	return row{
		script: script(s),
		send:   want{kind: unknown, requests: 1, effects: 1, status: status},
		check:  want{kind: unknown, requests: 2, effects: 2, status: status},
	}
}

// hopeless is one that is never tried again: it would end the same way.
func hopeless(status int, s step) row { return both(once(unknown, status, ""), s) }

// late is one that takes all the time there is.
func late(status int, s step) row {
	w := want{kind: unknown, requests: 1, effects: 1, status: status, cause: context.DeadlineExceeded}
	return row{script: script(s), within: soon, send: w, check: w}
}

// accepts is one that ends well.
func accepts(s step) row { return both(want{requests: 1, effects: 1}, s) }

// The answers that do not arrive whole: from no answer to one that is too large.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	pad := strings.Repeat(" ", 64<<10-len(accepted)) // to the byte that is just allowed
	runTable(t, kinds(), map[string]row{
		"no answer in time":              late(0, hang("")),
		"half a header in time":          late(0, hang("HTTP/1.1 200 OK\r\nContent-")),
		"nothing but early hints":        late(0, hang("HTTP/1.1 103 x\r\n\r\n")),
		"reset after the request":        lost(0, reset("")),
		"closed after the request":       lost(0, broken("")),
		"another protocol":               lost(0, broken("SSH-2.0-OpenSSH_9.6\r\n")),
		"a status line that is none":     lost(0, broken("HTTP/1.1 two hundred\r\n\r\n")),
		"half a status line":             lost(0, broken("HTTP/1.1 2")),
		"half a header":                  lost(0, broken("HTTP/1.1 200 OK\r\nContent-Le")),
		"a header over 32 KiB":           lost(0, broken("HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 40<<10)+"\r\n\r\n"+accepted)),
		"a length that is none":          lost(0, broken(head(200, "Content-Length: many")+accepted)),
		"a negative length":              lost(0, broken(head(200, "Content-Length: -1")+accepted)),
		"64 KiB, as announced":           accepts(answer(200, accepted+pad)),
		"64 KiB, to the end":             accepts(broken(endless + accepted + pad)),
		"said to be encoded as it is":    accepts(answer(200, accepted, "Content-Encoding: identity")),
		"cut off":                        lost(200, broken(long+accepted)),
		"cut off before the body":        lost(200, broken(long)),
		"cut off between chunks":         lost(200, broken(chunked+"5\r\n12345\r\n")),
		"reset in the body":              lost(200, reset(chunked+"5\r\n12345\r\n")),
		"a chunk that is none":           lost(200, broken(chunked+"many\r\n"+accepted)),
		"over 64 KiB, as announced":      hopeless(200, answer(200, accepted+pad+" ")),
		"over 64 KiB, to the end":        hopeless(200, broken(endless+accepted+pad+" ")),
		"over 64 KiB, without end":       hopeless(200, flood(endless, accepted, 1<<30)),
		"1 GB, as announced":             hopeless(200, flood(head(200, "Content-Length: 1073741824"), " ", 1<<30)),
		"compressed":                     hopeless(200, answer(200, accepted, "Content-Encoding: gzip")),
		"a drip":                         late(200, drip(endless)),
		"a body that stops":              late(200, hang(long+accepted)),
		"a bare connection":              hopeless(101, hang(head(101, "Connection: upgrade", "Upgrade: x"))),
		"500 whose page drips":           late(500, drip(head(500))),
		"502 whose page is cut off":      lost(502, broken(head(502, "Content-Length: 99")+"<html>")),
		"401 with a page without end":    both(once(verify.ErrUnauthorized, 401, ""), flood(head(401), "<p>", 1<<30)),
		"400 with a page without end":    unreadable(400, flood(head(400), "<p>", 1<<30)),
		"400 with a page in an encoding": unreadable(400, answer(400, vendorError("60200"), "Content-Encoding: br")),
		"400 cut off":                    unreadable(400, broken(head(400, "Content-Length: 99")+vendorError("60200"))),
		"400 without its last chunk":     unreadable(400, broken(head(400, "Transfer-Encoding: chunked")+chunk(vendorError("60200")))),
	})
}

func chunk(s string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(s), s) }

// unreadable is a refusal without the vendor's reason: half an error body, or a
// proxy's, decides nothing.
func unreadable(status int, s step) row {
	return row{script: script(s), send: once(verify.ErrRejected, status, ""), check: once(unknown, status, "")}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	canary := newServer(t, answer(200, accepted))
	rows := map[string]row{}
	for _, status := range []int{300, 301, 302, 303, 304, 305, 307, 308} {
		rows[fmt.Sprintf("%d", status)] =
			hopeless(status, answer(status, "", "Location: "+canary.URL+"/"+folder))
	}
	rows["302 with a body like a vendor's"] =
		hopeless(302, answer(302, vendorError("60200"), "Location: "+canary.URL))
	t.Run("all", func(t *testing.T) { runTable(t, kinds(), rows) })
	assert.Zero(t, canary.now().conns, "nothing is forwarded")
}

// A broken body needs one that does not fit in the buffers on its way.
func TestBodyThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	body := bytes.Repeat([]byte(" "), 16<<20)
	stop := reset("")
	stop.early = true
	for name, k := range kinds() {
		if k.call.Method != "" {
			continue
		}
		t.Run("the connection breaks in the body, "+name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t, stop)
			k.call.Form, k.call.JSON, k.call.Timeout = nil, body, enough
			_, err := newClient(t, s.URL, nil).Do(t.Context(), k.call)

			w := want{kind: unknown, requests: 1}
			if !k.send {
				w.requests = 2
			}
			w.assert(t, err)
			w.assertSeen(t, s.now(), k.send, false)
		})
	}
}
