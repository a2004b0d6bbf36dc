package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"strconv"
	"strings"
	"time"
)

// An Error says why there is no answer, in words for an operator. It holds no
// address, key, credential or word of the server.
type Error struct {
	Op     string // the call: "open", "migrate", "issue", "attempt", "probe", ...
	Detail string // what is at fault, and what to do about it
	Err    error  // context.Canceled or context.DeadlineExceeded; else nil

	full bool // the server has no room
}

// Error returns one line: "sqlstore: issue: this server is read-only: connect to the
// primary".
func (e *Error) Error() string { return "sqlstore: " + e.Op + ": " + e.Detail }

// SafeMessage returns Detail: a sentence that may be shown to the author of the
// configuration, since no part of it is in there.
func (e *Error) SafeMessage() string { return e.Detail }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

var (
	errVanished = errors.New("the row is gone")
	errLayout   = errors.New("the row is of another layout")
	errMissing  = errors.New("there is no table of this version")
	errNewer    = errors.New("the tables are of a newer version")
	errAnswer   = errors.New("the server gave no answer that this package gives")

	// errDiscard makes database/sql close a connection.
	errDiscard = driver.ErrBadConn
)

const (
	notMigrated = "the tables are missing, or those of an older version: call Migrate first, as a role that may create tables"
	layoutWrong = "a record has the layout of another version of this package: update this process, or use another Prefix"
	readOnly    = "this server is read-only, or a replica: connect to the primary"
	noRoom      = "the server has no room: look at its disk"
	forbidden   = "the role may not do this: see docs/stores.md for what it needs"
	credentials = "the server refused the credentials, or this role may not use this database"
	lostDetail  = "the server cannot be reached, or hung up"
)

// notMade is for a zero value.
func notMade(op string) *Error {
	return &Error{Op: op, Detail: "this is a zero value: New makes one that works"}
}

func notUnderstood(op string) *Error {
	return &Error{Op: op, Detail: "the server gave an answer that this package does not give: its functions were changed"}
}

// A fault is what an error of a driver means.
type fault struct {
	detail   string
	final    bool // asking again does not help
	lost     bool // the server may have committed
	readOnly bool
	full     bool
	absent   bool // there is no such function
	denied   bool // the role may not
}

// failure translates an error of a driver, which may hold an address, a value or a
// piece of the configuration.
func (db *DB) failure(ctx context.Context, op string, err error) *Error {
	var ours *Error
	if errors.As(err, &ours) {
		return ours
	}
	if cause := ended(ctx); cause != nil {
		return &Error{Op: op, Detail: "the context was done before the server answered", Err: cause}
	}
	f := db.fault(err)
	return &Error{Op: op, Detail: f.detail, full: f.full}
}

