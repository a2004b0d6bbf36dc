package verifytest

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/go2fa/verify/guard"
)

// A guardModel is a store of maps.
type guardModel struct {
	records map[guard.Name]*guard.Record
	known   map[guard.Name]int64
}

// at returns the records of counts. One that has ended is none.
func (m *guardModel) at(now int64, counts []guard.Count) []*guard.Record {
	for n, record := range m.records {
		if record.End() <= now {
			delete(m.records, n)
		}
	}
	records := make([]*guard.Record, len(counts))
	for i, c := range counts {
		records[i] = m.records[c.Name]
	}
	return records
}

func (m *guardModel) admit(now int64, s guard.Send) guard.Decision {
	records := m.at(now, s.Counts)
	since, known := m.known[s.Counts[0].Name]
	d := guard.Decide(now, s, known && now-since < guard.KnownFor.Microseconds(), records)
	for i, c := range s.Counts {
		if records[i] != nil {
			m.records[c.Name] = records[i]
		}
	}
	return d
}

func (m *guardModel) approve(now int64, s guard.Send) {
	m.known[s.Counts[0].Name] = now
	records := m.at(now, s.Counts)
	guard.Credit(now, records[0], records[1:])
}

func guardHistories(r *guardRun) {
	histories := r.Histories
	if histories == 0 {
		histories = 300
	}
	for seed := range histories {
		r.history(rand.New(rand.NewPCG(uint64(seed), 2))) //nolint:gosec // it must be the same in each run
		if r.err != nil {
			return
		}
	}
}

// history makes 60 random calls to six recipients in two countries. Many go to the
// recipient of the call before, as those of somebody who waits for a code do.
func (r *guardRun) history(dice *rand.Rand) {
	m := &guardModel{map[guard.Name]*guard.Record{}, map[guard.Name]int64{}}
	recipients := []guard.Name{guardName('r'), guardName('r'), guardName('r'), guardName('r'), guardName('r'), guardName('r')}
	countries, prefixes := []guard.Name{guardName('c'), guardName('c')}, []guard.Name{guardName('p'), guardName('p')}
	budget := guardName('b')
	var last []guard.Send
	for range 60 {
		now := r.Now().UnixMicro()
		switch p := dice.IntN(10); {
		case p < 6 || len(last) == 0:
			i, recipient := dice.IntN(2), recipients[dice.IntN(6)]
			if dice.IntN(2) == 0 && len(last) > 0 {
				recipient = last[len(last)-1].Counts[0].Name
			}
			s := guard.Send{ID: guardID(), Counts: []guard.Count{
				{Name: recipient, Limit: guard.Limit{Sends: 9, Window: time.Hour}, Adds: 1, Everybody: true, Keep: time.Hour},
				{Name: countries[i], Limit: guard.Limit{Sends: 14, Window: time.Hour}, Adds: 1, Keep: 24 * time.Hour},
				{Name: prefixes[i], Limit: guard.Limit{Sends: 1000, Window: 3 * time.Hour}, Adds: 1, Floor: 600, Keep: 3 * time.Hour},
				{Name: budget, Limit: guard.Limit{Sends: 900, Window: 5 * time.Hour}, Adds: int64(dice.IntN(40)), Everybody: true, Keep: 24 * time.Hour},
			}}
			if dice.IntN(20) == 0 && len(last) > 0 {
				s.ID = last[len(last)-1-dice.IntN(min(4, len(last)))].ID
			}
			got, want := r.admit(s), m.admit(now, s)
			r.demand(got.Admitted == want.Admitted && got.Known == want.Known && got.By == want.By && got.Reason == want.Reason &&
				got.Wait == want.Wait && slices.Equal(got.Closed, want.Closed), "the store decides %+v and the model %+v", got, want)
			last = append(last, s)
		case p < 8:
			s := last[len(last)-1-dice.IntN(min(3, len(last)))]
			r.approve(s)
			m.approve(now, s)
		case p < 9:
			s := last[len(last)-1-dice.IntN(min(4, len(last)))]
			r.revoke(s)
			guard.Undo(now, s, m.at(now, s.Counts))
		default:
			r.Advance([]time.Duration{time.Second, time.Minute, 7 * time.Minute, 40 * time.Minute, 26 * time.Hour}[min(dice.IntN(12), 4)])
		}
	}
	now := r.Now().UnixMicro()
	for _, n := range slices.Concat(countries, prefixes, []guard.Name{budget}) {
		want := m.records[n]
		if want == nil || want.End() <= now {
			continue
		}
		got := r.tally(n)
		w := want.Tally(now, n)
		r.demand(got.Sends == w.Sends && got.Approvals == w.Approvals && got.Refusals == w.Refusals && got.Spent == w.Spent &&
			got.Until.Equal(w.Until), "the store tells %+v and the model %+v", got, w)
	}
}
