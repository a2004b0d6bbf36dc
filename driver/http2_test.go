package driver_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/driver"
)

// HTTP/2 comes only with a transport of the application.
func TestHTTP2(t *testing.T) {
	t.Parallel()
	var effects atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // an effect either way
		effects.Add(1)
		assert.Equal(t, 2, r.ProtoMajor)
		switch r.Header.Get("X-Play") {
		case "reset":
			panic(http.ErrAbortHandler)
		case "hang":
			<-r.Context().Done()
		case "redirect":
			http.Redirect(w, r, "/"+folder, http.StatusTemporaryRedirect)
		default:
			_, _ = io.WriteString(w, accepted)
		}
	}))
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)

	for play, want := range map[string]want{
		"accepted": {requests: 1},
		"reset":    {kind: unknown, requests: 1},
		"hang":     {kind: unknown, requests: 1, cause: context.DeadlineExceeded},
		"redirect": {kind: unknown, requests: 1, status: 307},
	} {
		t.Run(play, func(t *testing.T) {
			c, err := driver.New(driver.Config{
				Vendor: "acme", BaseURL: s.URL, Client: s.Client(), Header: map[string]string{"X-Play": play},
			})
			require.NoError(t, err)
			call := kinds()["send"].call
			call.Timeout = enough
			if want.cause != nil {
				call.Timeout = soon
			}
			before := effects.Load()
			for ; ; call.Timeout *= 3 { // a busy machine may let all the time pass before there is a request
				_, err = c.Do(t.Context(), call)
				if want.cause == nil || effects.Load() > before || call.Timeout > time.Minute {
					break
				}
			}
			assert.EqualValues(t, 1, effects.Load()-before)
			if want.kind == "" {
				require.NoError(t, err)
				return
			}
			want.assert(t, err)
		})
	}
}

// The parts of RFC 9113 that it takes to refuse a stream.
const (
	preface       = len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	frameHeader   = 9
	frameHeaders  = 1
	frameReset    = 3
	frameSettings = 4
	refusedStream = 7
)

// Go's HTTP/2 sends a refused stream again by itself. When it gives up there is
// no proof that nothing was done: its hooks tell less than those of HTTP/1.1.
func TestRefusedStream(t *testing.T) {
	t.Parallel()
	var streams atomic.Int32
	addr := bareServer(t, func(c net.Conn) { refuseStreams(c, &streams) })
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	theirs := &http.Client{Transport: &http.Transport{Protocols: &protocols}}
	for name, k := range kinds() {
		t.Run("the stream is refused, on a transport of the application, "+name, func(t *testing.T) {
			k.call.Timeout = soon
			timely(t, soon, func() {
				_, err := newClient(t, "http://"+addr, theirs).Do(t.Context(), k.call)
				e := assertOutcome(t, err, unknown)
				if k.send {
					assert.Equal(t, 1, e.Requests)
				}
			})
		})
	}
	assert.NotZero(t, streams.Load())
}

func refuseStreams(c net.Conn, streams *atomic.Int32) {
	if _, err := io.ReadFull(c, make([]byte, preface)); err != nil {
		return
	}
	write(c, frame(frameSettings, 0, nil))
	for {
		head := make([]byte, frameHeader)
		if _, err := io.ReadFull(c, head); err != nil {
			return
		}
		length := binary.BigEndian.Uint32(head) >> 8
		if _, err := io.CopyN(io.Discard, c, int64(length)); err != nil {
			return
		}
		if head[3] == frameHeaders {
			streams.Add(1)
			write(c, frame(frameReset, binary.BigEndian.Uint32(head[5:]), []byte{0, 0, 0, refusedStream}))
		}
	}
}

func frame(kind byte, stream uint32, payload []byte) string {
	head := append([]byte{0, 0, byte(len(payload)), kind, 0}, binary.BigEndian.AppendUint32(nil, stream)...)
	return string(append(head, payload...))
}
