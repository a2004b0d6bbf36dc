package verifytest

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify/guard"
)

func TestMemoryStoreOfTheGuardKeepsEveryPromise(t *testing.T) {
	for _, p := range guardPromises() {
		t.Run(p.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				target := GuardTarget{Store: new(guard.MemoryStore), Advance: time.Sleep, Now: time.Now}
				assert.NoError(t, p.broken(t.Context(), target))
			})
		})
	}
}

// A flawedGuard breaks one promise.
type flawedGuard struct {
	*guard.MemoryStore
	flaw string
	lost map[guard.Name]bool // recipients whose last Send was taken back
}

func (s flawedGuard) Admit(ctx context.Context, send guard.Send) (guard.Decision, error) {
	switch s.flaw {
	case "counts a repeated call":
		send.ID = guardID()
	case "counts the known":
		for i := range send.Counts {
			send.Counts[i].Everybody = true
		}
	case "has no floor":
		for i := range send.Counts {
			send.Counts[i].Floor = 0
		}
	case "begins each window anew":
		for i, c := range send.Counts {
			if c.Name[0] == guard.NameCountry {
				send.Counts[i].Limit.Window = time.Hour / 8
			}
		}
	}
	delete(s.lost, send.Counts[0].Name)
	d, err := s.MemoryStore.Admit(ctx, send)
	if s.flaw == "admits beyond" && d.Reason == guard.OverLimit {
		d.Admitted = true
	}
	return d, err
}

func (s flawedGuard) Revoke(ctx context.Context, send guard.Send) error {
	if s.flaw == "takes nothing back" {
		return nil
	}
	s.lost[send.Counts[0].Name] = true
	return s.MemoryStore.Revoke(ctx, send)
}

func (s flawedGuard) Approve(ctx context.Context, a guard.Approval) error {
	if s.flaw == "knows nobody" {
		return nil
	}
	if s.flaw == "forgets the send before" && s.lost[a.Recipient] {
		a.Counts = nil
	}
	return s.MemoryStore.Approve(ctx, a)
}

func TestBrokenStoresOfTheGuardAreRejected(t *testing.T) {
	for flaw, breaks := range map[string]string{
		"admits beyond":           "a_limit_admits_so_many_and_no_more",
		"counts a repeated call":  "the_last_ids_asked_again_are_counted_once",
		"counts the known":        "known_recipients_are_bound_by_their_own_counts_only",
		"has no floor":            "a_floor_closes_what_nobody_approves",
		"begins each window anew": "no_window_holds_more_than_its_limit",
		"takes nothing back":      "a_send_that_is_revoked_counts_nowhere",
		"forgets the send before": "a_send_that_is_revoked_leaves_the_others",
		"knows nobody":            "a_recipient_is_known_for_ninety_days",
	} {
		t.Run(flaw, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for _, p := range guardPromises() {
					if p.name == breaks {
						assert.Error(t, p.broken(t.Context(), GuardTarget{Store: flawedGuard{new(guard.MemoryStore), flaw, map[guard.Name]bool{}}, Advance: time.Sleep}))
					}
				}
			})
		})
	}
}

// bytesGuard keeps records as bytes, as a store elsewhere does.
type bytesGuard struct {
	guardModel
	bytes map[guard.Name][]byte
}

func (s *bytesGuard) load() {
	s.records = map[guard.Name]*guard.Record{}
	for n, b := range s.bytes {
		s.records[n] = new(guard.Record)
		if err := s.records[n].UnmarshalBinary(b); err != nil {
			panic(err)
		}
	}
}

func (s *bytesGuard) save() {
	s.bytes = map[guard.Name][]byte{}
	for n, record := range s.records {
		s.bytes[n], _ = record.MarshalBinary()
	}
}

func (s *bytesGuard) Admit(_ context.Context, send guard.Send) (guard.Decision, error) {
	s.load()
	defer s.save()
	return s.admit(time.Now().UnixMicro(), send), nil
}

func (s *bytesGuard) Revoke(_ context.Context, send guard.Send) error {
	s.load()
	defer s.save()
	now := time.Now().UnixMicro()
	guard.Undo(now, send, s.at(now, send.Counts))
	return nil
}

func (s *bytesGuard) Approve(_ context.Context, a guard.Approval) error {
	s.load()
	defer s.save()
	counts := []guard.Count{{Name: a.Recipient}}
	for _, n := range a.Counts {
		counts = append(counts, guard.Count{Name: n})
	}
	s.approve(time.Now().UnixMicro(), guard.Send{Counts: counts})
	return nil
}

func (s *bytesGuard) Report(context.Context) (all []guard.Tally, _ error) {
	s.load()
	for n, record := range s.records {
		if n.IsClear() {
			all = append(all, record.Tally(time.Now().UnixMicro(), n))
		}
	}
	return all, nil
}

func (s *bytesGuard) Reset(_ context.Context, n guard.Name) error {
	delete(s.bytes, n)
	delete(s.known, n)
	return nil
}

func TestARecordSurvivesAsBytes(t *testing.T) {
	for _, p := range guardPromises() {
		if p.name == "twenty_of_a_storm_of_sends_are_admitted" {
			continue // it is for one caller
		}
		t.Run(p.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := &bytesGuard{guardModel: guardModel{known: map[guard.Name]int64{}}}
				assert.NoError(t, p.broken(t.Context(), GuardTarget{Store: store, Advance: time.Sleep, Now: time.Now, Histories: 50}))
			})
		})
	}
}

func TestBytesThatAreNoRecordAreRefused(t *testing.T) {
	whole, _ := new(guard.Record).MarshalBinary()
	s, records := sendTo(), make([]*guard.Record, 1)
	var sent [][]byte // records of one Send, two and three
	for range 3 {
		guard.Decide(1e15, resent(s), false, records)
		b, _ := records[0].MarshalBinary()
		sent = append(sent, b)
	}
	four := append(sent[2][:len(sent[2]):len(sent[2])], sent[2][len(sent[1]):]...)
	four[1] += 8
	for name, b := range map[string][]byte{
		"nothing": nil, "another version": append([]byte{2}, whole[1:]...), "cut": whole[:len(whole)-1],
		"too long": append(whole[:len(whole):len(whole)], 0), "an unknown part": append([]byte{1, 32}, whole[2:]...),
		"a second Send without a first": append([]byte{1, 8}, sent[0][2:]...), "four Sends": four, "fewer Sends than it says": append([]byte{1, four[1]}, sent[2][2:]...),
	} {
		assert.Error(t, new(guard.Record).UnmarshalBinary(b), name)
	}
	for _, b := range append(sent, whole) {
		assert.NoError(t, new(guard.Record).UnmarshalBinary(b))
	}
}
