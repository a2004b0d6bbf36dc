package driver_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
	"github.com/go2fa/verify/references"
)

func TestStoreThatFails(t *testing.T) {
	t.Parallel()
	twice := []error{errStore, errStore}
	t.Run("get, at a send", func(t *testing.T) {
		t.Parallel()
		v := &vendorByID{}
		_, err := byID(t, v, &store{gets: twice[:1]}, nil).Send(t.Context(), recipient)
		assertOutcome(t, err, verify.ErrUnavailable)
		assert.Zero(t, v.sent, "nothing was sent")
	})
	t.Run("get, at a check", func(t *testing.T) {
		t.Parallel()
		e := assertOutcome(t, byID(t, &vendorByID{}, &store{gets: twice[:1]}, nil).Check(t.Context(), recipient, code), verify.ErrUnavailable)
		assert.Zero(t, e.Requests)
	})
	t.Run("set, once", func(t *testing.T) {
		t.Parallel()
		a := byID(t, &vendorByID{}, &store{sets: twice[:1]}, nil)
		_, err := a.Send(t.Context(), recipient)
		require.NoError(t, err, "it is asked once more")
		require.NoError(t, a.Check(t.Context(), recipient, "000001"))
	})
	t.Run("set, twice", func(t *testing.T) {
		t.Parallel()
		v := &vendorByID{}
		s := &store{sets: twice}
		_, err := byID(t, v, s, nil).Send(t.Context(), recipient)
		e := assertOutcome(t, err, unknown)
		assert.Contains(t, e.Detail, "cannot be checked")
		assert.Equal(t, []string{"PIN1"}, v.canceled, "the code is worthless")
		require.Len(t, s.seen, 6)
		assert.Equal(t, s.seen[:3], s.seen[3:], "the same value twice")
	})
	t.Run("set, twice, and the vendor cannot cancel", func(t *testing.T) {
		t.Parallel()
		a := byID(t, &vendorByID{}, &store{sets: twice}, nil)
		a.NewCancel = nil
		_, err := a.Send(t.Context(), recipient)
		assertOutcome(t, err, unknown)
	})
	for name, silent := range map[string]bool{"": false, ", which did its work": true} {
		t.Run("take, once"+name, func(t *testing.T) {
			t.Parallel()
			s := &store{takes: twice[:1], silent: silent}
			a := byID(t, &vendorByID{}, s, nil)
			_, err := a.Send(t.Context(), recipient)
			require.NoError(t, err)
			require.NoError(t, a.Check(t.Context(), recipient, "000001"), "the same id gets the same answer")
		})
		t.Run("take, twice"+name, func(t *testing.T) {
			t.Parallel()
			s := &store{takes: []error{errStore, errStore}, silent: silent}
			a := byID(t, &vendorByID{}, s, nil)
			_, err := a.Send(t.Context(), recipient)
			require.NoError(t, err)
			e := assertOutcome(t, a.Check(t.Context(), recipient, "000001"), unknown)
			assert.Contains(t, e.Detail, "the code was right", "an approval is never told as a denial")
		})
	}
	t.Run("the caller's context ends", func(t *testing.T) {
		t.Parallel()
		_, err := byID(t, &vendorByID{}, &store{gets: []error{context.Canceled}}, nil).Send(t.Context(), recipient)
		assertOutcome(t, err, verify.ErrUnavailable)
		assert.ErrorIs(t, err, context.Canceled)
	})
	t.Run("a store that hangs", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			_, err := byID(t, &vendorByID{}, hanging{}, nil).Send(t.Context(), recipient)
			assertOutcome(t, err, verify.ErrUnavailable)
			assert.Equal(t, 2*time.Second, time.Since(start))
		})
	})
}

// A hanging store answers nothing.
type hanging struct{ references.References }

func (hanging) Get(ctx context.Context, _ [16]byte) (string, bool, error) {
	<-ctx.Done()
	return "", false, ctx.Err()
}

