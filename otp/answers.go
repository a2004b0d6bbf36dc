package otp

// answers remembers what Attempt said to attempts that were charged. Those on one
// entry are a chain, newest first: an entry holds the number of the last one.
type answers struct {
	young, old pile
	last       uint32 // the number of the newest
	generation
}

// An answer holds for the same attempt only: a generator that repeats itself must
// not hand one person's approval to another.
type answer struct {
	id, mac uint64
	before  uint32 // the number of the entry's answer before it
	verdict Verdict
	left    uint8
}

// mark is two bits of 32, chosen by the id.
func (x answer) mark() uint32 { return 1<<(x.id>>59) | 1<<(x.id>>54&31) }

func (a *answers) turn(now int64) {
	for range a.ended(now) {
		a.old, a.young = a.young, pile{}
	}
}

// add returns the number of the answer, which is never zero. Numbers count on and
// wrap around: one that is forgotten may come to name another answer.
func (a *answers) add(x answer) uint32 {
	a.young.push(x)
	a.last++
	if a.last == 0 {
		return a.add(x)
	}
	return a.last
}

// find looks for the answer to the same attempt along the chain of an entry.
func (a *answers) find(e *entry, same answer, now int64) (answer, bool) {
	a.turn(now)
	if mark := same.mark(); e.asked&mark != mark {
		return answer{}, false
	}
	for place := a.place(e.answer); place >= 0; {
		x := a.at(place)
		if x.id == same.id && x.mac == same.mac {
			return x, true
		}
		before := a.place(x.before)
		if before >= place {
			break // a number that wrapped around
		}
		place = before
	}
	return answer{}, false
}

// place is where an answer stands in old and young, or negative if there is none
// of this number, or no more.
func (a *answers) place(number uint32) int {
	if number == 0 {
		return -1
	}
	return a.held() - 1 - int(a.last-number)
}

func (a *answers) held() int { return a.old.size() + a.young.size() }

func (a *answers) at(place int) answer {
	if old := a.old.size(); place >= old {
		return a.young.at(place - old)
	}
	return a.old.at(place)
}

// A pile of answers grows by pages, and moves none that is full.
type pile struct{ pages [][]answer }

const pageSize = 1024 // of 24 bytes

func (p *pile) size() int {
	if len(p.pages) == 0 {
		return 0
	}
	last := len(p.pages) - 1
	return last*pageSize + len(p.pages[last])
}

func (p *pile) at(i int) answer { return p.pages[i/pageSize][i%pageSize] }

func (p *pile) push(x answer) {
	last := len(p.pages) - 1
	if last < 0 {
		p.pages, last = [][]answer{nil}, 0 // which grows as it must
	}
	if len(p.pages[last]) == pageSize {
		p.pages, last = append(p.pages, make([]answer, 0, pageSize)), last+1
	}
	p.pages[last] = append(p.pages[last], x)
}
