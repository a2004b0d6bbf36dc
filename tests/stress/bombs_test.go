package stress

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
)

// zeros never end.
type zeros struct{}

// Read implements io.Reader.
func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// bomb is 64 MB of zeros, compressed a thousandfold.
func bomb(t *testing.T) string {
	t.Helper()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := io.CopyN(w, zeros{}, 64<<20)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return packed.String()
}

// TestBombs has vendors answer with far too much, or far too slowly.
func TestBombs(t *testing.T) {
	packed := bomb(t)
	bombs := map[string]step{
		"a body of 1 GB":              flood(endless, "x", 1<<30),
		"a body of 1 GB, announced":   flood(head(http.StatusOK, nil, 1<<30), "x", 1<<30),
		"a body of 1 GB, in chunks":   flood(chunked, "1000\r\n"+string(make([]byte, 0x1000))+"\r\n", 1<<30),
		"a bomb of 64 MB":             reply(http.StatusOK, packed, "Content-Encoding", "gzip"),
		"a bomb that is not declared": reply(http.StatusOK, packed),
		"a million headers":           flood("HTTP/1.1 200 OK\r\n", "X-Y: z\r\n", 8_000_000),
		"an error page of 1 GB":       flood("HTTP/1.1 500 x\r\n\r\n", "<p>", 1<<30),
		"a byte a second":             dripEvery(time.Second),
	}
	const most = 10 << 20
	plays, largest := 0, uint64(0)
	for _, k := range kinds() {
		for name, b := range bombs {
			for _, op := range []string{"send", "check"} {
				if op == "check" && !k.checks {
					continue
				}
				t.Run(k.name+", "+op+", "+name, func(t *testing.T) {
					grown, err := bombed(t, k, op, b)
					for range replays { // a busy machine may let all the time pass before there is a request
						if errors.Is(err, verify.ErrOutcomeUnknown) {
							break
						}
						grown, err = bombed(t, k, op, b)
					}
					require.ErrorIs(t, err, verify.ErrOutcomeUnknown)
					assert.Less(t, grown, uint64(most))
					largest = max(largest, grown)
					plays++
				})
			}
		}
	}
	figure(t, "bombs: %v answers of 1 GB, 64 MB packed, 1,000,000 headers or a byte a second: at most %v bytes allocated for each, of %v",
		plays, int(largest), most)
}

// bombed is how much one call allocates, freed or not.
func bombed(t *testing.T, k kind, op string, b step) (grown uint64, err error) {
	e := k.emulate(canaryCode)
	k.register(t, e, asker)
	w := newWire(t, e, k.asks)
	v, _ := k.must(t, w.URL, nil, nil)
	if op == "check" {
		_, err := v.Send(t.Context(), asker)
		require.NoError(t, err)
	}
	w.arm(b)
	ctx, cancel := context.WithTimeout(t.Context(), overdue) // none but the slow one takes that long
	defer cancel()
	before := allocated()
	if op == "send" {
		_, err = v.Send(ctx, asker)
	} else {
		err = v.Check(ctx, asker, canaryCode(k.digits()))
	}
	return allocated() - before, err
}

func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

// dripEvery is a head, and then a byte each time.
func dripEvery(pause time.Duration) step {
	return func(x *recording) {
		x.say(endless)
		tick := time.NewTicker(pause)
		defer tick.Stop()
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			_, _ = io.Copy(io.Discard, x.Conn)
		}()
		for {
			select {
			case <-gone:
				return
			case <-tick.C:
				x.say("{")
			}
		}
	}
}
