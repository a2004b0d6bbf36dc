package totp_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha1" // RFC 6238's default
	"encoding/base32"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/totp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const account = "account-1"

var key = []byte("0123456789abcdef0123456789abcdef")

// codeAt is an app of its own: RFC 6238 with SHA-1, six digits and 30 seconds.
func codeAt(secret string, at time.Time) string { return hotp(secret, uint64(at.Unix()/30)) }

func hotp(secret string, counter uint64) string {
	raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secret)
	if err != nil {
		panic(err)
	}
	mac := hmac.New(sha1.New, raw)
	_ = binary.Write(mac, binary.BigEndian, counter)
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1e6)
}

// wrong is a code that no step near at has.
func wrong(secret string, at time.Time) string {
	for n := 0; ; n++ {
		code := fmt.Sprintf("%06d", n)
		near := false
		for step := -3; step <= 3; step++ {
			near = near || code == codeAt(secret, at.Add(time.Duration(step)*30*time.Second))
		}
		if !near {
			return code
		}
	}
}

func newAuthenticator(t testing.TB, change ...func(*totp.Config)) *totp.Authenticator {
	t.Helper()
	cfg := totp.Config{Store: new(totp.MemoryStore), Keys: [][]byte{key}, Issuer: "Acme"}
	for _, c := range change {
		c(&cfg)
	}
	a, err := totp.New(cfg)
	require.NoError(t, err)
	return a
}

// enrolled returns an Authenticator over which account has an app, and its secret.
// The step of its confirmation has passed.
func enrolled(t testing.TB, change ...func(*totp.Config)) (*totp.Authenticator, string) {
	t.Helper()
	a := newAuthenticator(t, change...)
	e, err := a.Enroll(t.Context(), account)
	require.NoError(t, err)
	require.NoError(t, a.Confirm(t.Context(), account, e.Token, codeAt(e.Secret, time.Now())))
	time.Sleep(time.Minute)
	return a, e.Secret
}

func TestACodeOfNowIsTheOnlyYes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, secret := enrolled(t)
		require.ErrorIs(t, a.Check(t.Context(), account, wrong(secret, time.Now())), verify.ErrMismatch)
		require.ErrorIs(t, a.Check(t.Context(), "account-2", codeAt(secret, time.Now())), verify.ErrNotPending)
		require.NoError(t, a.Check(t.Context(), account, codeAt(secret, time.Now())))
	})
}

func TestACodeIsAcceptedOnceAndNoOlderOneAfterIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, secret := enrolled(t)
		now := time.Now()
		next := codeAt(secret, now.Add(30*time.Second))
		require.NoError(t, a.Check(t.Context(), account, next))
		require.ErrorIs(t, a.Check(t.Context(), account, next), verify.ErrNotPending)
		require.ErrorIs(t, a.Check(t.Context(), account, codeAt(secret, now)), verify.ErrNotPending,
			"an older step is refused once a later one was accepted")
	})
}

func TestConfirmSpendsItsCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthenticator(t)
		e, err := a.Enroll(t.Context(), account)
		require.NoError(t, err)
		code := codeAt(e.Secret, time.Now())
		require.ErrorIs(t, a.Confirm(t.Context(), account, e.Token, wrong(e.Secret, time.Now())), verify.ErrMismatch)
		require.NoError(t, a.Confirm(t.Context(), account, e.Token, code))
		require.NoError(t, a.Confirm(t.Context(), account, e.Token, code), "a form that is sent twice gets one answer")
		require.ErrorIs(t, a.Check(t.Context(), account, code), verify.ErrNotPending)
	})
}

func TestConfirmNeverReplaces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, secret := enrolled(t)
		e, err := a.Enroll(t.Context(), account)
		require.NoError(t, err)
		require.ErrorIs(t, a.Confirm(t.Context(), account, e.Token, codeAt(e.Secret, time.Now())), verify.ErrBlocked)
		require.NoError(t, a.Check(t.Context(), account, codeAt(secret, time.Now())), "the first app still counts")
	})
}

