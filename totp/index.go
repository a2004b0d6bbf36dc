package totp

import (
	"encoding/binary"
	"iter"
	"math/bits"
)

// An index is the entries of one shard: a table with open addressing, as full as four
// fifths at most. Marks, a byte a place, tell where a key may stand: those of a million
// accounts are less than two megabytes, which a processor's cache holds, so that the
// entry itself is the only memory that a Check waits for. Keys are hashes, so that their
// own bytes say where to look. The zero value is empty.
type index struct {
	marks   []uint8 // zero where no entry is
	entries []entry
	used    int
}

// smallest is how many places the first table has.
const smallest = 8

func (k Key) hash() uint64 { return binary.LittleEndian.Uint64(k[8:]) }

// mark is never zero.
func (k Key) mark() uint8 { return k[8] | 1 }

// home is the place of k where nobody stands in its way.
func (x *index) home(k Key) int {
	place, _ := bits.Mul64(k.hash(), uint64(len(x.marks)))
	return int(place) //nolint:gosec // below the length
}

func (x *index) after(place int) int {
	if place++; place == len(x.marks) {
		return 0
	}
	return place
}

// place returns where k stands, or where it would.
func (x *index) place(k Key) int {
	i, mark := x.home(k), k.mark()
	for x.marks[i] != 0 && (x.marks[i] != mark || x.entries[i].key != k) {
		i = x.after(i)
	}
	return i
}

// get returns the entry of k, or nil. It is good until the next put or drop.
func (x *index) get(k Key) *entry {
	if x.used == 0 {
		return nil
	}
	if i := x.place(k); x.marks[i] != 0 {
		return &x.entries[i]
	}
	return nil
}

// put makes room for k, which is not there.
func (x *index) put(k Key) *entry {
	if 5*(x.used+1) > 4*len(x.marks) {
		x.grow()
	}
	i := x.place(k)
	x.marks[i] = k.mark()
	x.used++
	return &x.entries[i]
}

// grow adds a quarter.
func (x *index) grow() {
	old := *x
	size := max(smallest, len(old.marks)+len(old.marks)/4)
	x.marks, x.entries = make([]uint8, size), make([]entry, size)
	for e := range old.all() {
		i := x.place(e.key)
		x.marks[i], x.entries[i] = e.key.mark(), *e
	}
}

// drop removes the entry of k, if there is one. Those behind it move up as far as they
// would have been without it.
func (x *index) drop(k Key) {
	if x.get(k) == nil {
		return
	}
	hole := x.place(k)
	for i := x.after(hole); x.marks[i] != 0; i = x.after(i) {
		if home := x.home(x.entries[i].key); x.distance(home, i) >= x.distance(hole, i) {
			x.marks[hole], x.entries[hole] = x.marks[i], x.entries[i]
			hole = i
		}
	}
	x.marks[hole], x.entries[hole] = 0, entry{}
	x.used--
}

// distance is how many steps lead from one place on to another.
func (x *index) distance(from, to int) int {
	if to < from {
		to += len(x.marks)
	}
	return to - from
}

// all are the entries, in no order.
func (x *index) all() iter.Seq[*entry] {
	return func(yield func(*entry) bool) {
		for i, mark := range x.marks {
			if mark != 0 && !yield(&x.entries[i]) {
				return
			}
		}
	}
}
