package delivery_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify/delivery"
	"github.com/go2fa/verify/verifytest"
)

func TestMemorySeenKeepsEveryPromise(t *testing.T) {
	t.Parallel()
	verifytest.RunSeen(t, func(*testing.T) verifytest.SeenTarget { return verifytest.SeenTarget{Seen: new(delivery.MemorySeen)} })
}

func TestAClaimEndsWithItsLeaseAndWhatIsDoneAfterADay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, key := new(delivery.MemorySeen), [16]byte{1}
		begin := func() delivery.State {
			state, err := m.Begin(t.Context(), key, 30*time.Second)
			require.NoError(t, err)
			return state
		}
		assert.Equal(t, delivery.New, begin())
		time.Sleep(30*time.Second - 1)
		assert.Equal(t, delivery.Busy, begin())
		time.Sleep(time.Nanosecond)
		assert.Equal(t, delivery.New, begin(), "its holder is gone")
		require.NoError(t, m.Done(t.Context(), key, 24*time.Hour))
		time.Sleep(24*time.Hour - 1)
		assert.Equal(t, delivery.Done, begin())
		time.Sleep(time.Nanosecond)
		assert.Equal(t, delivery.New, begin())
	})
}

func TestAFullMemoryForgetsNothingWithinADay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m := &delivery.MemorySeen{Most: 10}
		for i := range byte(10) {
			_, err := m.Begin(t.Context(), [16]byte{i}, time.Minute)
			require.NoError(t, err)
			require.NoError(t, m.Done(t.Context(), [16]byte{i}, 24*time.Hour))
		}
		_, err := m.Begin(t.Context(), [16]byte{99}, time.Minute)
		require.ErrorIs(t, err, delivery.ErrFull)
		state, err := m.Begin(t.Context(), [16]byte{3}, time.Minute)
		require.NoError(t, err)
		assert.Equal(t, delivery.Done, state)
		time.Sleep(24 * time.Hour)
		_, err = m.Begin(t.Context(), [16]byte{99}, time.Minute)
		require.NoError(t, err)
	})
}

// A store that fails as it is told.
type broken struct {
	delivery.MemorySeen
	err  error
	busy bool
}

func (b *broken) Begin(ctx context.Context, key [16]byte, lease time.Duration) (delivery.State, error) {
	if b.busy {
		return delivery.Busy, b.err
	}
	if b.err != nil {
		return 0, b.err
	}
	return b.MemorySeen.Begin(ctx, key, lease)
}

func TestAStoreThatIsDownAndAClaimUnderWayBringItAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		acted := 0
		s := &broken{err: errors.New("away")}
		read := func(*http.Request, []byte) ([]delivery.Event, error) {
			return []delivery.Event{{Vendor: "a", ID: "1", Status: delivery.Delivered}}, nil
		}
		h, err := delivery.NewHandler(delivery.Config{Seen: s, Key: make([]byte, 32)}, "application/json", read,
			func(context.Context, delivery.Event) error { acted++; return nil })
		require.NoError(t, err)
		assert.Equal(t, http.StatusServiceUnavailable, posted(h, "{}"))
		s.err, s.busy = nil, true
		began := time.Now()
		assert.Equal(t, http.StatusServiceUnavailable, posted(h, "{}"))
		assert.Equal(t, 4*time.Second, time.Since(began), "it waits for what is under way")
		assert.Zero(t, acted)
		s.busy = false
		assert.Equal(t, http.StatusOK, posted(h, "{}"))
		assert.Equal(t, 1, acted)
	})
}

// R53: of two reports of one message that come at once the final one has the last word,
// whichever comes first and however long the other takes. Those of other messages wait
// for neither.
func TestAStatusDoesNotMoveBackWhenReportsOverlap(t *testing.T) {
	t.Parallel()
	for name, order := range map[string][2]delivery.Status{
		"on the way first": {delivery.Sent, delivery.Delivered}, "final first": {delivery.Delivered, delivery.Sent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				now := map[string]delivery.Status{}
				h, err := delivery.NewHandler(delivery.Config{}, "application/json", func(r *http.Request, body []byte) ([]delivery.Event, error) {
					return []delivery.Event{
						{Vendor: "a", ID: "1", Status: delivery.Status(strings.Trim(string(body), `"`))},
						{Vendor: "a", ID: "other", Status: delivery.Accepted},
					}, nil
				}, func(_ context.Context, e delivery.Event) error {
					if e.ID == "1" && e.Status == order[0] {
						time.Sleep(2 * time.Second)
					}
					mu.Lock()
					defer mu.Unlock()
					now[e.ID] = e.Status
					return nil
				})
				require.NoError(t, err)
				began := time.Now()
				answers := make(chan int, 2)
				for _, status := range order {
					go func() { answers <- posted(h, `"`+string(status)+`"`) }()
					synctest.Wait()
				}
				mu.Lock()
				assert.Equal(t, map[string]delivery.Status{"other": delivery.Accepted}, now, "the other message waits for neither")
				mu.Unlock()
				for range order {
					assert.Equal(t, http.StatusOK, <-answers)
				}
				assert.Equal(t, delivery.Delivered, now["1"])
				assert.Less(t, time.Since(began), 4*time.Second)
			})
		})
	}
}

