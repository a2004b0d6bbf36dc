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

func (s *shard) remove(i uint32, e *entry) {
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
	s.remove(i, e)
	s.slots.remove(&s.slab, e.key)
	delete(s.more, i)
	s.replaced.drop(i)
	s.slab.give(i)
}
