package sqlstore

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/go2fa/verify/otp"
)

// A Store is an [otp.Store] in a database; [DB.Store] makes one.
type Store struct{ view }

// Issue admits one send and remembers its code; see [otp.Store]. A server without
// room refuses it with [otp.Full].
func (s *Store) Issue(ctx context.Context, k otp.Key, id otp.ID, mac otp.MAC, ttl time.Duration, l otp.Limits) (otp.Admission, error) {
	l = l.WithDefaults()
	word, wait, err := s.issue(ctx, keyOf(kindCode, k), send{ID: hex.EncodeToString(id[:]), code: macWord(mac), ttl: micros(ttl)}, l)
	if err != nil {
		if e := (*Error)(nil); errors.As(err, &e) && e.full {
			return otp.Admission{Refused: otp.Full}, nil
		}
		return otp.Admission{}, err
	}
	s.db.sweepSometimes(ctx)
	if word == wordRepeated || word == wordStale {
		a := otp.Admission{Wait: duration(wait), Repeated: true, Stale: word == wordStale}
		a.Outcome, err = s.outcome(ctx, k, id)
		return a, err
	}
	for _, r := range [...]otp.Refusal{otp.Admitted, otp.TooSoon, otp.TooMany, otp.SendBlocked} {
		if word == r.String() {
			return otp.Admission{Refused: r, Wait: duration(wait)}, nil
		}
	}
	return otp.Admission{}, notUnderstood("issue")
}

// outcome reads what became of a send.
func (s *Store) outcome(ctx context.Context, k otp.Key, id otp.ID) (text string, err error) {
	err = step(ctx, s.db, "issue", keyOf(kindCode, k), func(r *codes, _ int64) outcome {
		text = r.Ended[hex.EncodeToString(id[:])].Outcome
		return kept
	})
	return text, err
}

// Conclude keeps what became of a send; see [otp.Store].
func (s *Store) Conclude(ctx context.Context, k otp.Key, id otp.ID, text string) error {
	return step(ctx, s.db, "conclude", keyOf(kindCode, k), func(r *codes, now int64) outcome {
		return r.conclude(hex.EncodeToString(id[:]), text, now)
	})
}

func (s *Store) issue(ctx context.Context, k key, x send, l otp.Limits) (word string, wait int64, err error) {
	waits := make([]string, len(l.Cooldown))
	for i, wait := range l.Cooldown {
		waits[i] = strconv.FormatInt(micros(wait), 10)
	}
	word, wait, known, err := s.db.function(ctx, "issue", func(again bool) (string, []any) {
		return s.db.d.issue, []any{
			[]byte(k), again, x.ID, x.code, x.ttl, micros(l.Window), micros(l.Remember), l.Failures, l.Sends,
			"{" + strings.Join(waits, ",") + "}",
		}
	})
	if known {
		return word, wait, err
	}
	err = step(ctx, s.db, "issue", k, func(r *codes, now int64) (o outcome) {
		x.At = now
		word, wait, o = r.issue(x, l)
		return o
	})
	return word, wait, err
}

// Attempt charges, compares and settles one attempt; see [otp.Store]. Without macs
// there is nothing to ask.
func (s *Store) Attempt(ctx context.Context, k otp.Key, id otp.ID, macs []otp.MAC, l otp.Limits) (otp.Verdict, int, error) {
	if len(macs) == 0 {
		return otp.Gone, 0, nil
	}
	l = l.WithDefaults()
	words := make([]string, len(macs))
	for i, mac := range macs {
		words[i] = macWord(mac)
	}
	word, left, err := s.attempt(ctx, keyOf(kindCode, k), hex.EncodeToString(id[:]), words, l)
	if err != nil {
		return otp.Gone, 0, err
	}
	for _, v := range [...]otp.Verdict{otp.Gone, otp.Wrong, otp.Locked, otp.Blocked, otp.Match} {
		if word == v.String() {
			return v, int(left), nil
		}
	}
	return otp.Gone, 0, notUnderstood("attempt")
}

