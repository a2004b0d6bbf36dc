package sqlstore

import (
	"slices"
	"strings"

	"github.com/go2fa/verify/otp"
)

// codes are the record of one (recipient, scope): its live code, the codes that it
// replaced, its sends, its failures, and the answers of the last two minutes.
// PostgreSQL's functions read and write the same JSON.
type codes struct {
	layout
	Code     string `json:"code,omitempty"` // the live code's MAC
	Expires  int64  `json:"expires,omitempty"`
	Attempts int    `json:"attempts,omitempty"`
	By       string `json:"by,omitempty"` // the send that made it

	Replaced []replaced `json:"replaced,omitempty"` // oldest first

	Keep  int64  `json:"keep,omitempty"` // how long sends are kept: the longest any caller asked for
	Sends []send `json:"sends,omitempty"`

	Failures  int   `json:"failures,omitempty"`
	Attempted int64 `json:"attempted,omitempty"`
	Remember  int64 `json:"remember,omitempty"`

	Answers map[string]answer    `json:"answers,omitempty"` // by id
	Revoked map[string]int64     `json:"revoked,omitempty"` // sends that were revoked, and when
	Ended   map[string]concluded `json:"ended,omitempty"`   // what became of sends with an idempotency key
}

// What became of a send is known for two minutes.
type concluded struct {
	Outcome string `json:"outcome"`
	At      int64  `json:"at"`
}

type replaced struct {
	Code     string `json:"code"`
	Expires  int64  `json:"expires"`
	Attempts int    `json:"attempts"`
	By       string `json:"by"`
	At       int64  `json:"at"`
}

type send struct {
	At int64  `json:"at"`
	ID string `json:"id"`

	code string
	ttl  int64
}

// An answer is kept with the attempt it is for: a generator that repeats itself must
// not hand one person's approval to another.
type answer struct {
	MAC     string `json:"mac"`
	Verdict string `json:"verdict"`
	Left    int64  `json:"left"`
	At      int64  `json:"at"`
}

func (r *codes) prune(now int64) bool {
	r.Replaced = slices.DeleteFunc(r.Replaced, func(x replaced) bool { return now-x.At > replay })
	if n := len(r.Sends); n > 0 && now-r.Sends[n-1].At >= r.Keep {
		r.Sends = nil
	}
	for id, x := range r.Answers {
		if now-x.At > replay {
			delete(r.Answers, id)
		}
	}
	for id, at := range r.Revoked {
		if now-at >= replay {
			delete(r.Revoked, id)
		}
	}
	for id, x := range r.Ended {
		if now-x.At > replay {
			delete(r.Ended, id)
		}
	}
	return false
}

func (r *codes) until() int64 {
	end := int64(0)
	if r.Code != "" {
		end = r.Expires
	}
	if n := len(r.Sends); n > 0 {
		end = max(end, r.Sends[n-1].At+r.Keep)
	}
	if r.Failures > 0 {
		end = max(end, r.Attempted+r.Remember)
	}
	for _, x := range r.Replaced {
		end = max(end, x.At+replay)
	}
	for _, x := range r.Answers {
		end = max(end, x.At+replay)
	}
	for _, at := range r.Revoked {
		end = max(end, at+replay)
	}
	for _, x := range r.Ended {
		end = max(end, x.At+replay)
	}
	return end
}

// live reports whether there is a code at now.
func (r *codes) live(now int64) bool { return r.Code != "" && now < r.Expires }

// blocked says if the failures are too many for somebody who remembers them so long.
func (r *codes) blocked(remember int64, most int, now int64) bool {
	return now-r.Attempted < remember && r.Failures >= most
}

func (r *codes) issue(x send, l otp.Limits) (word string, wait int64, o outcome) {
	now, remember := x.At, micros(l.Remember)
	refused, wait := r.admission(l, now)
	if word := r.known(x); word != "" {
		return word, wait, kept
	}
	switch {
	case r.blocked(remember, l.Failures, now):
		return otp.SendBlocked.String(), r.Attempted + remember - now, kept
	case refused != otp.Admitted:
		return refused.String(), wait, kept
	}
	r.Keep = max(r.Keep, replay, micros(l.Window), x.ttl)
	r.Sends = append(slices.DeleteFunc(r.Sends, func(s send) bool { return now-s.At >= r.Keep }), x)
	if x.code != "" {
		r.replace(x)
	}
	if now-r.Attempted >= remember {
		r.Failures = 0
	}
	r.Remember = max(r.Remember, remember)
	_, wait = r.admission(l, now)
	return otp.Admitted.String(), wait, changed
}

// The words for a send that is known; one whose reply was lost is admitted.
const (
	wordRepeated = "repeated"
	wordStale    = "stale"
)

// known says what a send is answered that is made again, or nothing.
func (r *codes) known(x send) string {
	at := r.index(x.ID)
	_, revoked := r.Revoked[x.ID]
	switch {
	case at < 0 && !revoked:
		return ""
	case at >= 0 && r.By == x.ID && r.Code == x.code:
		return otp.Admitted.String()
	case at >= 0 && x.At-r.Sends[at].At > replay:
		return wordStale
	}
	return wordRepeated
}

// conclude keeps what became of a send that is known.
func (r *codes) conclude(id, text string, now int64) outcome {
	if !slices.ContainsFunc(r.Sends, func(s send) bool { return s.ID == id }) {
		return unsure
	}
	if r.Ended == nil {
		r.Ended = map[string]concluded{}
	}
	r.Ended[id] = concluded{text, now}
	return changed
}