// Somebody who can write to the store cannot put a verification of his own under
// another person's name.
func TestForgedReference(t *testing.T) {
	t.Parallel()
	v, s := &vendorByID{}, &store{}
	alarms := 0
	a := byID(t, v, s, func(c *driver.ReferencesConfig) { c.OnForged = func() { alarms++ } })
	_, err := a.Send(t.Context(), "+15005550007") // his own
	require.NoError(t, err)
	var his, hers [16]byte
	copy(his[:], s.seen[0])
	_, err = a.Send(t.Context(), recipient)
	require.NoError(t, err)
	copy(hers[:], s.seen[3])
	require.NotEqual(t, his, hers)

	sealed, _, err := s.Memory.Get(t.Context(), his)
	require.NoError(t, err)
	for name, forged := range map[string]string{"his own": sealed, "a bare id": "PIN1", "nothing": "", "cut off": sealed[:8], "changed": "A" + sealed[1:] + "A"} {
		require.NoError(t, s.Memory.Set(t.Context(), hers, forged, time.Minute))
		before := alarms
		e := assertOutcome(t, a.Check(t.Context(), recipient, "000001"), unknown)
		assert.Zero(t, e.Requests, name)
		assert.Equal(t, before+1, alarms, "it is an event")
	}
	_, err = a.Send(t.Context(), recipient)
	require.NoError(t, err, "the next send writes over it")
	require.NoError(t, a.Check(t.Context(), recipient, "000003"))
}

// No store sees a recipient, a scope, an id or a code, and one account nothing of
// another.
func TestStoreSeesNothing(t *testing.T) {
	t.Parallel()
	v, s := &vendorByID{}, &store{}
	a := byID(t, v, s, nil)
	send := func(a *driver.API, to string, opts ...verify.SendOption) string {
		_, err := a.Send(t.Context(), to, opts...)
		require.NoError(t, err)
		return s.seen[len(s.seen)-3]
	}
	keys := map[string]bool{}
	for range 2 {
		keys[send(a, recipient)] = true
	}
	keys[send(a, recipient, verify.WithScope("pay"))] = true
	keys[send(byID(t, v, s, func(c *driver.ReferencesConfig) { c.Account = "other" }), recipient)] = true
	keys[send(byID(t, v, s, func(c *driver.ReferencesConfig) { c.Keys = [][]byte{[]byte(strings.Repeat("x", 32))} }), recipient)] = true
	upper, lower := send(a, "Ann@Example.com"), send(a, "ann@example.com")
	assert.Equal(t, upper, lower, "one address in two spellings")
	assert.Len(t, keys, 4)
	all := strings.Join(s.seen, " ")
	for _, secret := range []string{"5550006", "000001", "example.com"} {
		assert.NotContains(t, all, secret)
	}
	for _, secret := range []string{"PIN1", "pay", "acct", "acme"} {
		assert.NotRegexp(t, `\b`+secret+`\b`, all, "as a word: base64 may hold its letters by chance")
	}
	assert.NotEqual(t, s.seen[1], s.seen[4], "one id is sealed in two ways")
}

func TestReferenceLivesAsLongAsItsCode(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		cfg     time.Duration
		expires time.Duration // of the receipt; zero: it says nothing
		want    time.Duration
	}{
		"the receipt says it":  {0, 3 * time.Minute, 3 * time.Minute},
		"nobody says it":       {0, 0, 10 * time.Minute},
		"the configuration":    {5 * time.Minute, 0, 5 * time.Minute},
		"over already":         {0, -time.Minute, time.Second},
		"for longer than ours": {5 * time.Minute, 8 * time.Minute, 8 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &store{}
				a := byID(t, &vendorByID{}, s, func(c *driver.ReferencesConfig) { c.TTL = test.cfg })
				read := a.ReadSend
				a.ReadSend = func(send driver.Send, r driver.Reply) (verify.Receipt, error) {
					receipt, err := read(send, r)
					if test.expires != 0 {
						receipt.ExpiresAt = time.Now().Add(test.expires)
					}
					return receipt, err
				}
				_, err := a.Send(t.Context(), recipient)
				require.NoError(t, err)
				assert.Equal(t, test.want.String(), s.seen[2])
				time.Sleep(test.want) // of the bubble
				assertOutcome(t, a.Check(t.Context(), recipient, "000001"), verify.ErrNotPending)
			})
		})
	}
}

