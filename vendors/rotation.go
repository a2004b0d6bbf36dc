package vendors

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/internal/callctx"
	"github.com/go2fa/verify/internal/dsn"
	"github.com/go2fa/verify/observe"
	"github.com/go2fa/verify/references"
)

// rereadEvery is how long what was read stands, whatever the vendor refuses: nobody
// makes us read files, or ask somebody's vault, as often as he likes.
const rereadEvery = time.Minute

// A rotation is one vendor whose credentials may change while a program runs. When the
// vendor refuses them they are read again, and if they have changed a new client is
// made of them, which is on trial until the vendor accepts it: if it is refused as
// well, the former one stays, and the next reading tries again.
type rotation[T any] struct {
	vendor  string
	name    string                                  // of a failover's backend; empty: none was given
	read    func(context.Context) ([]string, error) // what the credentials are now
	make    func(values []string) (T, error)
	observe observe.Observer
	trusted bool // what was read needs no trial

	mu      sync.Mutex
	now     *generation[T]
	before  *generation[T] // what now is on trial for; nil: it was accepted
	last    int            // the number of the newest one that was made
	next    time.Time      // nothing is read again before
	reading chan struct{}  // closed when the reading under way ends; nil: none is
	told    verify.Outcome // what was told of the values in toldOf
	toldOf  []string
}

// A generation is one client and the credentials that it was made of.
type generation[T any] struct {
	client T
	values []string
	number int
	mark   callctx.Mark
	calls  int  // under way, by the lock of the rotation
	ended  bool // it is closed after its last call
}

// current returns the client of the moment.
func (r *rotation[T]) current() T {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now.client
}

// take returns the client to call, which is not closed before it is put back.
func (r *rotation[T]) take() *generation[T] {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now.calls++
	return r.now
}

func (r *rotation[T]) put(g *generation[T]) {
	r.mu.Lock()
	g.calls--
	closes := g.ended && g.calls == 0
	r.mu.Unlock()
	if closes {
		_ = closeAll(g.client) // what it says is not news
	}
}

// end has a client closed after its last call. It returns what to close at once.
func (g *generation[T]) end() []any {
	g.ended = true
	g.mark.Set()
	if g.calls > 0 {
		return nil
	}
	return []any{g.client}
}

// Close closes the client in use.
func (r *rotation[T]) Close() error {
	r.mu.Lock()
	all := []any{r.now.client}
	if r.before != nil {
		all = append(all, r.before.client)
	}
	r.mu.Unlock()
	return closeAll(all...)
}

// called makes one call. If the vendor refused the credentials, surely nothing was
// done: with others it is made once more. An answer tells that they were accepted, but
// not that of a call that may end without asking the vendor.
func called[T, A any](ctx context.Context, r *rotation[T], asks bool, call func(context.Context, T) (A, error)) (A, error) {
	g := r.take()
	answer, err := call(callctx.With(ctx, &g.mark), g.client)
	r.settle(ctx, g, err, asks)
	fresh := r.after(ctx, g, err)
	r.put(g)
	if fresh == nil {
		return answer, err
	}
	answer, again := call(callctx.With(ctx, &fresh.mark), fresh.client)
	r.settle(ctx, fresh, again, asks)
	r.put(fresh)
	return answer, withRequestsOf(again, err)
}

// withRequestsOf counts the requests that were made before.
func withRequestsOf(err, before error) error {
	var e, b *verify.Error
	if errors.As(err, &e) && errors.As(before, &b) {
		e.Requests += b.Requests
	}
	return err
}

