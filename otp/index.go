package otp

// An index finds the slot of a Key. It is an open hash table that never looks at
// an entry but to compare its key: half the memory, and half the cache misses,
// of a map that holds the keys a second time.
type index struct {
	refs []ref // 1 << bits of them, or none
	used int
	bits uint
	mask uint32 // the last place
}

// A ref is one place of the table, empty if its slot is none.
type ref struct {
	tag  uint32 // the upper half of the key's hash: its upper bits are the place
	slot uint32
}

const minBits = 3

func tagOf(k Key) uint32 { return uint32((short(k[:]) * 0x9E3779B97F4A7C15) >> 32) }

func (x *index) home(tag uint32) uint32 { return tag >> (32 - x.bits) }

func (x *index) after(place uint32) uint32 { return (place + 1) & x.mask }

// place returns where k stands, or where it would.
func (x *index) place(s *slab, k Key) uint32 {
	tag := tagOf(k)
	place := x.home(tag)
	for {
		r := x.refs[place]
		if r.slot == none || r.tag == tag && s.at(r.slot).key == k {
			return place
		}
		place = x.after(place)
	}
}

func (x *index) get(s *slab, k Key) uint32 {
	if x.used == 0 {
		return none
	}
	return x.refs[x.place(s, k)].slot
}

// put adds a key that is not there yet.
func (x *index) put(s *slab, k Key, slot uint32) {
	if 4*(x.used+1) > 3*len(x.refs) {
		x.grow()
	}
	x.refs[x.place(s, k)] = ref{tagOf(k), slot}
	x.used++
}

func (x *index) grow() {
	old := x.refs
	x.bits = max(minBits, x.bits+1)
	x.refs, x.mask = make([]ref, 1<<x.bits), 1<<x.bits-1
	for _, r := range old {
		if r.slot != none {
			place := x.home(r.tag)
			for x.refs[place].slot != none {
				place = x.after(place)
			}
			x.refs[place] = r
		}
	}
}

// remove takes out a key that is there, and moves up those behind it that
// would no longer be found over the gap.
func (x *index) remove(s *slab, k Key) {
	gap := x.place(s, k)
	x.used--
	for place := x.after(gap); x.refs[place].slot != none; place = x.after(place) {
		r := x.refs[place]
		if x.distance(x.home(r.tag), place) >= x.distance(gap, place) {
			x.refs[gap] = r
			gap = place
		}
	}
	x.refs[gap] = ref{}
}

// distance is how many steps lead from one place forward to another.
func (x *index) distance(from, to uint32) uint32 { return (to - from) & x.mask }
