package authytest

import (
	"strconv"
	"sync"
	"time"
)

// The limits of codes. Authy documents the first alone, and for phone
// verification only.
const (
	life       = 10 * time.Minute
	maxSends   = 10
	maxGuesses = 10
	counted    = time.Hour
)

// A user is a person that was registered.
type user struct {
	id, email, phone string
	country          int
	confirmed        bool
	app              bool
	soft             *token            // the one that the app shows
	tokens           map[string]*token // those that were sent, by action
	sends, guesses   tally
}

// A token is one code to a user.
type token struct {
	code string
	at   time.Time
	used bool
}

func (t *token) live(now time.Time) bool {
	return t != nil && !t.used && now.Before(t.at.Add(life))
}

// A verification is one code to a phone, and what became of it.
type verification struct {
	uuid, code     string
	created, sent  time.Time
	verified       bool
	sends, guesses int
}

func (v *verification) live(now time.Time) bool {
	return v != nil && !v.verified && now.Before(v.created.Add(life)) && v.guesses < maxGuesses
}

// left is how many seconds a verification still has: 599 at first, as recorded.
func (v *verification) left(now time.Time) int {
	return max(int((v.created.Add(life).Sub(now)-1)/time.Second), 0)
}

// An approval is a question that was pushed.
type approval struct {
	uuid, status     string
	user             user
	message          string
	details, hidden  map[string]string
	seconds          int
	created, updated time.Time
}

// settle expires a question whose time is over; zero seconds are forever.
func (a *approval) settle(now time.Time) {
	end := a.created.Add(time.Duration(a.seconds) * time.Second)
	if a.status == "pending" && a.seconds > 0 && !now.Before(end) {
		a.status, a.updated = "expired", end
	}
}

// A tally holds the instants of events, the oldest first.
type tally []time.Time

// in returns those within the last d.
func (t tally) in(d time.Duration, now time.Time) tally {
	for len(t) > 0 && !t[0].After(now.Add(-d)) {
		t = t[1:]
	}
	return t
}

// state is all that the emulator remembers between requests.
type state struct {
	mu        sync.Mutex
	users     map[string]*user         // by id
	ids       map[string]string        // of users, by phone
	apps      map[string]bool          // phones that have the app
	phones    map[string]*verification // the last one, by phone
	byUUID    map[string]*verification
	approvals map[string]*approval
	nextID    int
}

func newState() *state {
	return &state{
		users: map[string]*user{}, ids: map[string]string{}, apps: map[string]bool{},
		phones: map[string]*verification{}, byUUID: map[string]*verification{},
		approvals: map[string]*approval{}, nextID: 1000,
	}
}

func (s *state) newID() string {
	s.nextID++
	return strconv.Itoa(s.nextID - 1)
}
