package sqlstore

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"time"

	"github.com/go2fa/verify/hooks"
	"github.com/go2fa/verify/internal/incoming"
)

// Seen is a [hooks.Seen] or a [delivery.Seen] in a database; [DB.HooksSeen] and
// [DB.DeliverySeen] make them. On PostgreSQL each call is one statement and one round
// trip. What the server forgets may be done once more.
type Seen struct {
	view
	kind byte
}

// A sight is the record of one key. It is claimed, done or released until a time. ID
// and Release are those of calls, of which one may arrive twice: a claim keeps the id of
// the release before it, so that this one, made again, ends no claim of somebody else.
type sight struct {
	layout
	ID      string `json:"id,omitempty"` // of the Begin that holds the claim
	Done    bool   `json:"done,omitempty"`
	Release string `json:"release,omitempty"`
	Until   int64  `json:"until"`
}

func (s *sight) prune(now int64) bool {
	if now >= s.Until {
		*s = sight{layout: s.layout, Release: s.Release}
	}
	return false
}

func (s *sight) until() int64 { return s.Until }

func (s *sight) begin(id string, lease, now int64) outcome {
	if s.Done || s.ID != "" {
		return kept
	}
	s.ID, s.Until = id, now+lease
	return changed
}

func (s *sight) release(id string, now int64) outcome {
	if s.ID == "" || s.Release == id {
		return kept
	}
	s.ID, s.Release, s.Until = "", id, now+replay
	return changed
}

func (s *sight) state(id string) incoming.State {
	switch {
	case s.Done:
		return incoming.Done
	case s.ID == id:
		return incoming.New
	}
	return incoming.Busy
}

// Begin claims a key; see [hooks.Seen] and [delivery.Seen].
func (s *Seen) Begin(ctx context.Context, k [16]byte, lease time.Duration) (state hooks.State, err error) {
	id, length := callID(), max(micros(lease), 1)
	err = s.one(ctx, "begin", k, seenBegin, []any{id, length}, func(x *sight, now int64) outcome {
		o := x.begin(id, length, now)
		state = x.state(id)
		return o
	}, func(x *sight) { state = x.state(id) })
	if err != nil {
		return 0, err
	}
	s.db.sweepSometimes(ctx)
	return state, nil
}

// Done remembers a key; see [hooks.Seen] and [delivery.Seen].
func (s *Seen) Done(ctx context.Context, k [16]byte, keep time.Duration) error {
	length := max(micros(keep), 1)
	return s.one(ctx, "done", k, seenDone, []any{length}, func(x *sight, now int64) outcome {
		x.ID, x.Done, x.Until = "", true, now+length
		return changed
	}, nil)
}

// Release gives up a claim; see [hooks.Seen] and [delivery.Seen].
func (s *Seen) Release(ctx context.Context, k [16]byte) error {
	id := callID()
	return s.one(ctx, "release", k, seenRelease, []any{id}, func(x *sight, now int64) outcome {
		return x.release(id, now)
	}, nil)
}

// one makes a step: on PostgreSQL by one statement, which returns the record that it
// left, and elsewhere by decide.
func (s *Seen) one(ctx context.Context, op string, k [16]byte, statement string, args []any, decide func(*sight, int64) outcome, left func(*sight)) error {
	name := keyOf(s.kind, k)
	if !s.db.made() || s.db.d.kind != PostgreSQL {
		return step(ctx, s.db, op, name, decide)
	}
	return s.db.call(ctx, op, func(ctx context.Context, conn *sql.Conn, _ bool) error {
		r, err := scan(conn.QueryRowContext(ctx, s.db.d.named(statement), append([]any{[]byte(name)}, args...)...))
		if err != nil {
			return err
		}
		x, _, err := on[sight](row{r.data, 0}, func(*sight, int64) outcome { return kept })
		if err == nil && left != nil {
			left(x)
		}
		return err
	})
}

// callID names one call.
func callID() string {
	var id [8]byte
	_, _ = rand.Read(id[:]) // never fails: see crypto/rand
	return hex.EncodeToString(id[:])
}

// What is claimed or done is found by the first part, without a lock. The second takes
// the row and looks again, with the clock read behind the lock: of two that come at once
// one finds the claim of the other. Each returns the record as it is then, and a record
// of another layout as it was.
const (
	seenOurs = `(r.data = '{}' OR r.data->>'v' IS NOT DISTINCT FROM '1')`
	seenFree = seenOurs + ` AND NOT (r.data ?| '{id,done}' AND (r.data->>'until')::bigint > <clock>)`

	seenBegin = `
WITH before AS MATERIALIZED (SELECT data FROM <records> WHERE k = $1 AND (data->>'until')::bigint > <clock>),
claim AS (
  INSERT INTO <records> AS r (k, data, till)
  SELECT $1::bytea, jsonb_build_object('v', 1, 'id', $2::text, 'until', t.now + $3::bigint), ((t.now + $3::bigint) / 3600000000 + 1) * 3600000000
  FROM (SELECT <clock> AS now) AS t
  WHERE NOT EXISTS (SELECT FROM before WHERE data ?| '{id,done}')
  ON CONFLICT (k) DO UPDATE SET
    data = CASE WHEN ` + seenFree + ` THEN EXCLUDED.data || jsonb_build_object('release', coalesce(r.data->>'release', ''), 'until', <clock> + $3::bigint) ELSE r.data END,
    till = CASE WHEN ` + seenFree + ` THEN greatest(EXCLUDED.till, r.till) ELSE r.till END
  RETURNING data)
SELECT coalesce((SELECT data FROM claim), (SELECT data FROM before)), 0::bigint`

	seenDone = `
INSERT INTO <records> AS r (k, data, till)
SELECT $1::bytea, jsonb_build_object('v', 1, 'done', true, 'until', t.now + $2::bigint), ((t.now + $2::bigint) / 3600000000 + 1) * 3600000000
FROM (SELECT <clock> AS now) AS t
ON CONFLICT (k) DO UPDATE SET data = CASE WHEN ` + seenOurs + ` THEN EXCLUDED.data ELSE r.data END, till = greatest(EXCLUDED.till, r.till)
RETURNING data, 0::bigint`

	seenRelease = `
WITH gone AS (
  UPDATE <records> AS r SET data = jsonb_build_object('v', 1, 'release', $2::text, 'until', <clock> + 120000000)
  WHERE k = $1 AND ` + seenOurs + ` AND r.data ? 'id' AND r.data->>'release' IS DISTINCT FROM $2::text
  RETURNING data)
SELECT coalesce((SELECT data FROM gone), (SELECT data FROM <records> WHERE k = $1)), 0::bigint`
)
