package guard

import (
	"slices"
	"time"
)

// A Record is what is kept under one [Name]. It is for authors of stores: one that
// can lock a few rows reads them, calls [Decide], [Undo] or [Credit], and writes them
// back as bytes. The zero value is a record of nothing. Times are microseconds of the
// store's clock, since 1970 or earlier, and above zero. A record that has ended counts
// as none.
type Record struct {
	window window
	floor  *floor       // where there is one
	sent   lastSend     // of recipients
	before *[2]lastSend // and the two before it, if there are; never changed in place
	tally  *tally       // of clear names
	keep   int64        // until when it is kept at least
}

// last are the last Sends to a recipient, newest first.
func (r *Record) last() [3]lastSend {
	all := [3]lastSend{r.sent}
	if r.before != nil {
		copy(all[1:], r.before[:])
	}
	return all
}

func (r *Record) remember(last [3]lastSend) {
	r.sent, r.before = last[0], nil
	if last[1].at != 0 { // few recipients have a second one: it is kept apart
		r.before = &[2]lastSend{last[1], last[2]}
	}
}

// A lastSend is what is remembered of one of the last Sends to a recipient; at is zero if
// there is none. There are several, since one that is taken back leaves those before it:
// a resend that came too early is no reason to forget the code that the person types.
type lastSend struct {
	id       ID
	at       int64
	stranger bool
	approved bool
}

type tally struct {
	since, sends, approvals, refusals, spent int64
}

// End returns when the record means nothing any more and may be deleted.
func (r *Record) End() int64 {
	end := max(r.window.end(), r.keep)
	if r.floor != nil {
		end = max(end, r.floor.end())
	}
	return end
}

// Tally returns the numbers of a record with a clear name.
func (r *Record) Tally(now int64, n Name) Tally {
	t := Tally{Name: n}
	if r.tally != nil {
		t.Since = time.UnixMicro(r.tally.since)
		t.Sends, t.Approvals, t.Refusals, t.Spent = r.tally.sends, r.tally.approvals, r.tally.refusals, r.tally.spent
	}
	if r.floor != nil && r.floor.closed && r.floor.until > now {
		t.Until = time.UnixMicro(r.floor.until)
	}
	return t
}

// Decide decides on s at a time. Records are those of s.Counts, nil where there is
// none; a Send that is admitted makes them. A record that is not nil may have changed
// even if the Send is refused. Known says that the recipient is known.
func Decide(now int64, s Send, known bool, records []*Record) Decision {
	if last, i := lastOf(records, s.ID); i >= 0 {
		return Decision{Admitted: true, Known: !last[i].stranger}
	}
	d := Decision{Known: known}
	for i, c := range s.Counts {
		if known && !c.Everybody {
			continue
		}
		reason, wait, closes := records[i].refuses(now, c)
		if closes {
			d.Closed = append(d.Closed, i)
		}
		if reason != None && wait > d.Wait {
			d.By, d.Reason, d.Wait = i, reason, wait
		}
	}
	if d.Reason != None {
		for _, r := range records {
			if r != nil && r.tally != nil {
				r.tally.refusals++
			}
		}
		return d
	}
	d.Admitted = true
	for i, c := range s.Counts {
		if known && !c.Everybody {
			continue
		}
		if records[i] == nil {
			records[i] = new(Record)
		}
		records[i].count(now, c)
	}
	if len(records) > 0 {
		last := records[0].last()
		copy(last[1:], last[:])
		last[0] = lastSend{id: s.ID, at: now, stranger: !known}
		records[0].remember(last)
	}
	return d
}

// lastOf finds a Send among the last ones to its recipient; at -1 if it is none of them.
func lastOf(records []*Record, id ID) (last [3]lastSend, at int) {
	if len(records) == 0 || records[0] == nil {
		return last, -1
	}
	last = records[0].last()
	return last, slices.IndexFunc(last[:], func(s lastSend) bool { return s.at != 0 && s.id == id })
}

// refuses works on no record as on an empty one.
func (r *Record) refuses(now int64, c Count) (reason Reason, wait time.Duration, closes bool) {
	if r != nil && r.floor != nil && c.Floor > 0 {
		if reason, wait, closes = r.floor.refuses(now, c.Floor); reason != None {
			return reason, wait, closes
		}
	}
	switch {
	case c.Limit.Window <= 0:
	case c.Adds > c.Limit.Sends: // no wait would help
		return OverLimit, c.Limit.Window, closes
	case r != nil:
		if wait = r.window.wait(now, c.Adds, c.Limit); wait > 0 {
			return OverLimit, wait, closes
		}
	}
	return None, 0, closes
}

func (r *Record) count(now int64, c Count) {
	if c.Limit.Window > 0 {
		r.window.add(now, c.Adds, c.Limit)
	}
	r.keep = max(r.keep, now+c.Keep.Microseconds())
	if c.Floor > 0 {
		if r.floor == nil {
			r.floor = new(floor)
		}
		r.floor.add(now)
	}
	if !c.Name.IsClear() {
		return
	}
	if r.tally == nil {
		r.tally = &tally{since: now}
	}
	r.tally.sends++
	if c.Name[0] == NameBudget {
		r.tally.spent += c.Adds
	}
}

// Undo takes s back if it is one of the last three Sends to its recipient, and leaves the
// others.
func Undo(now int64, s Send, records []*Record) {
	last, found := lastOf(records, s.ID)
	if found < 0 {
		return
	}
	undone := last[found]
	for i, c := range s.Counts {
		if r := records[i]; r != nil && (undone.stranger || c.Everybody) {
			r.uncount(now, undone.at, c)
		}
	}
	copy(last[found:], last[found+1:])
	last[len(last)-1] = lastSend{}
	if next := &last[found]; next.at != 0 {
		next.approved = next.approved || undone.approved // it was the code of this one
	}
	records[0].remember(last)
}

func (r *Record) uncount(now, at int64, c Count) {
	r.window.take(at, c.Adds)
	if r.floor != nil {
		r.floor.roll(now)
		r.floor.take(at)
	}
	if r.tally == nil {
		return
	}
	r.tally.sends = max(r.tally.sends-1, 0)
	if c.Name[0] == NameBudget {
		r.tally.spent = max(r.tally.spent-c.Adds, 0)
	}
}

// Credit counts an approval for the newest Send that was not taken back. Recipient is the
// record of the recipient, and records are those of the approval's counts; nil where there
// is none.
func Credit(now int64, recipient *Record, records []*Record) {
	if recipient == nil || !recipient.sent.stranger || recipient.sent.approved {
		return
	}
	recipient.sent.approved = true
	for r := range slices.Values(records) {
		if r == nil {
			continue
		}
		if r.floor != nil {
			r.floor.approve(now, recipient.sent.at)
		}
		if r.tally != nil {
			r.tally.approvals++
		}
	}
}