func TestTwoTokensConfirmedAtOnceHaveOneWinner(t *testing.T) {
	a := newAuthenticator(t)
	var won atomic.Int32
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			e, err := a.Enroll(t.Context(), account)
			assert.NoError(t, err)
			if a.Confirm(t.Context(), account, e.Token, codeAt(e.Secret, time.Now())) == nil {
				won.Add(1)
			}
		})
	}
	wg.Wait()
	assert.EqualValues(t, 1, won.Load())
}

func TestATokenIsForItsAccountAndFifteenMinutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuthenticator(t)
		e, err := a.Enroll(t.Context(), account)
		require.NoError(t, err)
		confirm := func(who, token string) error {
			return a.Confirm(t.Context(), who, token, codeAt(e.Secret, time.Now()))
		}
		require.ErrorIs(t, confirm("account-2", e.Token), verify.ErrNotPending)
		require.ErrorIs(t, confirm(account, e.Token[:len(e.Token)-2]), verify.ErrNotPending)
		require.ErrorIs(t, confirm(account, ""), verify.ErrNotPending)
		other := newAuthenticator(t, func(c *totp.Config) { c.Keys = [][]byte{[]byte("another key, of thirty-two bytes.")} })
		require.ErrorIs(t, other.Confirm(t.Context(), account, e.Token, codeAt(e.Secret, time.Now())), verify.ErrNotPending)
		time.Sleep(15*time.Minute - time.Nanosecond)
		require.NoError(t, confirm(account, e.Token))
		time.Sleep(time.Nanosecond)
		require.ErrorIs(t, confirm(account, e.Token), verify.ErrNotPending, "before it is said that there is an app")
	})
}

func TestReplaceNeedsBothCodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, secret := enrolled(t)
		e, err := a.Enroll(t.Context(), account)
		require.NoError(t, err)
		now := time.Now()
		oldCode, newCode := codeAt(secret, now), codeAt(e.Secret, now)
		require.ErrorIs(t, a.Replace(t.Context(), account, e.Token, wrong(secret, now), newCode), verify.ErrMismatch)
		require.ErrorIs(t, a.Replace(t.Context(), account, e.Token, oldCode, wrong(e.Secret, now)), verify.ErrMismatch)
		require.NoError(t, a.Replace(t.Context(), account, e.Token, oldCode, newCode))
		time.Sleep(time.Minute)
		require.ErrorIs(t, a.Check(t.Context(), account, codeAt(secret, time.Now())), verify.ErrMismatch, "the old app is out")
		require.NoError(t, a.Check(t.Context(), account, codeAt(e.Secret, time.Now())))
	})
}

func TestASpentCodeReplacesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, secret := enrolled(t)
		e, err := a.Enroll(t.Context(), account)
		require.NoError(t, err)
		code := codeAt(secret, time.Now())
		require.NoError(t, a.Check(t.Context(), account, code))
		require.ErrorIs(t, a.Replace(t.Context(), account, e.Token, code, codeAt(e.Secret, time.Now())), verify.ErrNotPending)
	})
}

func TestRemoveTakesTheFactorAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, secret := enrolled(t)
		require.NoError(t, a.Remove(t.Context(), account))
		require.NoError(t, a.Remove(t.Context(), account), "it is safe to repeat")
		require.ErrorIs(t, a.Check(t.Context(), account, codeAt(secret, time.Now())), verify.ErrNotPending)
	})
}

// The fifth failure in a row begins a wait of 30 seconds, and each further one a
// wait twice as long, up to an hour; the hundredth blocks.
func TestWaitsGrowAndAHundredFailuresBlock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, secret := enrolled(t)
		want := time.Duration(0)
		for n := 1; n <= 100; n++ {
			err := a.Check(t.Context(), account, wrong(secret, time.Now()))
			var e *verify.Error
			require.ErrorAs(t, err, &e)
			switch {
			case n < 5:
				require.ErrorIs(t, err, verify.ErrMismatch)
				require.Equal(t, 5-n, e.AttemptsLeft)
				continue
			case n == 100:
				require.ErrorIs(t, err, verify.ErrBlocked)
				continue
			}
			want = min(max(2*want, 30*time.Second), time.Hour)
			require.ErrorIs(t, err, verify.ErrTooManyAttempts)
			require.Equal(t, want, e.RetryAfter, "failure %d", n)
			time.Sleep(want - time.Second)
			require.ErrorIs(t, a.Check(t.Context(), account, codeAt(secret, time.Now())), verify.ErrTooManyAttempts, "the right code too")
			time.Sleep(time.Second)
		}
		time.Sleep(time.Hour)
		require.ErrorIs(t, a.Check(t.Context(), account, codeAt(secret, time.Now())), verify.ErrBlocked)
		require.NoError(t, a.Reset(t.Context(), account))
		require.NoError(t, a.Check(t.Context(), account, codeAt(secret, time.Now())))
	})
}

