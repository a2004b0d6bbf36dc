package bench

import (
	"flag"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var (
	ratios = flag.Bool("ratios", false, "measure what is compared in one process, in slices by turns")
	share  = flag.Float64("share", 1, "with -ratios: how many of the turns are played")
)

// needRatios skips what only -ratios measures.
func needRatios(t *testing.T) {
	t.Helper()
	if !*ratios {
		t.Skip("-ratios measures it")
	}
}

// A slice is what a call cost during one slice of time, in nanoseconds.
type slice struct{ wall, cpu, server float64 }

// A match has those compared take turns within this process: in each turn each has
// one slice of time, in an order drawn anew.
type match struct {
	turns   int
	slice   time.Duration
	callers int            // at once; one if zero
	calls   int            // between two looks at the clock; one if zero
	server  func() float64 // the processor time of a server, if there is one
}

// play returns what each cost, turn by turn.
func (m match) play(t *testing.T, ops map[string]func() error) map[string][]slice {
	t.Helper()
	played := map[string][]slice{}
	for turn := -1; turn < int(float64(m.turns)**share); turn++ {
		for _, name := range shuffled(ops) {
			s, err := m.once(ops[name])
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if turn >= 0 { // the first one fills caches and pools
				played[name] = append(played[name], s)
			}
		}
	}
	return played
}

func (m match) once(op func() error) (slice, error) {
	var (
		done   atomic.Int64
		failed atomic.Value
		all    sync.WaitGroup
		served float64
	)
	if m.server != nil {
		served = m.server()
	}
	cpu, began := processor(), time.Now()
	for range max(m.callers, 1) {
		all.Go(func() {
			n := int64(0)
			defer func() { done.Add(n) }()
			for time.Since(began) < m.slice {
				for range max(m.calls, 1) {
					if err := op(); err != nil {
						failed.Store(err)
						return
					}
					n++
				}
			}
		})
	}
	all.Wait()
	wall, cpu := time.Since(began), processor()-cpu
	calls := float64(max(done.Load(), 1))
	s := slice{wall: float64(wall) / calls, cpu: float64(cpu) / calls}
	if m.server != nil {
		s.server = (m.server() - served) / calls
	}
	err, _ := failed.Load().(error)
	return s, err
}

func wall(s slice) float64   { return s.wall }
func cpu(s slice) float64    { return s.cpu }
func server(s slice) float64 { return s.server }

// A quotient is the median of pairs of the same turn, between its quartiles.
type quotient struct{ low, median, high float64 }

func (q quotient) String() string { return fmt.Sprintf("%.2f (%.2f-%.2f)", q.median, q.low, q.high) }

// pair divides what two cost in the same turn.
func pair(played map[string][]slice, one, other string, of func(slice) float64) quotient {
	var all []float64
	for i, s := range played[one] {
		if below := of(played[other][i]); below > 0 {
			all = append(all, of(s)/below)
		}
	}
	return quartiles(all)
}

func quartiles(all []float64) quotient {
	if len(all) == 0 {
		return quotient{}
	}
	slices.Sort(all)
	at := func(part float64) float64 { return all[int(part*float64(len(all)-1))] }
	return quotient{at(0.25), at(0.5), at(0.75)}
}

// median is the middle of what one cost.
func median(played []slice, of func(slice) float64) float64 {
	var all []float64
	for _, s := range played {
		all = append(all, of(s))
	}
	return quartiles(all).median
}

// tell prints one row of the table. A target that is missed fails nothing: the
// machine is shared, and the rows that must hold are tests of counts.
func tell(what string, is quotient, target float64) {
	state := "reached"
	switch {
	case target == 0:
		state = ""
	case is.median > target:
		state = "missed"
	}
	limit := ""
	if target > 0 {
		limit = fmt.Sprintf("%.2f", target)
	}
	fmt.Printf("| %s | %s | %s | %s |\n", what, limit, is, state)
}