// Somebody who can write to the store puts back what was taken or is over: the end is
// sealed with the reference.
func TestReferenceThatIsPutBackIsStillOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &store{}
		a := byID(t, &vendorByID{}, s, nil)
		_, err := a.Send(t.Context(), recipient)
		require.NoError(t, err)
		var key [16]byte
		copy(key[:], s.seen[0])
		sealed, _, err := s.Memory.Get(t.Context(), key)
		require.NoError(t, err)
		time.Sleep(10 * time.Minute) // of the bubble
		require.NoError(t, s.Memory.Set(t.Context(), key, sealed, time.Hour))
		e := assertOutcome(t, a.Check(t.Context(), recipient, "000001"), verify.ErrNotPending)
		assert.Zero(t, e.Requests)
	})
}

// A receipt without its id cannot be checked.
func TestReceiptWithoutItsReference(t *testing.T) {
	t.Parallel()
	_, err := byID(t, &vendorByID{noID: true}, &store{}, nil).Send(t.Context(), recipient)
	e := assertOutcome(t, err, unknown)
	assert.Contains(t, e.Detail, "no reference")
}

// What a check needs may be another thing than an id: the method of its send.
func TestReferenceOfAnotherKind(t *testing.T) {
	t.Parallel()
	var asked string
	a := byID(t, &vendorByID{}, &store{}, func(c *driver.ReferencesConfig) {
		c.Reference = func(r verify.Receipt) string { return "by-" + string(r.Channel) }
	})
	a.NewCheck = func(c driver.Check) (driver.Call, error) {
		asked = c.Reference
		return driver.Call{}, errors.New("enough")
	}
	_, err := a.Send(t.Context(), recipient)
	require.NoError(t, err)
	require.Error(t, a.Check(t.Context(), recipient, code))
	assert.Equal(t, "by-sms", asked)
}

// A vendor that knows a used code keeps its own account of it.
func TestReferenceThatIsNotTaken(t *testing.T) {
	t.Parallel()
	s := &store{takes: []error{errStore, errStore}}
	a := byID(t, &vendorByID{}, s, func(c *driver.ReferencesConfig) { c.Once = false })
	_, err := a.Send(t.Context(), recipient)
	require.NoError(t, err)
	require.NoError(t, a.Check(t.Context(), recipient, "000001"))
	assert.Len(t, s.takes, 2, "the store was not asked")
}

func TestCancelByReference(t *testing.T) {
	t.Parallel()
	v, s := &vendorByID{}, &store{}
	a := byID(t, v, s, nil)
	require.NoError(t, a.Cancel(t.Context(), recipient), "nothing is pending")
	assert.Empty(t, v.canceled)
	_, err := a.Send(t.Context(), recipient)
	require.NoError(t, err)
	require.NoError(t, a.Cancel(t.Context(), recipient))
	assert.Equal(t, []string{"PIN1"}, v.canceled)
	assertOutcome(t, a.Check(t.Context(), recipient, "000001"), verify.ErrNotPending)
	s.gets = []error{errStore}
	assertOutcome(t, a.Cancel(t.Context(), recipient), verify.ErrUnavailable)
}