func TestTwoHundredFailuresInThirtyDaysBlockWhateverIsApproved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, secret := enrolled(t)
		failures := 0
		for ; ; failures++ {
			err := a.Check(t.Context(), account, wrong(secret, time.Now()))
			if errors.Is(err, verify.ErrBlocked) {
				break
			}
			require.Less(t, failures, 300)
			if failures%4 == 3 && failures < 199 { // from the two hundredth on, the right code is blocked too
				require.NoError(t, a.Check(t.Context(), account, codeAt(secret, time.Now())))
				time.Sleep(time.Minute)
			}
		}
		assert.Equal(t, 200, failures)
		time.Sleep(46 * 24 * time.Hour)
		require.NoError(t, a.Check(t.Context(), account, codeAt(secret, time.Now())), "they age")
	})
}

func TestParallelRightCodesAreApprovedOnceAndFiveAreCompared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, secret := enrolled(t)
		code := codeAt(secret, time.Now())
		var approved, compared atomic.Int32
		var wg sync.WaitGroup
		for range 256 {
			wg.Go(func() {
				switch err := a.Check(t.Context(), account, code); {
				case err == nil:
					approved.Add(1)
					compared.Add(1)
				case errors.Is(err, verify.ErrNotPending):
					compared.Add(1)
				case !errors.Is(err, verify.ErrTooManyAttempts):
					t.Errorf("neither used nor waiting: %v", err)
				}
			})
		}
		wg.Wait()
		assert.EqualValues(t, 1, approved.Load())
		assert.LessOrEqual(t, compared.Load(), int32(5))
		time.Sleep(time.Minute)
		require.NoError(t, a.Check(t.Context(), account, codeAt(secret, time.Now())), "nothing is blocked after it")
	})
}

func TestTenThousandGuessesAtOnceAreFiveCompared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, secret := enrolled(t)
		code, mismatches := wrong(secret, time.Now()), 0
		for range 10_000 {
			if errors.Is(a.Check(t.Context(), account, code), verify.ErrMismatch) {
				mismatches++
			}
		}
		assert.Equal(t, 4, mismatches, "the fifth begins the wait")
	})
}

func TestAHardwareTokenIsImportedPressedAheadAndResynced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
		a := newAuthenticator(t)
		require.NoError(t, a.Import(t.Context(), account, "otpauth://hotp/Token?secret="+secret+"&counter=3"))
		require.NoError(t, a.Check(t.Context(), account, hotp(secret, 3)))
		require.ErrorIs(t, a.Check(t.Context(), account, hotp(secret, 3)), verify.ErrNotPending)
		require.NoError(t, a.Check(t.Context(), account, hotp(secret, 14)), "ten codes were not used")
		require.ErrorIs(t, a.Check(t.Context(), account, hotp(secret, 60)), verify.ErrMismatch)
		time.Sleep(time.Minute)
		require.ErrorIs(t, a.Resync(t.Context(), account, hotp(secret, 60), hotp(secret, 62)), verify.ErrMismatch)
		require.NoError(t, a.Resync(t.Context(), account, hotp(secret, 60), hotp(secret, 61)))
		require.NoError(t, a.Check(t.Context(), account, hotp(secret, 62)))
	})
}

func TestAHardwareTokenIsBlockedAfterTwentyFiveFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
		a := newAuthenticator(t)
		require.NoError(t, a.Import(t.Context(), account, "otpauth://hotp/Token?secret="+secret+"&counter=0"))
		for n := 1; n <= 25; n++ {
			err := a.Check(t.Context(), account, hotp(secret, 5000))
			require.Equal(t, n == 25, errors.Is(err, verify.ErrBlocked), "failure %d: %v", n, err)
			time.Sleep(time.Hour)
		}
		require.ErrorIs(t, a.Check(t.Context(), account, hotp(secret, 0)), verify.ErrBlocked, "the right code too")
	})
}

func TestResyncIsForTokensOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := enrolled(t)
		require.ErrorIs(t, a.Resync(t.Context(), account, "123456", "654321"), verify.ErrUnsupported)
	})
}

func TestImportTakesWhatOtherSystemsIssued(t *testing.T) {
	for name, tc := range map[string]struct {
		uri  string
		opts []totp.ImportOption
		want error
	}{
		"ten bytes":                    {uri: "otpauth://totp/A:b?secret=JBSWY3DPEHPK3PXP"},
		"in groups, lower, padded":     {uri: "otpauth://totp/b?secret=jbsw%20y3dp%20ehpk%203pxp======&issuer=A"},
		"an image, SHA-256, a minute":  {uri: "otpauth://totp/b?secret=JBSWY3DPEHPK3PXP&image=x&algorithm=sha256&digits=8&period=60"},
		"too short for this one":       {uri: "otpauth://totp/b?secret=JBSWY3DPEHPK3PXP", opts: []totp.ImportOption{totp.WithMinSecret(16)}, want: verify.ErrUnsupported},
		"nine bytes":                   {uri: "otpauth://totp/b?secret=JBSWY3DPEHPK3PU", want: verify.ErrUnsupported},
		"no secret":                    {uri: "otpauth://totp/b?issuer=A", want: verify.ErrUnsupported},
		"two secrets":                  {uri: "otpauth://totp/b?secret=JBSWY3DPEHPK3PXP&secret=GEZDGNBVGY3TQOJQ", want: verify.ErrUnsupported},
		"two secrets, one in capitals": {uri: "otpauth://totp/b?secret=JBSWY3DPEHPK3PXP&SECRET=GEZDGNBVGY3TQOJQ", want: verify.ErrUnsupported},
		"a counter in capitals":        {uri: "otpauth://hotp/b?SECRET=JBSWY3DPEHPK3PXP&COUNTER=5"},
		"five digits":                  {uri: "otpauth://totp/b?secret=JBSWY3DPEHPK3PXP&digits=5", want: verify.ErrUnsupported},
		"zero digits":                  {uri: "otpauth://totp/b?secret=JBSWY3DPEHPK3PXP&digits=0", want: verify.ErrUnsupported},
		"MD5":                          {uri: "otpauth://totp/b?secret=JBSWY3DPEHPK3PXP&algorithm=MD5", want: verify.ErrUnsupported},
		"a period of 15 seconds":       {uri: "otpauth://totp/b?secret=JBSWY3DPEHPK3PXP&period=15", want: verify.ErrUnsupported},
		"a token without its counter":  {uri: "otpauth://hotp/b?secret=JBSWY3DPEHPK3PXP", want: verify.ErrUnsupported},
		"a web address":                {uri: "https://example.com/?secret=JBSWY3DPEHPK3PXP", want: verify.ErrUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			err := newAuthenticator(t).Import(t.Context(), account, tc.uri, tc.opts...)
			if tc.want == nil {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, tc.want)
			assert.NotContains(t, err.Error(), "JBSW")
		})
	}
}

func TestImportedCodesUpToNowAreSpent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
		a := newAuthenticator(t)
		require.NoError(t, a.Import(t.Context(), account, "otpauth://totp/b?secret="+secret))
		require.ErrorIs(t, a.Import(t.Context(), account, "otpauth://totp/b?secret="+secret), verify.ErrBlocked)
		require.ErrorIs(t, a.Check(t.Context(), account, codeAt(secret, time.Now())), verify.ErrNotPending)
		time.Sleep(30 * time.Second)
		require.NoError(t, a.Check(t.Context(), account, codeAt(secret, time.Now())))
	})
}

