package otp

import "slices"

const (
	// inlineSends is how many sends an entry holds without a list of its own: the
	// default of Limits.Sends.
	inlineSends = 5

	// maxHeld is how many it holds at all: each Issue copies them.
	maxHeld = 4096
)

// A send is one Issue that was admitted.
type send struct {
	at int64
	id uint64
}

// A sendRoom holds the sends of an ordinary entry, and one more, on the stack.
type sendRoom [inlineSends + 1]send

// sends appends a copy of the sends of an entry to room, oldest first.
func (s *shard) sends(i uint32, e *entry, room []send) []send {
	if e.held > inlineSends {
		room = append(room, s.more[i]...)
	}
	return append(room, e.sends[:min(e.held, inlineSends)]...)
}

// save keeps the newest sends in the entry, and the others apart.
func (s *shard) save(i uint32, e *entry, sends []send) {
	apart := e.held > inlineSends
	e.held = uint16(len(sends)) //nolint:gosec // stale keeps it to maxHeld
	older := max(0, len(sends)-inlineSends)
	clear(e.sends[copy(e.sends[:], sends[older:]):])
	if older == 0 {
		if apart {
			delete(s.more, i)
		}
		return
	}
	if s.more == nil {
		s.more = map[uint32][]send{}
	}
	s.more[i] = slices.Clone(sends[:older])
}

// stale drops the sends that count for nobody any more.
func (s *shard) stale(e *entry, sends []send, now int64) []send {
	for len(sends) > 0 && (now-sends[0].at >= s.keep || len(sends) == maxHeld) {
		sends = sends[1:]
		e.live -= min(e.live, 1)
	}
	return sends
}
