package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"strconv"

	"github.com/go2fa/verify/guard"
)

// known is the record of a recipient that approved.
type known struct {
	layout
	At int64 `json:"at,omitempty"`
}

func (k *known) prune(int64) bool { return false }

func (k *known) until() int64 {
	if k.At == 0 {
		return 0
	}
	return k.At + guard.KnownFor.Microseconds()
}

// To count a million rows takes longer than an approval may. Names are hashes, so what
// is true of all that begin with one byte is true of all: each of knownSlices is kept to
// its share of the room, and one approval in thinOdds looks at the slice that it is in.
const (
	knownSlices = 256
	thinOdds    = 64
)

// thinSometimes forgets the oldest approvals of n's slice where there are more than its
// share. That it fails is nobody's concern: the next one does it.
func (g *Guard) thinSometimes(ctx context.Context, n guard.Name) {
	if n[len(n)-1]%thinOdds == 0 {
		_ = g.db.call(ctx, "approve", func(ctx context.Context, conn *sql.Conn, _ bool) error { return g.thin(ctx, conn, n) })
	}
}

func (g *Guard) thin(ctx context.Context, conn *sql.Conn, n guard.Name) error {
	all, err := g.approvals(ctx, conn, n)
	if err != nil || len(all) <= g.db.known {
		return err
	}
	slices.SortFunc(all, func(a, b approval) int { return cmp.Compare(a.at, b.at) })
	oldest := all[:min(len(all)-g.db.known, sweepRows)]
	args := make([]any, 0, len(oldest)+1)
	for _, a := range oldest {
		args = append(args, a.key)
	}
	last := known{At: oldest[len(oldest)-1].at}
	args = append(args, till(last.until())) // one that is approved again meanwhile stays
	place := "?"
	if g.db.d.kind == PostgreSQL {
		place = "$" + strconv.Itoa(len(args))
	}
	_, err = conn.ExecContext(ctx, g.db.d.named("DELETE FROM <records> WHERE k IN (")+g.db.d.places(len(oldest))+") AND till <= "+place, args...)
	return err
}

// An approval is the row of a recipient that is known.
type approval struct {
	key []byte
	at  int64
}

// approvals are those of n's slice.
func (g *Guard) approvals(ctx context.Context, conn *sql.Conn, n guard.Name) (all []approval, err error) {
	from, to := []byte{kindKnown, n[0], n[1]}, []byte{kindKnown, n[0], n[1] + 1}
	if to[2] == 0 {
		to = []byte{kindKnown, n[0] + 1}
	}
	rows, err := conn.QueryContext(ctx, g.db.d.between, from, to)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var key, data []byte
		var now int64
		if err := rows.Scan(&key, &data, &now); err != nil {
			return nil, err
		}
		k, _, err := on(row{data, now}, func(*known, int64) outcome { return kept })
		if err != nil {
			return nil, err
		}
		all = append(all, approval{key, k.At})
	}
	return all, rows.Err()
}