// ended also knows a deadline that the connection met before the context did.
func ended(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok && ctx.Err() == nil && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

// fault reads an error. What no server said is the connection's: then the server may
// have done everything.
func (db *DB) fault(err error) fault {
	var ours *Error
	switch {
	case errors.As(err, &ours):
		return fault{detail: ours.Detail, final: true}
	case errors.Is(err, errVanished):
		return fault{detail: "the row was deleted each time it was to be locked", lost: true}
	case errors.Is(err, errLayout):
		return fault{detail: layoutWrong, final: true}
	case errors.Is(err, errMissing):
		return fault{detail: notMigrated, final: true}
	case errors.Is(err, errNewer):
		return fault{detail: "the tables are of a newer version of this package: update this process", final: true}
	case errors.Is(err, errAnswer):
		return fault{detail: "the server gave an answer that this package does not give: its functions were changed", final: true}
	}
	f := db.said(err)
	if commit := (*commitError)(nil); errors.As(err, &commit) {
		f.final, f.lost = false, true
	}
	return f
}

// said translates what the server said.
func (db *DB) said(err error) fault {
	switch db.d.kind {
	case PostgreSQL:
		if state := (interface{ SQLState() string })(nil); errors.As(err, &state) {
			return stateFault(state.SQLState())
		}
	case MySQL:
		if n := mysqlNumber(err); n != 0 {
			return mysqlFault(n)
		}
	case SQLite:
		if code := (interface{ Code() int })(nil); errors.As(err, &code) {
			return sqliteFault(code.Code())
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return fault{detail: "the server did not answer in time, or no connection was free: raise the pool's bound", lost: true}
	}
	if err != nil && strings.Contains(err.Error(), "sql: database is closed") {
		return fault{detail: "the *sql.DB is closed", final: true}
	}
	return fault{detail: lostDetail, lost: true}
}

// stateFault reads a SQLSTATE (https://www.postgresql.org/docs/current/errcodes-appendix.html).
func stateFault(state string) fault {
	switch {
	case state == "40001", state == "40P01", state == "55P03":
		return fault{detail: "other transactions kept the row locked, or met this one each time"}
	case state == "25006":
		return fault{detail: readOnly, readOnly: true, final: true}
	case state == "53100", state == "53200":
		return fault{detail: noRoom, full: true, final: true}
	case state == "53300":
		return fault{detail: "the server has too many connections: bound the pools (SetMaxOpenConns)", final: true}
	case state == "42883":
		return fault{detail: notMigrated, absent: true, final: true}
	case state == "42P01", state == "3F000", state == "42703":
		return fault{detail: notMigrated, final: true}
	case state == "42501":
		return fault{detail: forbidden, denied: true, final: true}
	case strings.HasPrefix(state, "28"), state == "3D000":
		return fault{detail: credentials, final: true}
	case strings.HasPrefix(state, "08"), strings.HasPrefix(state, "57"):
		// A backend that is ended while it waits for a replica has committed.
		return fault{detail: lostDetail, lost: true}
	case state == "26000", state == "42P05":
		return fault{detail: "a proxy in between mixes up prepared statements: open the pool with default_query_exec_mode=exec", final: true}
	}
	return fault{detail: "the server refused a statement, with SQLSTATE " + letters(state), final: true}
}

// letters keeps the five characters of a SQLSTATE, and nothing longer.
func letters(state string) string {
	for _, r := range state {
		if (r < '0' || r > '9') && (r < 'A' || r > 'Z') {
			return "?"
		}
	}
	return state[:min(len(state), 5)]
}

// mysqlNumber reads "Error 1213 (40001): ...", as go-sql-driver writes it, so that
// this package need not link the driver.
func mysqlNumber(err error) int {
	for ; err != nil; err = errors.Unwrap(err) {
		if rest, ok := strings.CutPrefix(err.Error(), "Error "); ok {
			digits, _, _ := strings.Cut(rest, " ")
			if n, err := strconv.Atoi(strings.TrimSuffix(digits, ":")); err == nil {
				return n
			}
		}
	}
	return 0
}

// mysqlFault reads a number of MySQL's or MariaDB's
// (https://mariadb.com/docs/server/reference/error-codes).
func mysqlFault(n int) fault {
	switch n {
	case 1213, 1205, 1020:
		return fault{detail: "other transactions kept the row locked, or met this one each time"}
	case 1290, 1792, 1836, 3032:
		return fault{detail: readOnly, readOnly: true, final: true}
	case 1021, 1041, 1114, 1874, 3675:
		return fault{detail: noRoom, full: true, final: true}
	case 1040, 1203, 1226:
		return fault{detail: "the server has too many connections: bound the pools (SetMaxOpenConns)", final: true}
	case 1146, 1054:
		return fault{detail: notMigrated, final: true}
	case 1142, 1143, 1227, 1370:
		return fault{detail: forbidden, denied: true, final: true}
	case 1044, 1045, 1049, 1698:
		return fault{detail: credentials, final: true}
	case 1047, 1053, 1317, 1927, 3169:
		return fault{detail: lostDetail, lost: true} // a node without its cluster, a shutdown, a kill
	}
	return fault{detail: "the server refused a statement, with error " + strconv.Itoa(n), final: true}
}

// sqliteFault reads a result code (https://www.sqlite.org/rescode.html).
func sqliteFault(code int) fault {
	switch code & 0xff {
	case 5, 6:
		return fault{detail: "another process kept the file locked"}
	case 9:
		return fault{detail: "the call was interrupted", lost: true}
	case 1:
		return fault{detail: notMigrated, final: true}
	case 8:
		return fault{detail: "the file is read-only", readOnly: true, final: true}
	case 13:
		return fault{detail: noRoom, full: true, final: true}
	case 14:
		return fault{detail: "the file cannot be opened: look at its path and at who may write there", final: true}
	case 11, 26:
		return fault{detail: "the file is damaged, or no database", final: true}
	}
	return fault{detail: "the file cannot be used, with result code " + strconv.Itoa(code), final: true}
}
