package authy

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/go2fa/verify"
)

// Nonces remembers which callbacks were read, so that none is read twice: in a
// database, say, that all processes share. It must be safe for concurrent use.
type Nonces interface {
	// Fresh reports whether it is given key for the first time within 24 hours,
	// and remembers it, in one atomic step. A key is 64 hexadecimal digits and
	// names nobody.
	Fresh(ctx context.Context, key string) (bool, error)
}

var errFull = errors.New("authy: the memory of nonces is full")

// Limits of the memory of nonces.
const (
	keepNonces = 24 * time.Hour
	mostNonces = 1 << 16
)

// firstTime refuses a callback that was read before. What is remembered is the
// signature, which covers the nonce: recorded nonces are whole seconds, and two
// people may answer within one.
func (u *Users) firstTime(r *http.Request, signature []byte) error {
	fresh, err := u.nonces.Fresh(r.Context(), hex.EncodeToString(signature))
	switch {
	case err != nil:
		return refuse("callback", verify.ErrUnavailable, "it could not be told whether the callback is new: see Config.Nonces")
	case !fresh:
		return forged("the callback was read before")
	}
	return nil
}

// memoryNonces is a Nonces for one process. Its zero value is empty and ready.
type memoryNonces struct {
	mu    sync.Mutex
	seen  map[string]struct{}
	queue []seenAt // the oldest first
}

type seenAt struct {
	key string
	at  time.Time
}

// Fresh implements [Nonces]. A full memory is an error: to forget a callback too
// early would let it in again.
func (m *memoryNonces) Fresh(_ context.Context, key string) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	for len(m.queue) > 0 && now.Sub(m.queue[0].at) >= keepNonces {
		delete(m.seen, m.queue[0].key)
		m.queue = m.queue[1:]
	}
	if _, seen := m.seen[key]; seen {
		return false, nil
	}
	if len(m.queue) >= mostNonces {
		return false, errFull
	}
	if m.seen == nil {
		m.seen = map[string]struct{}{}
	}
	m.seen[key] = struct{}{}
	m.queue = append(m.queue, seenAt{key, now})
	return true, nil
}
