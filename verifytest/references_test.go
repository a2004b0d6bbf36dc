package verifytest

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/references"
)

func TestMemoryOfReferencesKeepsEveryPromise(t *testing.T) {
	for _, p := range referencesPromises() {
		t.Run(p.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				target := ReferencesTarget{References: new(references.Memory), Advance: time.Sleep}
				assert.NoError(t, p.broken(t.Context(), target))
			})
		})
	}
}

// looksThenTakes compares in one step and removes in another.
type looksThenTakes struct {
	*references.Memory
	mu  sync.Mutex
	ids map[[16]byte]bool
}

func (s *looksThenTakes) Take(ctx context.Context, key [16]byte, reference string, id [16]byte) (bool, error) {
	s.mu.Lock()
	known := s.ids[id]
	s.ids[id] = true
	s.mu.Unlock()
	there, found, err := s.Get(ctx, key)
	if err != nil || known {
		return known, err
	}
	time.Sleep(time.Millisecond)
	_, err = s.Memory.Take(ctx, key, reference, id)
	return found && there == reference, err
}

// forgetsTakes takes anew each time it is asked.
type forgetsTakes struct{ *references.Memory }

func (s forgetsTakes) Take(ctx context.Context, key [16]byte, reference string, _ [16]byte) (bool, error) {
	return s.Memory.Take(ctx, key, reference, sixteen())
}

// takesAny removes whatever is under a key.
type takesAny struct{ *references.Memory }

func (s takesAny) Take(ctx context.Context, key [16]byte, _ string, id [16]byte) (bool, error) {
	there, _, err := s.Get(ctx, key)
	if err != nil {
		return false, err
	}
	return s.Memory.Take(ctx, key, there, id)
}

// neverEnds keeps references for ever.
type neverEnds struct{ *references.Memory }

func (s neverEnds) Set(ctx context.Context, key [16]byte, reference string, _ time.Duration) error {
	return s.Memory.Set(ctx, key, reference, 1000*time.Hour)
}

func TestBrokenReferencesAreRejected(t *testing.T) {
	for name, tc := range map[string]struct {
		broken func(*references.Memory) references.References
		breaks string
	}{
		"looks and takes in two steps": {
			func(m *references.Memory) references.References {
				return &looksThenTakes{Memory: m, ids: map[[16]byte]bool{}}
			},
			"one_of_256_takes_at_once_is_told_yes",
		},
		"forgets ids": {
			func(m *references.Memory) references.References { return forgetsTakes{m} }, "a_take_made_again_answers_the_same",
		},
		"takes any reference": {
			func(m *references.Memory) references.References { return takesAny{m} }, "only_the_reference_that_is_there_is_taken",
		},
		"never ends": {
			func(m *references.Memory) references.References { return neverEnds{m} }, "a_reference_ends_with_its_time",
		},
	} {
		t.Run(name, func(t *testing.T) {
			found := false
			for _, p := range referencesPromises() {
				if p.name != tc.breaks {
					continue
				}
				found = true
				synctest.Test(t, func(t *testing.T) {
					target := ReferencesTarget{References: tc.broken(new(references.Memory)), Advance: time.Sleep}
					assert.Error(t, p.broken(t.Context(), target), "the suite does not see it")
				})
			}
			require.True(t, found)
		})
	}
}