func (s *Store) attempt(ctx context.Context, k key, id string, macs []string, l otp.Limits) (word string, left int64, err error) {
	word, left, known, err := s.db.function(ctx, "attempt", func(again bool) (string, []any) {
		return s.db.d.attempt, []any{[]byte(k), again, id, strings.Join(macs, " "), l.Attempts, l.Failures, micros(l.Remember)}
	})
	if known {
		return word, left, err
	}
	err = step(ctx, s.db, "attempt", k, func(r *codes, now int64) (o outcome) {
		word, left, o = r.attempt(id, macs, l, now)
		return o
	})
	return word, left, err
}

// Revoke takes an Issue back; see [otp.Store].
func (s *Store) Revoke(ctx context.Context, k otp.Key, id otp.ID) error {
	name := hex.EncodeToString(id[:])
	return stepOnce(ctx, s.db, "revoke", keyOf(kindCode, k), func(r *codes, now, begun int64) outcome {
		if id == (otp.ID{}) {
			return r.kill(begun)
		}
		return r.revoke(name, now)
	})
}

// Reset removes all that is kept of a key; see [otp.Store]. Where the first try may have
// done so, what is younger than the call stays.
func (s *Store) Reset(ctx context.Context, k otp.Key) error {
	began, begun, row := time.Now(), never, []byte(keyOf(kindCode, k))
	return s.db.call(ctx, "reset", func(ctx context.Context, conn *sql.Conn, again bool) error {
		waited := micros(time.Since(began))
		if !again {
			found, err := scan(conn.QueryRowContext(ctx, s.db.d.look, row))
			if err == nil {
				begun = min(begun, found.now-waited)
				_, err = conn.ExecContext(ctx, s.db.d.remove, row)
			}
			return err
		}
		return s.db.d.within(ctx, conn, func() (bool, error) {
			found, err := scan(conn.QueryRowContext(ctx, s.db.d.lock, row))
			if err != nil {
				return false, noRow(err)
			}
			r, _, err := on(found, func(*codes, int64) outcome { return kept })
			if err == nil && r.isYounger(min(begun, found.now-waited)) {
				return false, nil
			}
			_, err = conn.ExecContext(ctx, s.db.d.remove, row) // one that cannot be read as well
			return err == nil, err
		})
	})
}

// noRow is nil where there is no row.
func noRow(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}

// function calls one of PostgreSQL's functions, in one round trip. It reports false
// where there are none.
func (db *DB) function(ctx context.Context, op string, statement func(again bool) (string, []any)) (word string, n int64, known bool, err error) {
	if !db.made() || db.d.kind != PostgreSQL || db.slow.Load() {
		return "", 0, false, nil
	}
	err = db.call(ctx, op, func(ctx context.Context, conn *sql.Conn, again bool) error {
		text, args := statement(again)
		var said string
		err := conn.QueryRowContext(ctx, text, args...).Scan(&said)
		if err != nil && db.fault(err).absent {
			db.slow.Store(true)
			return nil
		}
		if err == nil {
			word, n, err = spoken(said)
		}
		return err
	})
	if err == nil && db.slow.Load() && word == "" {
		return "", 0, false, nil
	}
	if err == nil && word == "unreadable" {
		err = &Error{Op: op, Detail: layoutWrong}
	}
	return word, n, true, err
}

// spoken reads "too soon 30000000".
func spoken(said string) (word string, n int64, err error) {
	i := strings.LastIndexByte(said, ' ')
	if i < 0 {
		return "", 0, errAnswer
	}
	if n, err = strconv.ParseInt(said[i+1:], 10, 64); err != nil {
		return "", 0, errAnswer
	}
	return said[:i], n, nil
}

// macWord is a MAC as a record holds it. None is a zero one: no code is stored so.
func macWord(m otp.MAC) string {
	if m == (otp.MAC{}) {
		return ""
	}
	return hex.EncodeToString(m[:])
}
