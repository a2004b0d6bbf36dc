package sqlstore_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/sqlstore"
)

// moments are the fields that hold a time of the server's clock.
var moments = map[string]bool{
	"at": true, "expires": true, "attempted": true, "charged": true, "since": true, "failed": true, "lease": true, "until": true,
}

// age makes all that a database keeps d older, as if its clock had gone on.
func age(t testing.TB, db *sqlstore.DB, d time.Duration) {
	t.Helper()
	rows, err := db.SQL().QueryContext(t.Context(), db.Named("SELECT k, data, till FROM <records>"))
	require.NoError(t, err)
	type record struct {
		k, data []byte
		till    int64
	}
	var all []record
	for rows.Next() {
		var r record
		require.NoError(t, rows.Scan(&r.k, &r.data, &r.till))
		all = append(all, r)
	}
	require.NoError(t, rows.Err())
	require.NoError(t, rows.Close())
	update := "UPDATE <records> SET data = ?, till = ? WHERE k = ?"
	if db.Dialect() == sqlstore.PostgreSQL {
		update = "UPDATE <records> SET data = $1::jsonb, till = $2 WHERE k = $3"
	}
	for _, r := range all {
		if r.till != sqlstore.Never {
			r.till -= d.Microseconds()
		}
		_, err := db.SQL().ExecContext(t.Context(), db.Named(update), string(older(t, r.data, d.Microseconds())), r.till, r.k)
		require.NoError(t, err)
	}
}

func older(t testing.TB, data []byte, by int64) []byte {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var v any
	require.NoError(t, decoder.Decode(&v))
	shift(v, by)
	out, err := json.Marshal(v)
	require.NoError(t, err)
	return out
}

func shift(v any, by int64) {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			shift(x, by)
		}
	case map[string]any:
		for name, x := range v {
			if n, ok := x.(json.Number); ok && moments[name] {
				at, _ := n.Int64()
				v[name] = at - by
				continue
			}
			if times, ok := x.(map[string]any); ok && name == "revoked" {
				for id, n := range times {
					at, _ := n.(json.Number).Int64()
					times[id] = at - by
				}
				continue
			}
			shift(x, by)
		}
	}
}
