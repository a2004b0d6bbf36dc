package sqlstore

import (
	"encoding/json"

	"github.com/go2fa/verify/failover"
)

// An entry is the record of one (recipient, scope) in a ledger.
type entry struct {
	layout
	record failover.Record
}

// MarshalJSON writes the record, whose version is its own.
func (e *entry) MarshalJSON() ([]byte, error) { return json.Marshal(&e.record) }

// UnmarshalJSON reads what [failover.Record] writes.
func (e *entry) UnmarshalJSON(data []byte) error {
	if err := json.Unmarshal(data, &e.layout); err != nil || e.V == 0 {
		return err // a row that was made for a lock holds no record yet
	}
	e.V = layoutVersion
	return json.Unmarshal(data, &e.record)
}

func (e *entry) prune(int64) bool { return false } // each step of the record does
func (e *entry) until() int64     { return e.record.Until() }
