package driver_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

// busy makes the vendor refuse each Send as one too many.
type busy struct{ *vendorByID }

func (b busy) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := b.vendorByID.RoundTrip(r)
	if err == nil && r.Method == http.MethodPost {
		answer.StatusCode = http.StatusConflict
	}
	return answer, err
}

func refusing(t *testing.T, v *vendorByID) *driver.Client {
	t.Helper()
	c, err := driver.New(driver.Config{
		Vendor: "acme", BaseURL: "https://vendor.example.com", Client: &http.Client{Transport: busy{v}},
		ReadError: func(string, int, []byte) driver.Failure {
			return driver.Failure{Outcome: verify.ErrTooManySends}
		},
	})
	require.NoError(t, err)
	return c
}

// Two processes share a store. One cancels; the other is refused a moment later.
func TestARefusalAfterACancellationNamesTheWait(t *testing.T) {
	t.Parallel()
	const lag = 15 * time.Second
	for name, tc := range map[string]struct {
		declared, after, want time.Duration
		canceled              bool
	}{
		"at once":                        {lag, 0, lag, true},
		"within the time":                {lag, lag - time.Second, lag, true},
		"after the time":                 {lag, lag, 0, true},
		"of a vendor that declares none": {0, 0, 0, true},
		"without a cancellation":         {lag, 0, 10 * time.Minute, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, v := &store{}, &vendorByID{}
				declare := func(c *driver.ReferencesConfig) { c.AfterCancel = tc.declared }
				one, other := byID(t, v, s, declare), byID(t, v, s, declare)
				_, err := one.Send(t.Context(), recipient)
				require.NoError(t, err)
				if tc.canceled {
					require.NoError(t, one.Cancel(t.Context(), recipient))
				}
				time.Sleep(tc.after)
				other.Client = refusing(t, v)
				_, err = other.Send(t.Context(), recipient)
				assert.Equal(t, tc.want, assertOutcome(t, err, verify.ErrTooManySends).RetryAfter)

				_, err = other.Send(t.Context(), "+15005550007")
				assert.Zero(t, assertOutcome(t, err, verify.ErrTooManySends).RetryAfter, "nothing of theirs was canceled")
			})
		})
	}
}

// A code that was sent between a cancellation and its note is checked.
func TestANoteOfACancellationReplacesNoReference(t *testing.T) {
	t.Parallel()
	v := &vendorByID{}
	a := byID(t, v, &store{}, func(c *driver.ReferencesConfig) { c.AfterCancel = time.Minute })
	_, err := a.Send(t.Context(), recipient)
	require.NoError(t, err)
	v.beside = func(string) { // within the cancellation
		v.mu.Lock()
		v.beside = nil
		v.mu.Unlock()
		_, err := a.Send(t.Context(), recipient)
		assert.NoError(t, err)
	}
	require.NoError(t, a.Cancel(t.Context(), recipient))
	require.NoError(t, a.Check(t.Context(), recipient, "000002"))
}

// The store failed after the vendor canceled: the cancellation stands, without a note.
func TestACancellationWithoutANoteStands(t *testing.T) {
	t.Parallel()
	s := &store{}
	a := byID(t, &vendorByID{}, s, func(c *driver.ReferencesConfig) { c.AfterCancel = time.Minute })
	_, err := a.Send(t.Context(), recipient)
	require.NoError(t, err)
	s.sets = []error{errStore, errStore}
	require.NoError(t, a.Cancel(t.Context(), recipient))
	assertOutcome(t, a.Check(t.Context(), recipient, "000001"), verify.ErrNotPending)
}