// replace makes the code of x the live one.
func (r *codes) replace(x send) {
	if r.live(x.At) {
		r.Replaced = append(r.Replaced, replaced{r.Code, r.Expires, r.Attempts, r.By, x.At})
		r.Replaced = r.Replaced[max(0, len(r.Replaced)-otp.MaxReplaced):]
	} else {
		r.Replaced = nil
	}
	r.Code, r.Expires, r.Attempts, r.By = x.code, x.At+x.ttl, 0, x.ID
}

// admission says whether one more send is admitted, and when the next one is.
func (r *codes) admission(l otp.Limits, now int64) (otp.Refusal, int64) {
	window, sends := micros(l.Window), r.Sends
	for len(sends) > 0 && now-sends[0].At >= window {
		sends = sends[1:]
	}
	n := len(sends)
	if n == 0 {
		return otp.Admitted, 0
	}
	wait := micros(l.Cooldown[min(n, len(l.Cooldown))-1]) - (now - sends[n-1].At)
	if n >= l.Sends {
		return otp.TooMany, max(wait, window-(now-sends[n-l.Sends].At))
	}
	if wait > 0 {
		return otp.TooSoon, wait
	}
	return otp.Admitted, 0
}

func (r *codes) attempt(id string, macs []string, l otp.Limits, now int64) (word string, left int64, o outcome) {
	mac := macs[0][:min(len(macs[0]), 16)]
	if known, ok := r.Answers[id]; ok && known.MAC == mac {
		return known.Verdict, known.Left, kept
	}
	remember := micros(l.Remember)
	switch {
	case r.blocked(remember, l.Failures, now):
		return otp.Blocked.String(), 0, kept
	case r.Code == "":
		return otp.Gone.String(), 0, kept
	case now >= r.Expires:
		return otp.Gone.String(), 0, unsure // an attempt in time may be about to commit
	case r.Attempts >= l.Attempts:
		return otp.Locked.String(), 0, kept
	}
	if now-r.Attempted >= remember {
		r.Failures = 0
	}
	r.Attempts++
	r.Failures++
	r.Attempted, r.Remember = now, max(r.Remember, remember)
	left = int64(min(l.Attempts-r.Attempts, l.Failures-r.Failures))
	word = otp.Wrong.String()
	if left == 0 {
		word = otp.Locked.String()
	}
	if slices.Contains(macs, r.Code) { // nobody chooses the bytes of a MAC
		word = otp.Match.String()
		r.Code, r.Replaced, r.Failures = "", nil, 0
	}
	if r.Answers == nil {
		r.Answers = map[string]answer{}
	}
	r.Answers[id] = answer{mac, word, left, now}
	return word, left, changed
}

// kill removes the live code and those that it replaced, but for those of sends that
// are younger than begun.
func (r *codes) kill(begun int64) outcome {
	younger := slices.DeleteFunc(slices.Clone(r.Replaced), func(x replaced) bool { return r.sentAt(x.By) <= begun })
	switch {
	case r.Code != "" && r.sentAt(r.By) <= begun:
		r.Code, r.Replaced = "", nil
	case len(younger) < len(r.Replaced):
		r.Replaced = younger
	default:
		return unsure
	}
	return changed
}

// index is where a send stands, or -1.
func (r *codes) index(id string) int {
	return slices.IndexFunc(r.Sends, func(s send) bool { return s.ID == id })
}

// sentAt is when a send was, or 0 if that is forgotten.
func (r *codes) sentAt(id string) int64 {
	if i := r.index(id); i >= 0 {
		return r.Sends[i].At
	}
	return 0
}

// isYounger reports whether all that is known is younger than begun.
func (r *codes) isYounger(begun int64) bool {
	oldest := never
	if r.Code != "" {
		oldest = r.sentAt(r.By)
	}
	if r.Attempted > 0 {
		oldest = min(oldest, r.Attempted)
	}
	for _, x := range r.Sends {
		oldest = min(oldest, x.At)
	}
	return oldest > begun
}

// revoke takes one send back. The codes that the revoked one replaced stand before
// those that replaced it.
func (r *codes) revoke(id string, now int64) outcome {
	at := r.index(id)
	if at < 0 {
		return unsure
	}
	r.Sends = slices.Delete(r.Sends, at, at+1)
	if r.Revoked == nil {
		r.Revoked = map[string]int64{}
	}
	r.Revoked[strings.Clone(id)] = now

	if r.By == id {
		alive, charged := r.live(now), r.Attempts
		r.Code = ""
		if m, ok := r.before(len(r.Replaced), alive, now); ok && now < m.Expires {
			r.Replaced = r.Replaced[:len(r.Replaced)-1]
			r.Code, r.Expires, r.Attempts, r.By = m.Code, m.Expires, m.Attempts+charged, m.By
		} else {
			r.Replaced = nil
		}
		return changed
	}
	i := slices.IndexFunc(r.Replaced, func(x replaced) bool { return x.By == id })
	if i < 0 {
		return changed
	}
	x := r.Replaced[i]
	if _, ok := r.before(i, now < x.Expires, now); ok {
		r.Replaced[i-1].Attempts += x.Attempts
		r.Replaced[i-1].At = x.At
		r.Replaced = slices.Delete(r.Replaced, i, i+1)
	} else {
		r.Replaced = r.Replaced[i+1:]
	}
	return changed
}

// before finds the code that the i-th one replaced, if it may come back.
func (r *codes) before(i int, alive bool, now int64) (replaced, bool) {
	if i == 0 || !alive || now-r.Replaced[i-1].At > replay {
		return replaced{}, false
	}
	return r.Replaced[i-1], true
}
