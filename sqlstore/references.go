package sqlstore

import (
	"context"
	"encoding/hex"
	"time"
)

// References are [references.References] in a database; [DB.References] makes them.
type References struct{ view }

// A reference is the record of one pending verification, and the answers to those who
// took it.
type reference struct {
	layout
	Reference []byte           `json:"reference,omitempty"` // sealed by package driver: any bytes
	Expires   int64            `json:"expires,omitempty"`
	Taken     map[string]taken `json:"taken,omitempty"` // by id
}

type taken struct {
	Yes bool  `json:"yes"`
	At  int64 `json:"at"`
}

func (r *reference) prune(now int64) bool {
	for id, x := range r.Taken {
		if now-x.At >= replay {
			delete(r.Taken, id)
		}
	}
	return false
}

func (r *reference) until() int64 {
	end := r.Expires
	for _, x := range r.Taken {
		end = max(end, x.At+replay)
	}
	return end
}

// Set keeps a reference; see [references.References].
func (r *References) Set(ctx context.Context, k [16]byte, text string, ttl time.Duration) error {
	err := step(ctx, r.db, "set", keyOf(kindReference, k), func(x *reference, now int64) outcome {
		x.Reference, x.Expires = []byte(text), now+max(micros(ttl), 1)
		return changed
	})
	if err == nil {
		r.db.sweepSometimes(ctx)
	}
	return err
}

// Get returns a reference; see [references.References].
func (r *References) Get(ctx context.Context, k [16]byte) (text string, found bool, err error) {
	err = step(ctx, r.db, "get", keyOf(kindReference, k), func(x *reference, now int64) outcome {
		if text, found = "", now < x.Expires; found {
			text = string(x.Reference)
		}
		return kept
	})
	if err != nil {
		return "", false, err
	}
	return text, found, nil
}

// Take removes a reference; see [references.References].
func (r *References) Take(ctx context.Context, k [16]byte, text string, id [16]byte) (yes bool, err error) {
	name := hex.EncodeToString(id[:])
	err = step(ctx, r.db, "take", keyOf(kindReference, k), func(x *reference, now int64) outcome {
		if before, ok := x.Taken[name]; ok {
			yes = before.Yes
			return kept
		}
		if yes = now < x.Expires && string(x.Reference) == text; yes {
			x.Reference, x.Expires = nil, 0
		}
		if x.Taken == nil {
			x.Taken = map[string]taken{}
		}
		x.Taken[name] = taken{yes, now}
		return changed
	})
	return yes && err == nil, err
}
