package otp

import "time"

// replayTime is how long a call that is made again answers the same.
const replayTime = 2 * time.Minute

// A generation ends after replayTime. What is remembered for two of them is
// remembered for replayTime at least, and forgotten at once without a sweep.
type generation struct{ began int64 }

// ended returns how many generations have ended, two at most.
func (g *generation) ended(now int64) int {
	n := min((now-g.began)/int64(replayTime), 2)
	if n > 0 {
		g.began = now
	}
	return int(n)
}

// undone remembers the sends that were taken back.
type undone struct {
	young, old map[ID]struct{}
	generation
}

func (u *undone) turn(now int64) {
	for range u.ended(now) {
		u.old, u.young = u.young, nil
	}
}

func (u *undone) add(id ID, now int64) {
	u.turn(now)
	if u.young == nil {
		u.young = map[ID]struct{}{}
	}
	u.young[id] = struct{}{}
}

func (u *undone) has(id ID, now int64) bool {
	u.turn(now)
	_, young := u.young[id]
	_, old := u.old[id]
	return young || old
}

// answers remembers what Redeem said to guesses that were charged. Those on one
// entry are a chain, newest first: an entry holds the number of the last one.
type answers struct {
	young, old []answer
	last       uint32 // the number of the newest
	generation
}

// An answer holds for the same guess only: a generator that repeats itself must
// not hand one person's approval to another.
type answer struct {
	id, mac uint64
	before  uint32 // the number of the entry's answer before it
	verdict Verdict
	left    uint8
}

func (a *answers) turn(now int64) {
	for range a.ended(now) {
		a.old, a.young = a.young, nil
	}
}

// add returns the number of the answer, which is never zero. Numbers count on and
// wrap around: one that is forgotten may come to name another answer.
func (a *answers) add(x answer) uint32 {
	a.young = append(a.young, x)
	a.last++
	if a.last == 0 {
		return a.add(x)
	}
	return a.last
}

// find looks for an id along the chain that starts at number.
func (a *answers) find(number uint32, id, mac uint64, now int64) (answer, bool) {
	a.turn(now)
	for place := a.place(number); place >= 0; {
		x := a.at(place)
		if x.id == id && x.mac == mac {
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
	return len(a.old) + len(a.young) - 1 - int(a.last-number)
}

func (a *answers) at(place int) answer {
	if place < len(a.old) {
		return a.old[place]
	}
	return a.young[place-len(a.old)]
}
