package driver_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// bomb is a body of n bytes, compressed a thousandfold.
func bomb(t *testing.T, n int64) string {
	t.Helper()
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	_, err := io.CopyN(w, zeros{}, n)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return buf.String()
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// Whatever a server sends, little of it is kept: not parallel, since it counts
// what the whole process allocates.
func TestNothingLargeIsKept(t *testing.T) {
	const most = 10 << 20
	packed := bomb(t, 8<<20) // over most, as a reader of it allocates
	tests := map[string]step{
		"a body of 1 GB":              flood(endless, "x", 1<<30),
		"a body of 1 GB in chunks":    flood(chunked, "1000\r\n"+string(make([]byte, 0x1000))+"\r\n", 1<<30),
		"a body of 1 GB, announced":   flood("HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n", "x", 1<<30),
		"a million headers":           flood("HTTP/1.1 200 OK\r\n", "X-Y: z\r\n", 8<<20),
		"one header without end":      flood("HTTP/1.1 200 OK\r\nX: ", "x", 1<<30),
		"a status line without end":   flood("HTTP/1.1 200 ", "x", 1<<30),
		"trailers without end":        flood(chunked+"0\r\n", "X-Y: z\r\n", 1<<30),
		"chunk extensions":            flood(chunked+"1;", "x", 1<<30),
		"early hints without end":     flood("", "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n", 1<<30),
		"a bomb":                      answer(200, packed, "Content-Encoding: gzip"),
		"a bomb that is not declared": answer(200, packed),
		"a page of 1 GB":              flood("HTTP/1.1 500 x\r\n\r\n", "<p>", 1<<30),
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, test)
			c := newClient(t, s.URL, nil)
			for how, k := range posts() {
				k.call.Timeout = enough
				timely(t, enough, func() {
					before := allocated()
					_, err := ask(t.Context(), c, k.call)
					assert.Less(t, allocated()-before, uint64(most), how)
					assertOutcome(t, err, unknown)
				})
			}
		})
	}
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
