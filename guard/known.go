package guard

// A ring is a queue that reuses its room.
type ring[T any] struct {
	items []T
	first int
	n     int
}

func (q *ring[T]) push(item T) {
	if q.n == len(q.items) {
		items := make([]T, max(2*q.n, 64))
		for i := range q.n {
			items[i] = q.items[(q.first+i)%q.n]
		}
		q.items, q.first = items, 0
	}
	q.items[(q.first+q.n)%len(q.items)] = item
	q.n++
}

func (q *ring[T]) pop() T {
	item := q.items[q.first]
	q.first = (q.first + 1) % len(q.items)
	q.n--
	return item
}

// known are the recipients that approved, in the order of their last approvals.
type known struct {
	at    map[Name]int64
	queue ring[approval] // older approvals of a recipient are left in it, and mean nothing
}

type approval struct {
	name Name
	at   int64
}

func (k *known) has(n Name, now int64) bool {
	at, ok := k.at[n]
	return ok && now-at < KnownFor.Microseconds()
}

// add forgets the oldest where there are more than room.
func (k *known) add(n Name, now int64, room int) {
	if k.at == nil {
		k.at = map[Name]int64{}
	}
	k.at[n] = now
	k.queue.push(approval{n, now})
	for k.queue.n > 0 {
		oldest := k.queue.items[k.queue.first]
		stale := k.at[oldest.name] != oldest.at
		if !stale && len(k.at) <= room && now-oldest.at < KnownFor.Microseconds() {
			break
		}
		k.queue.pop()
		if !stale {
			delete(k.at, oldest.name)
		}
	}
	if k.queue.n > 2*len(k.at)+64 {
		k.tidy()
	}
}

// tidy drops what somebody who is approved again and again leaves in the queue.
func (k *known) tidy() {
	for range k.queue.n {
		if a := k.queue.pop(); k.at[a.name] == a.at {
			k.queue.push(a)
		}
	}
}
