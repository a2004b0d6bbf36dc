package failover_test

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/go2fa/verify/failover"
)

// A shelf is a store of keys and values that writes a value only if nobody has changed it
// since it was read. A revision never comes back; zero is that of no value.
type shelf interface {
	Get(k failover.Key) (value []byte, revision int64, err error) // what was written last
	Put(k failover.Key, value []byte, revision int64) (written bool, err error)
	Now() time.Time // the store's clock
}

// One step of a ledger over a shelf. It is made again, on what is read anew, until nobody
// came in between: what do answered counts if step returns nil, and not before.
func step(s shelf, k failover.Key, do func(r *failover.Record, now int64) failover.Change) error {
	for range 10 {
		value, revision, err := s.Get(k)
		if err != nil {
			return err
		}
		r := new(failover.Record)
		if value != nil {
			if err := json.Unmarshal(value, r); err != nil {
				return err
			}
		}
		if do(r, s.Now().UnixMicro()) != failover.Changed {
			return nil
		}
		if value, err = json.Marshal(r); err != nil {
			return err
		}
		if written, err := s.Put(k, value, revision); written || err != nil {
			return err
		}
	}
	return fmt.Errorf("others are always faster")
}

// A ledger over any store that writes a value only if it is what was read: each method is
// one step of a Record.
func ExampleRecord() {
	s := &oneShelf{}
	k, id := failover.Key{1}, failover.ID{1}
	var busy time.Duration
	err := step(s, k, func(r *failover.Record, now int64) (c failover.Change) {
		busy, c = r.Begin(now, id, "twilio", time.Minute)
		return c
	})
	fmt.Println(busy, err)
	err = step(s, k, func(r *failover.Record, now int64) (c failover.Change) {
		busy, c = r.Begin(now, failover.ID{2}, "telnyx", time.Minute)
		return c
	})
	fmt.Println(busy, err, "for every other Send")
	// Output:
	// 0s <nil>
	// 1m0s <nil> for every other Send
}

type oneShelf struct {
	value    []byte
	revision int64
}

func (s *oneShelf) Get(failover.Key) ([]byte, int64, error) { return s.value, s.revision, nil }

func (s *oneShelf) Put(_ failover.Key, value []byte, revision int64) (bool, error) {
	if revision != s.revision {
		return false, nil
	}
	s.value, s.revision = value, revision+1
	return true, nil
}

func (s *oneShelf) Now() time.Time { return time.UnixMicro(1_800_000_000_000_000) }
