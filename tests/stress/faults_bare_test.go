package stress

import (
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"sync"

	"github.com/stretchr/testify/require"
)

// bare accepts connections, and closes each when serve is done with it.
func bare(r *run, serve func(net.Conn)) (addr string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(r.t, err)
	var accepting, all sync.WaitGroup
	var open []net.Conn
	accepting.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			open = append(open, c)
			all.Go(func() {
				defer func() { _ = c.Close() }()
				serve(c)
			})
		}
	})
	r.t.Cleanup(func() {
		_ = l.Close() // nobody else knows of it
		accepting.Wait()
		for _, c := range open {
			_ = c.Close() // the client may have kept it: it was not idle when it was asked
		}
		all.Wait()
	})
	return l.Addr().String()
}

// The parts of RFC 9113 that it takes to refuse a stream.
const (
	preface       = len("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
	frameHeaders  = 1
	frameReset    = 3
	frameSettings = 4
	refusedStream = 7
)

// refusedStreams speaks HTTP/2 without TLS, which takes a transport of the
// application.
func refusedStreams(r *run) (string, *http.Client) {
	addr := bare(r, func(c net.Conn) {
		if _, err := io.ReadFull(c, make([]byte, preface)); err != nil {
			return
		}
		frame(c, frameSettings, 0, nil)
		for head := make([]byte, 9); ; {
			if _, err := io.ReadFull(c, head); err != nil {
				return
			}
			if _, err := io.CopyN(io.Discard, c, int64(binary.BigEndian.Uint32(head)>>8)); err != nil {
				return
			}
			if head[3] == frameHeaders {
				frame(c, frameReset, binary.BigEndian.Uint32(head[5:]), []byte{0, 0, 0, refusedStream})
			}
		}
	})
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	return "http://" + addr, &http.Client{Transport: idle(r, &http.Transport{Protocols: &protocols})}
}

func frame(c net.Conn, kind byte, stream uint32, payload []byte) {
	head := append([]byte{0, 0, byte(len(payload)), kind, 0}, binary.BigEndian.AppendUint32(nil, stream)...)
	_, _ = c.Write(append(head, payload...)) // the client has gone away, perhaps
}
