package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/go2fa/verify/failover"
)

const (
	micro  = int64(time.Microsecond)
	replay = int64(2*time.Minute) / micro // how long an id is known

	retries  = 3
	tryTime  = 4 * time.Second  // of one try: a server that hangs leaves time for another
	callTime = 10 * time.Second // of a whole call, unless its context is done sooner

	// never is when a record expires that does not.
	never = int64(1) << 62

	// coarse is what the time of deletion is rounded up to: a column with an index that
	// changes with each attempt would cost PostgreSQL a write of the index each time.
	coarse = int64(time.Hour) / micro
)

// A key is a kind of record and a keyed hash.
type key []byte

func keyOf[K ~[16]byte](kind byte, k K) key { return append(key{kind}, k[:]...) }

// The kinds of records.
const (
	kindCode      = 'c'
	kindLedger    = 'l'
	kindReference = 'v'
	kindFactor    = 't'
	kindRecovery  = 'r'
	kindGuard     = 'g'
	kindKnown     = 'k' // recipients that approved, for the guard
	kindHook      = 'h'
	kindReport    = 'd' // of what became of a message
)

// An outcome is what a step did to a record, whatever is kept in it. After unsure the step
// is made again under the lock, if there is a row.
type outcome = failover.Change

const (
	kept    = failover.Kept
	unsure  = failover.Unsure
	changed = failover.Changed
)

// A layout opens every record.
type layout struct {
	V int `json:"v"`
}

func (l *layout) version() *int { return &l.V }

// layoutVersion is that of every record.
const layoutVersion = 1

// A record is what a row holds.
type record[R any] interface {
	*R
	version() *int
	// prune forgets what time has ended. It reports whether the record must be written
	// even so: its clock was set back.
	prune(now int64) bool
	// until is when the record means nothing any more.
	until() int64
}

// step changes one record as decide says. It may be called several times, each time
// on a fresh copy: first on what a plain read finds, and unless that settles it on
// the locked row.
func step[R any, P record[R]](ctx context.Context, db *DB, op string, k key, decide func(r P, now int64) outcome) error {
	return stepOnce(ctx, db, op, k, func(r P, now, _ int64) outcome { return decide(r, now) })
}

// stepOnce is step for what has no id by which it is known when it is asked again. Then
// begun is when the call began, at the latest: what is younger in the record may have
// come after the first try, and is not for the second to undo. Until then begun is never.
func stepOnce[R any, P record[R]](ctx context.Context, db *DB, op string, k key, decide func(r P, now, begun int64) outcome) error {
	began, begun := time.Now(), never
	return db.call(ctx, op, func(ctx context.Context, conn *sql.Conn, again bool) error {
		waited := micros(time.Since(began))
		decide := func(r P, now int64) outcome {
			begun = min(begun, now-waited) // the plain read of the first try is the nearest to it
			if again {
				return decide(r, now, begun)
			}
			return decide(r, now, never)
		}
		missing := true
		if !again {
			row, err := scan(conn.QueryRowContext(ctx, db.d.look, []byte(k)))
			if err != nil {
				return err
			}
			_, o, err := on[R, P](row, decide)
			missing = row.data == nil
			if err != nil || o == kept || o == unsure && missing { // nobody has locked what is not there
				return err
			}
		}
		if missing && db.d.insert != "" {
			if _, err := conn.ExecContext(ctx, db.d.insert, []byte(k)); err != nil {
				return err
			}
		}
		return db.d.within(ctx, conn, func() (bool, error) {
			row, err := scan(conn.QueryRowContext(ctx, db.d.lock, []byte(k)))
			if errors.Is(err, sql.ErrNoRows) {
				return false, errVanished
			}
			if err != nil {
				return false, err
			}
			r, o, err := on[R, P](row, decide)
			if err != nil || o != changed {
				return false, err
			}
			return true, db.save(ctx, conn, k, r, r.until(), row.now)
		})
	})
}

// on runs decide on what a row holds.
func on[R any, P record[R]](row row, decide func(r P, now int64) outcome) (P, outcome, error) {
	r := P(new(R))
	if len(row.data) > 0 && json.Unmarshal(row.data, r) != nil {
		return nil, kept, errLayout
	}
	empty := len(row.data) <= len("{}")
	if v := *r.version(); v != layoutVersion && (v != 0 || !empty) {
		return nil, kept, errLayout
	}
	*r.version() = layoutVersion
	forced := r.prune(row.now)
	o := decide(r, row.now)
	if forced {
		o = changed
	}
	return r, o, nil
}

// save writes a record, or removes it if it means nothing any more.
func (db *DB) save(ctx context.Context, conn *sql.Conn, k key, r any, until, now int64) error {
	if until <= now {
		_, err := conn.ExecContext(ctx, db.d.remove, []byte(k))
		return err
	}
	data, err := json.Marshal(r)
	if err != nil {
		return errLayout
	}
	_, err = conn.ExecContext(ctx, db.d.write, string(data), till(until), []byte(k))
	return err
}

func till(until int64) int64 {
	if until >= never {
		return never
	}
	return (until/coarse + 1) * coarse
}

// remove deletes one record.
func (db *DB) remove(ctx context.Context, op string, k key) error {
	return db.call(ctx, op, func(ctx context.Context, conn *sql.Conn, _ bool) error {
		_, err := conn.ExecContext(ctx, db.d.remove, []byte(k))
		return err
	})
}

// A row is what was read of one record. data is nil if there is none.
type row struct {
	data []byte
	now  int64
}

func scan(from *sql.Row) (r row, err error) {
	err = from.Scan(&r.data, &r.now)
	return r, err
}

// call makes one step. What the server undid is made again. So is what the server may
// have done, with again set: then only the locked row may say what became of it.
func (db *DB) call(ctx context.Context, op string, once func(ctx context.Context, conn *sql.Conn, again bool) error) error {
	if !db.made() {
		return notMade(op)
	}
	if ctx.Err() != nil {
		return db.failure(ctx, op, ctx.Err())
	}
	if err := db.ready(ctx); err != nil {
		return db.failure(ctx, op, err)
	}
	end, again := time.Now().Add(callTime), false
	for tries := 0; ; tries++ {
		err := db.try(ctx, min(tryTime, time.Until(end)), again, once)
		if err == nil {
			return nil
		}
		f := db.fault(err)
		if f.final || tries == retries || ctx.Err() != nil || time.Now().After(end) {
			return db.failure(ctx, op, err)
		}
		again = again || f.lost
		pause(ctx, tries)
	}
}

// try runs once on a connection. One that an old primary has answered is not used
// again.
func (db *DB) try(ctx context.Context, limit time.Duration, again bool, once func(ctx context.Context, conn *sql.Conn, again bool) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	conn, err := db.sql.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	err = once(ctx, conn, again)
	if err != nil && db.fault(err).readOnly {
		discard(conn)
	}
	return err
}

// pause waits up to 10, 20, 40 ms, so that those who met do not meet again.
func pause(ctx context.Context, tries int) {
	timer := time.NewTimer(rand.N(10 * time.Millisecond << tries)) //nolint:gosec // a jitter, not a secret
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// longest is what every longer time is taken for, so that no sum with a clock overflows.
const longest = 100 * 365 * 24 * time.Hour

// micros rounds up: a limit may last longer than it was asked to, never less.
func micros(d time.Duration) int64 {
	d = min(d, longest)
	return int64(d)/micro + min(int64(d)%micro, 1)
}

func duration(micros int64) time.Duration { return time.Duration(micros * micro) }
