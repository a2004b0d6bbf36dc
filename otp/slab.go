package otp

const (
	none      = 0   // no slot: slots are counted from 1
	chunkSize = 195 // of 168 bytes: as many as fit the 32 KiB that Go hands out
)

// A slab holds entries without a pointer to any of them, so that a million cost
// the garbage collector nothing. It grows by chunks and never moves one.
type slab struct {
	chunks []*[chunkSize]entry
	used   uint32
	free   uint32 // the first of the chain of free slots
}

func (s *slab) at(i uint32) *entry { return &s.chunks[(i-1)/chunkSize][(i-1)%chunkSize] }

func (s *slab) take() uint32 {
	if i := s.free; i != none {
		s.free = s.at(i).next
		return i
	}
	if s.used%chunkSize == 0 {
		s.chunks = append(s.chunks, new([chunkSize]entry))
	}
	s.used++
	return s.used
}

func (s *slab) give(i uint32) {
	*s.at(i) = entry{next: s.free}
	s.free = i
}

// A list runs through the entries themselves.
type list struct{ head, tail uint32 }

func (s *shard) list(e *entry) *list {
	if e.aside {
		return &s.failed
	}
	return &s.sent
}

// push puts an entry last in one of the two lists.
func (s *shard) push(i uint32, e *entry, aside bool) {
	e.aside = aside
	l := s.list(e)
	e.prev, e.next = l.tail, none
	if l.tail == none {
		l.head = i
	} else {
		s.slab.at(l.tail).next = i
	}
	l.tail = i
}

func (s *shard) remove(e *entry) {
	l := s.list(e)
	if e.prev == none {
		l.head = e.next
	} else {
		s.slab.at(e.prev).next = e.next
	}
	if e.next == none {
		l.tail = e.prev
	} else {
		s.slab.at(e.next).prev = e.prev
	}
}

func (s *shard) add(k Key) uint32 {
	i := s.slab.take()
	e := s.slab.at(i)
	*e = entry{key: k}
	s.slots.put(&s.slab, k, i)
	s.push(i, e, false)
	return i
}

func (s *shard) drop(i uint32) {
	e := s.slab.at(i)
	s.remove(e)
	s.slots.remove(&s.slab, e.key)
	delete(s.more, i)
	s.replaced.drop(i)
	s.slab.give(i)
}

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