func TestKeysRotateWithoutLosingAnybody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, fresh := new(totp.MemoryStore), []byte("a key that is newer, of 32 bytes!")
		_, secret := enrolled(t, func(c *totp.Config) { c.Store = store })
		both := newAuthenticator(t, func(c *totp.Config) {
			c.Store, c.Keys, c.IndexKey = store, [][]byte{fresh, key}, key
		})
		only := newAuthenticator(t, func(c *totp.Config) {
			c.Store, c.Keys, c.IndexKey = store, [][]byte{fresh}, key
		})

		for range 10 {
			err := only.Check(t.Context(), account, codeAt(secret, time.Now()))
			require.ErrorIs(t, err, verify.ErrOutcomeUnknown, "an unknown key is no denial that charges on")
		}
		counts, others, err := both.SealedUnder(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []int{0, 1}, counts)
		assert.Zero(t, others)

		require.NoError(t, both.Check(t.Context(), account, codeAt(secret, time.Now())))
		counts, _, err = both.SealedUnder(t.Context())
		require.NoError(t, err)
		assert.Equal(t, []int{1, 0}, counts, "the approval sealed it anew")
		time.Sleep(time.Minute)
		require.NoError(t, only.Check(t.Context(), account, codeAt(secret, time.Now())), "the old key may leave")
	})
}

func TestResealIsForThoseWhoNeverCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, fresh := new(totp.MemoryStore), []byte("a key that is newer, of 32 bytes!")
		_, secret := enrolled(t, func(c *totp.Config) { c.Store = store })
		both := newAuthenticator(t, func(c *totp.Config) {
			c.Store, c.Keys, c.IndexKey = store, [][]byte{fresh, key}, key
		})
		require.NoError(t, both.Reseal(t.Context(), account))
		require.NoError(t, both.Reseal(t.Context(), account))
		require.NoError(t, both.Reseal(t.Context(), "nobody"))
		only := newAuthenticator(t, func(c *totp.Config) {
			c.Store, c.Keys, c.IndexKey = store, [][]byte{fresh}, key
		})
		require.NoError(t, only.Check(t.Context(), account, codeAt(secret, time.Now())))
	})
}

// A thief who can write to the store must not be able to put his own factor under
// another's account.
func TestAFactorIsBoundToItsAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &swapping{Store: new(totp.MemoryStore)}
		a, _ := enrolled(t, func(c *totp.Config) { c.Store = store })
		e, err := a.Enroll(t.Context(), "thief")
		require.NoError(t, err)
		require.NoError(t, a.Confirm(t.Context(), "thief", e.Token, codeAt(e.Secret, time.Now())))
		time.Sleep(time.Minute)
		store.planted = store.last
		require.ErrorIs(t, a.Check(t.Context(), account, codeAt(e.Secret, time.Now())), verify.ErrOutcomeUnknown)
	})
}

// swapping answers every attempt with a planted factor.
type swapping struct {
	totp.Store
	last, planted totp.Factor
}

func (s *swapping) Create(ctx context.Context, k totp.Key, id totp.ID, f totp.Factor) (bool, error) {
	s.last = f
	return s.Store.Create(ctx, k, id, f)
}

func (s *swapping) Attempt(ctx context.Context, k totp.Key, id totp.ID, l totp.Limits) (totp.Attempt, error) {
	a, err := s.Store.Attempt(ctx, k, id, l)
	if s.planted.Sealed != nil {
		a.Factor = s.planted
	}
	return a, err
}

// deaf does what it is told and loses its first replies.
type deaf struct {
	totp.Store
	attempts, accepts int
}

var errLost = errors.New("the reply was lost")

func (d *deaf) Attempt(ctx context.Context, k totp.Key, id totp.ID, l totp.Limits) (totp.Attempt, error) {
	a, err := d.Store.Attempt(ctx, k, id, l)
	if d.attempts--; d.attempts >= 0 {
		return totp.Attempt{}, errLost
	}
	return a, err
}

func (d *deaf) Accept(ctx context.Context, k totp.Key, id, enrolment totp.ID, step uint64, r *totp.Resealed) (bool, error) {
	won, err := d.Store.Accept(ctx, k, id, enrolment, step, r)
	if d.accepts--; d.accepts >= 0 {
		return false, errLost
	}
	return won, err
}