func TestWhatAReadSaysIsAnsweredByAStatus(t *testing.T) {
	t.Parallel()
	for want, said := range map[int]error{
		http.StatusForbidden: delivery.ErrForged, http.StatusOK: delivery.ErrIgnored, http.StatusBadRequest: delivery.ErrUnreadable,
	} {
		var told []error
		h, err := delivery.NewHandler(delivery.Config{OnRefused: func(_ context.Context, err error) { told = append(told, err) }}, "application/json",
			func(*http.Request, []byte) ([]delivery.Event, error) { return nil, said },
			func(context.Context, delivery.Event) error { panic("nothing to act on") })
		require.NoError(t, err)
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("{}"))
		r.Header.Set("Content-Type", "application/json")
		h.ServeHTTP(w, r)
		assert.Equal(t, want, w.Code)
		assert.Equal(t, !errors.Is(said, delivery.ErrIgnored), len(told) == 1)
	}
}

// A store that hangs until its context ends, in the methods that it is told.
type hanging struct {
	delivery.MemorySeen
	begin, done, release bool
}

func (s *hanging) wait(ctx context.Context, hangs bool) error {
	if hangs {
		<-ctx.Done()
	}
	return ctx.Err()
}

func (s *hanging) Begin(ctx context.Context, key [16]byte, lease time.Duration) (delivery.State, error) {
	if err := s.wait(ctx, s.begin); err != nil {
		return 0, err
	}
	return s.MemorySeen.Begin(ctx, key, lease)
}

func (s *hanging) Done(ctx context.Context, key [16]byte, keep time.Duration) error {
	if err := s.wait(ctx, s.done); err != nil {
		return err
	}
	return s.MemorySeen.Done(ctx, key, keep)
}

func (s *hanging) Release(ctx context.Context, key [16]byte) error {
	if err := s.wait(ctx, s.release); err != nil {
		return err
	}
	return s.MemorySeen.Release(ctx, key)
}

// R54: vendors give up after 5 seconds, and count what was not answered as lost.
func TestAReportIsAnsweredWithin5SecondsAndComesAgain(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		store  *hanging
		acts   bool // waits until its context ends
		takes  time.Duration
		effect int
		again  time.Duration // when the claim is free
	}{
		"what acts takes too long":             {&hanging{}, true, 4 * time.Second, 0, 0},
		"the store does not answer":            {&hanging{begin: true}, false, 4 * time.Second, 0, 0},
		"nor does it when a claim is given up": {&hanging{release: true}, true, 4800 * time.Millisecond, 0, 30 * time.Second},
		"nor when the report had its effect":   {&hanging{done: true}, false, 4 * time.Second, 1, 30 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				effect := 0
				h, err := delivery.NewHandler(delivery.Config{Seen: tc.store, Key: make([]byte, 32)}, "application/json",
					func(*http.Request, []byte) ([]delivery.Event, error) {
						return []delivery.Event{{Vendor: "a", ID: "1", Status: delivery.Sent}}, nil
					},
					func(ctx context.Context, _ delivery.Event) error {
						if tc.acts {
							<-ctx.Done()
							return ctx.Err()
						}
						effect++
						return nil
					})
				require.NoError(t, err)
				post := func() int {
					w := httptest.NewRecorder()
					r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader("{}"))
					r.Header.Set("Content-Type", "application/json")
					h.ServeHTTP(w, r)
					return w.Code
				}
				began := time.Now()
				assert.Equal(t, http.StatusServiceUnavailable, post())
				assert.LessOrEqual(t, time.Since(began), tc.takes)
				assert.Less(t, time.Since(began), 5*time.Second)
				assert.Equal(t, tc.effect, effect)

				tc.store.begin, tc.store.done, tc.store.release, tc.acts = false, false, false, false
				time.Sleep(tc.again)
				assert.Equal(t, http.StatusOK, post(), "the vendor comes again")
				assert.Equal(t, tc.effect+1, effect)
			})
		})
	}
}

