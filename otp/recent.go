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

// revoked remembers the sends that were taken back.
type revoked struct {
	young, old map[ID]struct{}
	generation
}

func (r *revoked) turn(now int64) {
	for range r.ended(now) {
		r.old, r.young = r.young, nil
	}
}

func (r *revoked) add(id ID, now int64) {
	r.turn(now)
	if r.young == nil {
		r.young = map[ID]struct{}{}
	}
	r.young[id] = struct{}{}
}

func (r *revoked) has(id ID, now int64) bool {
	r.turn(now)
	_, young := r.young[id]
	_, old := r.old[id]
	return young || old
}