func TestALostReplyLosesNoApprovalAndChargesNobodyTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &deaf{Store: new(totp.MemoryStore)}
		a, secret := enrolled(t, func(c *totp.Config) { c.Store = store })
		store.attempts, store.accepts = 1, 1
		require.NoError(t, a.Check(t.Context(), account, codeAt(secret, time.Now())))

		time.Sleep(time.Minute)
		store.attempts = 1
		var e *verify.Error
		require.ErrorAs(t, a.Check(t.Context(), account, wrong(secret, time.Now())), &e)
		assert.Equal(t, 4, e.AttemptsLeft)

		store.attempts = 2
		require.ErrorIs(t, a.Check(t.Context(), account, codeAt(secret, time.Now())), verify.ErrOutcomeUnknown)
		store.accepts = 2
		require.ErrorIs(t, a.Check(t.Context(), account, codeAt(secret, time.Now())), verify.ErrOutcomeUnknown,
			"an approval whose reply is lost is no denial")
	})
}

func TestNothingSecretIsPrinted(t *testing.T) {
	a := newAuthenticator(t)
	e, err := a.Enroll(t.Context(), account)
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		for _, value := range []any{e, &e, a, totp.Config{Keys: [][]byte{key}}} {
			text := fmt.Sprintf(verb, value)
			for _, secret := range []string{e.Secret, e.Token, "otpauth", string(key), account} {
				assert.NotContains(t, text, secret, verb)
			}
		}
	}
	_, err = json.Marshal(e)
	require.Error(t, err)
}

func TestURIIsReadBackByUs(t *testing.T) {
	for _, name := range []string{"A & B", "A+B", "100%", "a:b", "Bäckerei Ö", "one two"} {
		a := newAuthenticator(t, func(c *totp.Config) { c.Issuer = name })
		e, err := a.Enroll(t.Context(), account, totp.WithLabel(name))
		require.NoError(t, err)
		require.NoError(t, newAuthenticator(t).Import(t.Context(), account, e.URI), name)
		path := strings.TrimPrefix(e.URI[:strings.Index(e.URI, "?")], "otpauth://totp/")
		assert.Equal(t, 1, strings.Count(path, ":"), "one colon parts issuer and label: %s", name)
		assert.NotContains(t, e.URI, "+")
		assert.NotContains(t, e.URI, " ")
	}
}

func TestNewSaysWhichFieldIsAtFault(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*totp.Config)
		want   string
	}{
		"no store":           {func(c *totp.Config) { c.Store = nil }, "Store is missing"},
		"no issuer":          {func(c *totp.Config) { c.Issuer = "" }, "Issuer is missing"},
		"no keys":            {func(c *totp.Config) { c.Keys = nil }, "Keys is missing"},
		"a short key":        {func(c *totp.Config) { c.Keys = [][]byte{key[:31]} }, "at least 32 bytes"},
		"a key twice":        {func(c *totp.Config) { c.Keys = [][]byte{key, key} }, "a key twice"},
		"two keys, no index": {func(c *totp.Config) { c.Keys = [][]byte{key, []byte("another key, of thirty-two bytes.")} }, "IndexKey is required"},
		"five digits":        {func(c *totp.Config) { c.Parameters.Digits = 5 }, "digits must be 6 to 8"},
		"45 seconds":         {func(c *totp.Config) { c.Parameters.Period = 45 * time.Second }, "30 or 60 seconds"},
		"101 failures":       {func(c *totp.Config) { c.Limits.Failures = 101 }, "Failures must be 1 to 100"},
		"a wait of a second": {func(c *totp.Config) { c.Limits.Wait = time.Second }, "Wait must be at least 30 seconds"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := totp.Config{Store: new(totp.MemoryStore), Keys: [][]byte{key}, Issuer: "Acme"}
			tc.change(&cfg)
			_, err := totp.New(cfg)
			require.ErrorContains(t, err, tc.want)
		})
	}
}

func TestAccountsAreIdsAndCodesAreDigits(t *testing.T) {
	a := newAuthenticator(t)
	for _, id := range []string{"", strings.Repeat("a", 129), "a\x00b", "a\xff"} {
		require.ErrorIs(t, a.Check(t.Context(), id, "123456"), verify.ErrInvalidRecipient)
	}
	for _, code := range []string{"", "12345", "123456789", "12345a", "１２３４５６"} {
		require.ErrorIs(t, a.Check(t.Context(), account, code), verify.ErrMismatch)
	}
	require.ErrorIs(t, a.Check(t.Context(), account, "123456", verify.WithScope("pay")), verify.ErrUnsupported)
}