func TestNewHandlerRefuses(t *testing.T) {
	t.Parallel()
	handle := func(context.Context, delivery.Event) error { return nil }
	for want, tc := range map[string]struct {
		cfg    delivery.Config
		handle delivery.Handle
	}{
		"missing":           {delivery.Config{}, nil},
		"in every process":  {delivery.Config{Seen: new(delivery.MemorySeen)}, handle},
		"32 random bytes":   {delivery.Config{Key: make([]byte, 31)}, handle},
		"negative":          {delivery.Config{MaxBody: -1}, handle},
		"delivery: Key mus": {delivery.Config{Seen: new(delivery.MemorySeen), Key: make([]byte, 31)}, handle},
	} {
		_, err := delivery.NewHandler(tc.cfg, "application/json", nil, tc.handle)
		require.ErrorContains(t, err, want)
	}
}

// A vendor may tell of many messages at once. One whose effect fails keeps no other
// back, and brings all of them again.
func TestOfManyEventsOneThatFailsKeepsNoOtherBack(t *testing.T) {
	t.Parallel()
	away, acted := true, map[string]int{}
	h, err := delivery.NewHandler(delivery.Config{}, "application/json", func(*http.Request, []byte) (all []delivery.Event, err error) {
		for _, id := range []string{"1", "2", "3"} {
			all = append(all, delivery.Event{Vendor: "a", ID: id, Status: delivery.Delivered})
		}
		return all, nil
	}, func(_ context.Context, e delivery.Event) error {
		if e.ID == "1" && away {
			return errors.New("away")
		}
		acted[e.ID]++
		return nil
	})
	require.NoError(t, err)
	for range 2 {
		assert.Equal(t, http.StatusServiceUnavailable, posted(h, "{}"))
	}
	assert.Equal(t, map[string]int{"2": 1, "3": 1}, acted)
	away = false
	assert.Equal(t, http.StatusOK, posted(h, "{}"))
	assert.Equal(t, map[string]int{"1": 1, "2": 1, "3": 1}, acted)
}

// What cannot be read of many keeps no other back either, and the vendor is told.
func TestOfManyEventsOneThatCannotBeReadKeepsNoOtherBack(t *testing.T) {
	t.Parallel()
	acted, refused := 0, 0
	h, err := delivery.NewHandler(delivery.Config{OnRefused: func(_ context.Context, err error) {
		require.ErrorIs(t, err, delivery.ErrUnreadable)
		refused++
	}}, "application/json", func(*http.Request, []byte) ([]delivery.Event, error) {
		return []delivery.Event{{Vendor: "a", ID: "1", Status: delivery.Delivered}}, delivery.ErrUnreadable
	}, func(context.Context, delivery.Event) error {
		if acted == 0 && refused == 1 {
			return errors.New("away")
		}
		acted++
		return nil
	})
	require.NoError(t, err)
	for _, status := range []int{http.StatusServiceUnavailable, http.StatusBadRequest, http.StatusBadRequest} {
		assert.Equal(t, status, posted(h, "{}"))
	}
	assert.Equal(t, 1, acted, "once, however often the request comes")
	assert.Equal(t, 3, refused)
}

func posted(h http.Handler, body string) int {
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	h.ServeHTTP(w, r)
	return w.Code
}

func TestMaxBodyIsWhatIsRead(t *testing.T) {
	t.Parallel()
	read := func(*http.Request, []byte) ([]delivery.Event, error) { return nil, delivery.ErrIgnored }
	for most, bytes := range map[int]int{0: delivery.MaxBody, 10: 10, 1 << 20: 1 << 20} {
		h, err := delivery.NewHandler(delivery.Config{MaxBody: most}, "application/json", read, func(context.Context, delivery.Event) error { return nil })
		require.NoError(t, err)
		assert.Equal(t, http.StatusOK, posted(h, strings.Repeat(" ", bytes)), most)
		assert.Equal(t, http.StatusRequestEntityTooLarge, posted(h, strings.Repeat(" ", bytes+1)), most)
	}
}
