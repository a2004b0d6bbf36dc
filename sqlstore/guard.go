package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"

	"github.com/go2fa/verify/guard"
)

// Guard is a [guard.Store] in a database; [DB.Guard] makes one. A Send locks the rows
// that it is counted in, those of its country and of the total among them: sends are
// admitted one after the other, as fast as the database commits. Recipients are known
// for [guard.KnownFor], and no more of them than about [guard.KnownRoom]: the oldest
// approval leaves first.
type Guard struct{ view }

const maxCounts = 12

// Admit decides on one Send; see [guard.Store].
func (g *Guard) Admit(ctx context.Context, s guard.Send) (d guard.Decision, err error) {
	if len(s.Counts) == 0 || len(s.Counts) > maxCounts {
		return guard.Decision{}, &Error{Op: "admit", Detail: "a Send has 1 to 12 counts"}
	}
	names := make([]guard.Name, len(s.Counts))
	for i, c := range s.Counts {
		names[i] = c.Name
	}
	err = g.step(ctx, "admit", names, func(now int64, known bool, records []*guard.Record) {
		d = guard.Decide(now, s, known, records)
	})
	if err != nil {
		return guard.Decision{}, err
	}
	g.db.sweepSometimes(ctx)
	return d, nil
}

// Revoke takes a Send back; see [guard.Store].
func (g *Guard) Revoke(ctx context.Context, s guard.Send) error {
	names := make([]guard.Name, len(s.Counts))
	for i, c := range s.Counts {
		names[i] = c.Name
	}
	return g.step(ctx, "revoke", names, func(now int64, _ bool, records []*guard.Record) { guard.Undo(now, s, records) })
}

// Approve makes a recipient known; see [guard.Store].
func (g *Guard) Approve(ctx context.Context, a guard.Approval) error {
	err := step(ctx, g.db, "approve", keyOf(kindKnown, a.Recipient), func(r *known, now int64) outcome {
		r.At = now
		return changed
	})
	if err != nil {
		return err
	}
	names := append([]guard.Name{a.Recipient}, a.Counts...)
	err = g.step(ctx, "approve", names, func(now int64, _ bool, records []*guard.Record) {
		guard.Credit(now, records[0], records[1:])
	})
	g.thinSometimes(ctx, a.Recipient)
	return err
}

// Report lists tallies; see [guard.Store].
func (g *Guard) Report(ctx context.Context) (all []guard.Tally, err error) {
	err = g.db.call(ctx, "report", func(ctx context.Context, conn *sql.Conn, _ bool) error {
		all = nil
		for _, kind := range []byte{guard.NamePrefix, guard.NameCountry, guard.NameTotal, guard.NameBudget} {
			if err := g.report(ctx, conn, kind, &all); err != nil {
				return err
			}
		}
		return nil
	})
	return all, err
}

func (g *Guard) report(ctx context.Context, conn *sql.Conn, kind byte, all *[]guard.Tally) error {
	rows, err := conn.QueryContext(ctx, g.db.d.between, []byte{kindGuard, kind}, []byte{kindGuard, kind + 1})
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var k, data []byte
		var now int64
		if err := rows.Scan(&k, &data, &now); err != nil {
			return err
		}
		record, err := guarded(row{data, now})
		if err != nil {
			return err
		}
		if record != nil && len(k) == 1+len(guard.Name{}) {
			name := guard.Name(k[1:])
			*all = append(*all, record.Tally(now, name))
		}
	}
	return rows.Err()
}

// Reset removes a record; see [guard.Store].
func (g *Guard) Reset(ctx context.Context, n guard.Name) error {
	if err := g.db.remove(ctx, "reset", keyOf(kindKnown, n)); err != nil {
		return err
	}
	return g.db.remove(ctx, "reset", keyOf(kindGuard, n))
}

// counted is a record of package guard, as its bytes.
type counted struct {
	layout
	Record []byte `json:"record,omitempty"`
}

func (c *counted) prune(int64) bool { return false }
func (c *counted) until() int64     { return 0 }

// guarded reads a record. One that has ended is none.
func guarded(x row) (*guard.Record, error) {
	c, _, err := on(x, func(*counted, int64) outcome { return kept })
	if err != nil || len(c.Record) == 0 {
		return nil, err
	}
	r := new(guard.Record)
	if r.UnmarshalBinary(c.Record) != nil {
		return nil, errLayout
	}
	if r.End() <= x.now {
		return nil, nil //nolint:nilnil // it means nothing any more
	}
	return r, nil
}