// after returns the client to call once more, or nil.
func (r *rotation[T]) after(ctx context.Context, g *generation[T], err error) *generation[T] {
	if verify.OutcomeOf(err) != verify.ErrUnauthorized {
		return nil
	}
	if done := r.reread(g); done != nil {
		select {
		case <-done:
		case <-ctx.Done():
		case <-time.After(secretsTime): // a source or a file system that hangs
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.now.number <= g.number || ctx.Err() != nil {
		return nil
	}
	r.now.calls++
	return r.now
}

// settle ends a trial.
func (r *rotation[T]) settle(ctx context.Context, g *generation[T], err error, asks bool) {
	var closes []any
	var tell verify.Outcome
	r.mu.Lock()
	switch {
	case (err != nil || asks) && isAccepted(err) && g.number >= r.now.number && (g != r.now || r.before != nil):
		// Accepted: at once, or after another call with it was refused.
		former := cmp.Or(r.before, r.now)
		r.now, r.before = g, nil
		g.ended = false
		closes, tell = former.end(), accepted
	case verify.OutcomeOf(err) == verify.ErrUnauthorized && g == r.now && r.before != nil:
		r.now, r.before = r.before, nil
		g.ended = true // this call is under way, so that its end closes it
		tell = verify.ErrUnauthorized
	}
	values := g.values
	r.mu.Unlock()
	_ = closeAll(closes...)
	r.tell(ctx, tell, values)
}

// isAccepted reports whether the vendor has taken the credentials: it sent, or compared.
func isAccepted(err error) bool {
	var e *verify.Error
	switch {
	case err == nil:
		return true
	case !errors.As(err, &e) || e.HTTPStatus == 0:
		return false
	}
	return slices.Contains([]verify.Outcome{verify.ErrMismatch, verify.ErrNotPending, verify.ErrTooManyAttempts, verify.ErrInvalidRecipient}, e.Outcome)
}

// reread begins to read the credentials again, unless that was done a moment ago, or
// others are in use. It returns what to wait for, or nil.
func (r *rotation[T]) reread(g *generation[T]) <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch now := time.Now(); {
	case g != r.now || r.before != nil:
		return nil
	case r.reading != nil:
	case now.Before(r.next):
		return nil
	default:
		r.next = now.Add(rereadEvery)
		r.reading = make(chan struct{})
		go r.renew()
	}
	return r.reading
}

// renew reads once, for all calls, so under no caller's context.
func (r *rotation[T]) renew() {
	ctx := context.Background()
	values, err := r.read(ctx)
	outcome := verify.ErrUnavailable
	fresh := &generation[T]{values: values}
	r.mu.Lock()
	same := err == nil && slices.Equal(values, r.now.values)
	r.mu.Unlock()
	if err == nil && !same {
		outcome = verify.ErrUnsupported
		fresh.client, err = r.make(values)
	}
	var closes []any
	r.mu.Lock()
	if err == nil && !same {
		r.last++
		fresh.number = r.last
		r.before, r.now = r.now, fresh
		outcome = ""
	}
	if r.trusted && r.before != nil {
		closes, r.before, outcome = r.before.end(), nil, accepted
	}
	if same {
		r.told, r.toldOf = "", nil
	}
	r.mu.Unlock()
	_ = closeAll(closes...)
	if !same {
		r.tell(ctx, outcome, values)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	close(r.reading)
	r.reading = nil
}

// accepted is told of credentials that the vendor has taken.
const accepted verify.Outcome = "accepted"

// tell tells once what became of new credentials.
func (r *rotation[T]) tell(ctx context.Context, outcome verify.Outcome, of []string) {
	r.mu.Lock()
	silent := outcome == "" || outcome == r.told && slices.Equal(of, r.toldOf)
	if !silent {
		r.told, r.toldOf = outcome, of
	}
	r.mu.Unlock()
	if silent {
		return
	}
	e := observe.Event{Time: time.Now(), Op: observe.OpCredentials, Vendor: r.vendor, Backend: r.name, Outcome: outcome}
	if outcome == accepted {
		e.Outcome = ""
	}
	r.observe.Observe(ctx, e)
}

// rotationOf makes the rotation of a vendor that was opened.
func rotationOf[T any](f filled, first T, vendor string, o options) *rotation[T] {
	var refs, at []string
	values := make([]string, len(f.rotating))
	for i, p := range f.rotating {
		refs, at, values[i] = append(refs, p.Value), append(at, p.Key), f.values[p.Key]
	}
	return &rotation[T]{
		vendor: vendor, name: nameOf(f.line, o), observe: o.observer,
		now:  &generation[T]{client: first, values: values},
		read: func(ctx context.Context) ([]string, error) { return o.readAll(ctx, refs) },
		make: func(fresh []string) (T, error) {
			again := filled{vendor: f.vendor, line: f.line, types: f.types}
			err := again.fill(func(p dsn.Pair) (string, error) {
				if i := slices.Index(at, p.Key); i >= 0 {
					return fresh[i], nil
				}
				return f.values[p.Key], nil
			})
			var made any
			if err == nil {
				keep(again.configs[0], f.configs[0])
				made, err = f.vendor.made(again, o)
			}
			t, ok := made.(T)
			if err == nil && !ok {
				err = errors.New("another type than before")
			}
			return t, err
		},
	}
}

var (
	referencesType = reflect.TypeFor[references.References]()
	keysType       = reflect.TypeFor[[][]byte]()
)

// keepReferences has a vendor with credentials that may change keep its pending codes
// in a place that outlives a client, where it would have made one for itself.
func (f filled) keepReferences() {
	config := f.configs[0]
	field, ok := fieldOf(config.Type(), referencesType)
	keys, keyed := fieldOf(config.Type(), keysType)
	if len(f.rotating) == 0 || !ok || !keyed || !config.FieldByIndex(field.Index).IsNil() {
		return
	}
	hand[references.References](config, new(references.Memory))
	if at := config.FieldByIndex(keys.Index); at.IsNil() {
		random := make([]byte, 32)
		_, _ = rand.Read(random) // never fails
		at.Set(reflect.ValueOf([][]byte{random}))
	}
}

// keep takes over where the pending codes are, and under which keys.
func keep(config, former reflect.Value) {
	for _, t := range []reflect.Type{referencesType, keysType} {
		if field, ok := fieldOf(config.Type(), t); ok {
			config.FieldByIndex(field.Index).Set(former.FieldByIndex(field.Index))
		}
	}
}

var _ io.Closer = (*rotation[any])(nil)
