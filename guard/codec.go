package guard

import (
	"encoding/binary"
	"errors"
)

// layout is the first byte of a record as bytes.
const layout = 1

var errLayout = errors.New("guard: the bytes are not a record of this version")

// AppendBinary appends the record as bytes, some 20 to 120 of them.
func (r *Record) AppendBinary(b []byte) ([]byte, error) {
	w := writer{append(b, layout, r.parts())}
	w.ints(r.keep, r.window.width, r.window.head)
	w.counts(r.window.counts[:])
	if f := r.floor; f != nil {
		closed := int64(0)
		if f.closed {
			closed = 1
		}
		w.ints(f.minute, f.ripeSends, f.ripeYes, f.since, closed, f.until, f.closures, f.probed, f.lastProbeAt)
		w.counts(f.sends[:])
		w.counts(f.yes[:])
	}
	for i, last := byte(0), r.last(); i < r.sends(); i++ {
		s := &last[i]
		w.b = append(w.b, s.id[:]...)
		w.ints(s.at, s.flags())
	}
	if t := r.tally; t != nil {
		w.ints(t.since, t.sends, t.approvals, t.refusals, t.spent)
	}
	return w.b, nil
}

// MarshalBinary returns the record as bytes.
func (r *Record) MarshalBinary() ([]byte, error) { return r.AppendBinary(nil) }

// UnmarshalBinary reads what MarshalBinary wrote, and refuses anything else.
func (r *Record) UnmarshalBinary(b []byte) error {
	*r = Record{}
	if len(b) < 2 || b[0] != layout {
		return errLayout
	}
	parts, rd := b[1], reader{b: b[2:]}
	sends := int(parts >> 3)
	if parts&2 != 0 {
		sends++
	}
	rd.ints(&r.keep, &r.window.width, &r.window.head)
	rd.counts(r.window.counts[:])
	if parts&1 != 0 {
		f, closed := new(floor), int64(0)
		rd.ints(&f.minute, &f.ripeSends, &f.ripeYes, &f.since, &closed, &f.until, &f.closures, &f.probed, &f.lastProbeAt)
		rd.counts(f.sends[:])
		rd.counts(f.yes[:])
		f.closed, r.floor = closed == 1, f
	}
	var last [3]lastSend
	for i := range min(sends, len(last)) {
		s, flags := &last[i], int64(0)
		copy(s.id[:], rd.take(len(s.id)))
		rd.ints(&s.at, &flags)
		s.stranger, s.approved = flags&1 != 0, flags&2 != 0
	}
	r.remember(last)
	if parts&4 != 0 {
		t := new(tally)
		rd.ints(&t.since, &t.sends, &t.approvals, &t.refusals, &t.spent)
		r.tally = t
	}
	if rd.failed || len(rd.b) > 0 || sends > len(last) || parts > 7 && parts&2 == 0 || r.window.width < 0 || r.window.head < 0 {
		*r = Record{}
		return errLayout
	}
	return nil
}

// parts are 1 for a floor, 2 for a Send and 4 for a tally, and from 8 on how many Sends
// there are beside the first.
func (r *Record) parts() (bits byte) {
	if r.floor != nil {
		bits |= 1
	}
	if n := r.sends(); n > 0 {
		bits |= 2 | (n-1)<<3
	}
	if r.tally != nil {
		bits |= 4
	}
	return bits
}

func (r *Record) sends() (n byte) {
	for _, s := range r.last() {
		if s.at == 0 {
			break
		}
		n++
	}
	return n
}

func (s *lastSend) flags() (bits int64) {
	if s.stranger {
		bits |= 1
	}
	if s.approved {
		bits |= 2
	}
	return bits
}

type writer struct{ b []byte }

func (w *writer) ints(all ...int64) {
	for _, n := range all {
		w.b = binary.AppendVarint(w.b, n)
	}
}

func (w *writer) counts(all []uint32) {
	for _, n := range all {
		w.b = binary.AppendUvarint(w.b, uint64(n))
	}
}

// A reader reads zeros behind the end, and says so.
type reader struct {
	b      []byte
	failed bool
}

func (r *reader) take(n int) []byte {
	if len(r.b) < n {
		r.failed, r.b = true, nil
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) ints(all ...*int64) {
	for _, to := range all {
		n, size := binary.Varint(r.b)
		r.failed = r.failed || size <= 0
		r.take(max(size, 0))
		*to = n
	}
}

func (r *reader) counts(all []uint32) {
	for i := range all {
		n, size := binary.Uvarint(r.b)
		r.failed = r.failed || size <= 0 || n > maxCount
		r.take(max(size, 0))
		all[i] = uint32(n) //nolint:gosec // looked at above
	}
}