// step lets decide work on the records of names, as [guard.Decide] takes them: nil
// where there is none. It works first on what a plain read finds, which tells which
// rows must be made, and then on the locked rows.
func (g *Guard) step(ctx context.Context, op string, names []guard.Name, decide func(now int64, known bool, records []*guard.Record)) error {
	return g.db.call(ctx, op, func(ctx context.Context, conn *sql.Conn, again bool) error {
		plain, err := g.read(ctx, conn, names, false)
		if err != nil {
			return err
		}
		decide(plain.now, plain.known, plain.records)
		writes := false
		for i := range names {
			writes = writes || plain.changed(i)
			if plain.records[i] != nil && !plain.exists[i] && g.db.d.insert != "" {
				if _, err := conn.ExecContext(ctx, g.db.d.insert, []byte(keyOf(kindGuard, names[i]))); err != nil {
					return err
				}
			}
		}
		if !writes && !again {
			return nil
		}
		return g.db.d.within(ctx, conn, func() (bool, error) {
			locked, err := g.read(ctx, conn, names, true)
			if err != nil {
				return false, err
			}
			decide(locked.now, locked.known, locked.records)
			return true, g.write(ctx, conn, names, locked)
		})
	})
}

// guardRows are the rows of some names, in their order.
type guardRows struct {
	now     int64
	known   bool // the first name is that of a recipient that approved
	exists  []bool
	before  [][]byte // the records as bytes
	records []*guard.Record
}

// changed reports whether a record is another one than was read.
func (r guardRows) changed(i int) bool {
	if r.records[i] == nil {
		return false
	}
	after, err := r.records[i].MarshalBinary()
	return err != nil || !bytes.Equal(after, r.before[i])
}

// read reads the clock after the rows are locked, in the order of their keys.
func (g *Guard) read(ctx context.Context, conn *sql.Conn, names []guard.Name, lock bool) (r guardRows, err error) {
	found, err := g.rows(ctx, conn, names, lock)
	if err != nil {
		return r, err
	}
	recipient, err := scan(conn.QueryRowContext(ctx, g.db.d.look, []byte(keyOf(kindKnown, names[0]))))
	if err != nil {
		return r, err
	}
	k, _, err := on(recipient, func(*known, int64) outcome { return kept })
	if err != nil {
		return r, err
	}
	r.now, r.known = recipient.now, recipient.now < k.until()
	shared := map[guard.Name]*guard.Record{}
	for _, name := range names {
		data, exists := found[name]
		if _, read := shared[name]; !read && exists {
			if shared[name], err = guarded(row{data, r.now}); err != nil {
				return r, err
			}
		}
		var before []byte
		if record := shared[name]; record != nil {
			before, _ = record.MarshalBinary()
		}
		r.exists, r.before, r.records = append(r.exists, exists), append(r.before, before), append(r.records, shared[name])
	}
	return r, nil
}

func (g *Guard) rows(ctx context.Context, conn *sql.Conn, names []guard.Name, lock bool) (map[guard.Name][]byte, error) {
	text := "SELECT k, data FROM <records> WHERE k IN (" + g.db.d.places(len(names)) + ") ORDER BY k"
	if lock && g.db.d.kind != SQLite {
		text += " FOR UPDATE"
	}
	keys := make([]any, len(names))
	for i, name := range names {
		keys[i] = []byte(keyOf(kindGuard, name))
	}
	rows, err := conn.QueryContext(ctx, g.db.d.named(text), keys...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	found := map[guard.Name][]byte{}
	for rows.Next() {
		var k, data []byte
		if err := rows.Scan(&k, &data); err != nil {
			return nil, err
		}
		if len(k) != 1+len(guard.Name{}) {
			return nil, errLayout
		}
		found[guard.Name(k[1:])] = data
	}
	return found, rows.Err()
}

// write keeps what has changed. A record that has no row is made in the next try: the
// plain read did not tell that it would be needed.
func (g *Guard) write(ctx context.Context, conn *sql.Conn, names []guard.Name, r guardRows) error {
	for i, record := range r.records {
		if !r.changed(i) {
			continue
		}
		if !r.exists[i] && g.db.d.kind != SQLite {
			return errVanished
		}
		data, err := record.MarshalBinary()
		if err != nil {
			return errLayout
		}
		text, err := json.Marshal(counted{layout{layoutVersion}, data})
		if err != nil {
			return errLayout
		}
		if _, err := conn.ExecContext(ctx, g.db.d.write, string(text), till(record.End()), []byte(keyOf(kindGuard, names[i]))); err != nil {
			return err
		}
	}
	return nil
}
