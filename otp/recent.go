package otp

import "time"

// replayTime is how long a call that is made again answers the same.
const replayTime = 2 * time.Minute

// forgotten is when what was remembered is surely remembered no more.
const forgotten = 2 * int64(replayTime)

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
