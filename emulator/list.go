package emulator

import "time"

// A List keeps values by key, each for Life: the codes of a recipient, the tokens
// that were handed out, the instants of wrong codes. Its zero value with a Life is
// ready. It has no lock of its own, since what an emulator decides by it must be
// one step: hold yours around every method.
type List[K comparable, V any] struct {
	Life time.Duration

	byKey map[K][]*listed[K, V]
	all   []*listed[K, V] // the oldest first
}

type listed[K comparable, V any] struct {
	key   K
	value V
	end   time.Time
}

// Add appends a value to those of a key, and drops whatever has come to its end.
func (l *List[K, V]) Add(now time.Time, key K, value V) {
	if l.byKey == nil {
		l.byKey = map[K][]*listed[K, V]{}
	}
	for len(l.all) > 0 && !now.Before(l.all[0].end) {
		l.drop(l.all[0])
		l.all = l.all[1:] // append moves the rest once in a while
	}
	i := &listed[K, V]{key, value, now.Add(l.Life)}
	l.byKey[key] = append(l.byKey[key], i)
	l.all = append(l.all, i)
}

// drop removes the oldest value of its key, unless Remove has done so.
func (l *List[K, V]) drop(i *listed[K, V]) {
	same := l.byKey[i.key]
	switch {
	case len(same) == 0 || same[0] != i:
	case len(same) == 1:
		delete(l.byKey, i.key)
	default:
		l.byKey[i.key] = same[1:]
	}
}

// Get returns the values of a key that live, the oldest first.
func (l *List[K, V]) Get(now time.Time, key K) []V {
	var live []V
	for _, i := range l.byKey[key] {
		if now.Before(i.end) {
			live = append(live, i.value)
		}
	}
	return live
}

// Newest returns the last value of a key if it lives.
func (l *List[K, V]) Newest(now time.Time, key K) (newest V, ok bool) {
	if live := l.Get(now, key); len(live) > 0 {
		return live[len(live)-1], true
	}
	return newest, false
}

// Remove drops the values of a key.
func (l *List[K, V]) Remove(key K) { delete(l.byKey, key) }

// Clear drops everything.
func (l *List[K, V]) Clear() { l.byKey, l.all = nil, nil }