// Vonage's shapes: one verification for each number, and a 409 that names the
// running one, which may be another product's: it is never adopted.
func TestOneVerificationAtATime(t *testing.T) {
	t.Parallel()
	const conflict = `{"title":"Conflict","type":"https://www.developer.vonage.com/api-errors/verify#conflict",` +
		`"detail":"Concurrent verifications to the same number are not allowed.","instance":"x","request_id":"c11236f4-00bf-4b89-84ba-88b25df97315"}`
	var status, sends int
	transport := roundTripper(func(r *http.Request) (*http.Response, error) {
		sends++
		if status != 409 {
			return say(202, `{"request_id":"c11236f4-00bf-4b89-84ba-88b25df97314"}`)(&double{}, r)
		}
		return say(409, conflict, "Content-Type", "application/problem+json")(&double{}, r)
	})
	c, err := driver.New(driver.Config{
		Vendor: "acme", BaseURL: "https://canary.example", Client: &http.Client{Transport: transport},
		ReadError: func(_ string, status int, body []byte) driver.Failure {
			var kind string
			if driver.Scan(body, driver.Field{Key: "type", To: &kind, Need: true}) != nil {
				return driver.Failure{}
			}
			if status == 409 {
				return driver.Failure{Outcome: verify.ErrTooManySends, Code: kind[strings.LastIndexByte(kind, '#')+1:]}
			}
			return driver.Unlisted(status)
		},
	})
	require.NoError(t, err)
	asked := ""
	s := &store{}
	newAPI := func() *driver.API {
		a := byID(t, &vendorByID{}, s, func(c *driver.ReferencesConfig) { c.Once, c.TTL = false, 3*time.Minute })
		a.Client, a.NamesSubject, a.CheckOnce = c, false, false
		a.NewSend = func(driver.Send) (driver.Call, error) {
			return driver.Call{Route: "/v2/verify", JSON: []byte("{}")}, nil
		}
		a.ReadSend = func(_ driver.Send, r driver.Reply) (verify.Receipt, error) {
			var id string
			err := driver.Scan(r.Body, driver.Field{Key: "request_id", To: &id, Need: true})
			return verify.Receipt{ID: driver.ReceiptID(id)}, err
		}
		a.NewCheck = func(c driver.Check) (driver.Call, error) {
			asked = c.Reference
			return driver.Call{}, errors.New("enough")
		}
		return a
	}
	a := newAPI()

	status = 409
	_, err = a.Send(t.Context(), recipient)
	e := assertOutcome(t, err, verify.ErrTooManySends)
	assert.Zero(t, e.RetryAfter, "the running one is not ours: nothing is known of it")
	assert.Equal(t, "conflict", e.VendorCode)
	assertOutcome(t, a.Check(t.Context(), recipient, code), verify.ErrNotPending)
	assert.Empty(t, asked, "the id of an error is never adopted")

	status = 202
	receipt, err := a.Send(t.Context(), recipient)
	require.NoError(t, err)
	assert.Equal(t, "c11236f4-00bf-4b89-84ba-88b25df97314", receipt.ID)
	status = 409
	_, err = a.Send(t.Context(), recipient)
	e = assertOutcome(t, err, verify.ErrTooManySends)
	assert.InDelta(t, 3*time.Minute, e.RetryAfter, float64(10*time.Second), "to the end of our own")
	require.Error(t, a.Check(t.Context(), recipient, code))
	assert.Equal(t, receipt.ID, asked, "the earlier code still checks")
}

func TestReferencesConfig(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		cfg  driver.ReferencesConfig
		want string
	}{
		"nothing":               {driver.ReferencesConfig{}, ""},
		"a key alone":           {driver.ReferencesConfig{Keys: [][]byte{key32}}, ""},
		"a store without a key": {driver.ReferencesConfig{Store: &store{}}, "a place that is shared needs Keys"},
		"a key that is short":   {driver.ReferencesConfig{Store: &store{}, Keys: [][]byte{key32[:16]}}, "Keys must hold 32 bytes each"},
		"one key short":         {driver.ReferencesConfig{Keys: [][]byte{key32, key32[:31]}}, "Keys must hold 32 bytes each"},
		"a key twice":           {driver.ReferencesConfig{Keys: [][]byte{key32, otherKey, key32}}, "none twice"},
		"nine keys":             {driver.ReferencesConfig{Keys: manyKeys(9)}, "at most 8"},
		"eight keys":            {driver.ReferencesConfig{Keys: manyKeys(8)}, ""},
		"a TTL of seconds":      {driver.ReferencesConfig{TTL: time.Second}, "the TTL"},
		"a TTL of days":         {driver.ReferencesConfig{TTL: 25 * time.Hour}, "the TTL"},
		"a cancellation's hour": {driver.ReferencesConfig{AfterCancel: time.Hour}, "the time after a cancellation"},
		"less than no time":     {driver.ReferencesConfig{AfterCancel: -1}, "the time after a cancellation"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := driver.NewReferences(test.cfg)
			if test.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.want)
		})
	}
}

// The caller may wipe its key: a copy is used.
func TestReferencesKeepTheirKey(t *testing.T) {
	t.Parallel()
	key, s, v := []byte(string(key32)), &store{}, &vendorByID{}
	a := byID(t, v, s, func(c *driver.ReferencesConfig) { c.Keys = [][]byte{key} })
	_, err := a.Send(t.Context(), recipient)
	require.NoError(t, err)
	clear(key)
	require.NoError(t, a.Check(t.Context(), recipient, "000001"))
	assert.NotContains(t, fmt.Sprintf("%v %+v %#v", a.References, a.References, *a.References), "0123456789abcdef")
}
