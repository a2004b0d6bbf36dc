package mocks_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/mocks"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
)

const phone = "+15005550006"

func TestUnscriptedIsNo(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]verify.Verifier{
		"mock": new(mocks.Verifier),
		"fake": mocks.NewFake(),
	} {
		assert.Error(t, v.Check(t.Context(), phone, "123456"), "R73: %s", name)
	}
	for _, code := range []string{"", "123456"} {
		assert.Error(t, new(mocks.FakeChecker).Check(t.Context(), "ada", code), "R73: for an account")
	}
	_, err := new(mocks.Sender).Send(t.Context(), phone)
	require.ErrorIs(t, err, verify.ErrRejected)
	require.ErrorIs(t, new(mocks.Checker).Check(t.Context(), phone, "123456"), verify.ErrMismatch)
}

func TestAScriptFitsOnlyItsOwnCall(t *testing.T) {
	t.Parallel()
	m := new(mocks.Verifier)
	m.On("Send", mock.Anything, phone, []verify.SendOption{verify.WithScope("login")}).Return(verify.Receipt{Digits: 6}, nil)
	m.On("Check", mock.Anything, phone, "123456", []verify.CheckOption(nil)).Return(nil).Once()

	receipt, err := m.Send(t.Context(), phone, verify.WithScope("login"))
	require.NoError(t, err)
	assert.Equal(t, 6, receipt.Digits)
	_, err = m.Send(t.Context(), phone, verify.WithScope("payment"))
	require.Error(t, err, "options are values and are compared")
	require.NoError(t, m.Check(t.Context(), phone, "123456"))
	require.Error(t, m.Check(t.Context(), phone, "123456"), "once is once")
	m.AssertNumberOfCalls(t, "Send", 1)
	m.AssertExpectations(t)
}

func TestMocksOfOneMethod(t *testing.T) {
	t.Parallel()
	s, c := new(mocks.Sender), new(mocks.Checker)
	s.On("Send", mock.Anything, phone, mock.Anything).Return(nil, errors.New("down"))
	c.On("Check", mock.Anything, phone, "123456", mock.Anything).Return(nil)
	_, err := s.Send(t.Context(), phone)
	require.Error(t, err, "a nil receipt is none")
	require.NoError(t, c.Check(t.Context(), phone, "123456"))
}

func TestAPanicOfTheTestItselfIsNotHidden(t *testing.T) {
	t.Parallel()
	c := new(mocks.Checker)
	c.On("Check", mock.Anything, phone, "123456", mock.Anything).Run(func(mock.Arguments) { panic(context.Canceled) }).Return(nil)
	assert.Panics(t, func() { _ = c.Check(t.Context(), phone, "123456") })
}

func TestAPanicInWordsIsNotHiddenEither(t *testing.T) {
	t.Parallel()
	c := new(mocks.Checker)
	c.On("Check", mock.Anything, phone, "123456", mock.Anything).Panic("boom")
	assert.PanicsWithValue(t, "boom", func() { _ = c.Check(t.Context(), phone, "123456") })
}

func TestTheZeroFakeIsReadyForUse(t *testing.T) {
	t.Parallel()
	var f mocks.Fake
	require.ErrorIs(t, f.Check(t.Context(), "+15005550006", "123456"), verify.ErrNotPending)
	require.NoError(t, f.Cancel(t.Context(), "+15005550006"))
	_, err := f.Send(t.Context(), "+15005550006")
	require.NoError(t, err)
	require.NoError(t, f.Check(t.Context(), "+15005550006", f.CodeFor("+15005550006", "")))
}

func TestTheFakePrintsNobody(t *testing.T) {
	t.Parallel()
	f := mocks.NewFake("135790")
	_, err := f.Send(t.Context(), phone)
	require.NoError(t, err)
	for _, secret := range []string{phone[1:], "135790"} {
		assert.NotContains(t, fmt.Sprintf("%v %+v %#v %s", f, f, f, f), secret)
	}
}

func TestCapabilitiesCanBeNarrowed(t *testing.T) {
	t.Parallel()
	m := new(mocks.Verifier)
	assert.Equal(t, mocks.NewFake().Capabilities(), m.Capabilities())
	m.Can = &verify.Capabilities{Vendor: "narrow"}
	assert.Equal(t, "narrow", m.Capabilities().Vendor)
}

func TestTheFakeKeepsTheRules(t *testing.T) {
	t.Parallel()
	f := mocks.NewFake("135790", "024680")
	receipt, err := f.Send(t.Context(), phone, verify.WithScope("login"))
	require.NoError(t, err)
	assert.Equal(t, 6, receipt.Digits)
	assert.Equal(t, "135790", f.CodeFor(phone, "login"))
	assert.Empty(t, f.CodeFor(phone, ""))
	login := verify.WithScope("login")

	require.ErrorIs(t, f.Check(t.Context(), phone, "135790"), verify.ErrNotPending, "another scope")
	var e *verify.Error
	require.ErrorAs(t, f.Check(t.Context(), phone, "000000", login), &e)
	assert.Equal(t, 4, e.AttemptsLeft)
	require.NoError(t, f.Check(t.Context(), phone, "135790", login))
	require.ErrorIs(t, f.Check(t.Context(), phone, "135790", login), verify.ErrNotPending, "accepted once")

	_, err = f.Send(t.Context(), phone, login)
	require.NoError(t, err)
	for range 4 {
		require.ErrorIs(t, f.Check(t.Context(), phone, "000000", login), verify.ErrMismatch)
	}
	require.ErrorIs(t, f.Check(t.Context(), phone, "000000", login), verify.ErrTooManyAttempts)
	require.ErrorIs(t, f.Check(t.Context(), phone, "024680", login), verify.ErrTooManyAttempts, "the right one too")

	_, err = f.Send(t.Context(), phone, login)
	require.NoError(t, err)
	assert.Equal(t, "024680", f.CodeFor(phone, "login"), "the last code again and again")
	f.Advance(10 * time.Minute)
	assert.Empty(t, f.CodeFor(phone, "login"))
	require.ErrorIs(t, f.Check(t.Context(), phone, "024680", login), verify.ErrNotPending, "expired")
	assert.Len(t, f.Sent(), 3)
	assert.Len(t, f.Checked(), 11)
}

func TestTheFakeBindsTransactions(t *testing.T) {
	t.Parallel()
	f := mocks.NewFake()
	_, err := f.Send(t.Context(), phone, verify.WithTransaction("EUR 1", "Acme"))
	require.NoError(t, err)
	code := f.CodeFor(phone, "")
	require.ErrorIs(t, f.Check(t.Context(), phone, code), verify.ErrMismatch)
	require.NoError(t, f.Check(t.Context(), phone, code, verify.WithTransaction("EUR 1", "Acme")))
}

func TestTheFakeCancels(t *testing.T) {
	t.Parallel()
	f := mocks.NewFake()
	_, err := f.Send(t.Context(), "A@example.com")
	require.NoError(t, err)
	code := f.CodeFor("a@example.com", "")
	require.NotEmpty(t, code, "an address in any case is one recipient")
	require.NoError(t, f.Cancel(t.Context(), "a@example.com"))
	require.ErrorIs(t, f.Check(t.Context(), "a@example.com", code), verify.ErrNotPending)
	require.ErrorIs(t, f.Cancel(t.Context(), "nobody"), verify.ErrInvalidRecipient)
}

func TestTheFakeFailsAsTold(t *testing.T) {
	t.Parallel()
	f := mocks.NewFake()
	own := errors.New("of the test")
	f.FailNext(verify.ErrOutcomeUnknown, own, verify.ErrUnavailable)
	_, err := f.Send(t.Context(), phone)
	var e *verify.Error
	require.ErrorAs(t, err, &e)
	assert.Equal(t, "fake: send: outcome unknown", e.Error())
	assert.Empty(t, f.CodeFor(phone, ""), "what fails has no effect")
	require.ErrorIs(t, f.Check(t.Context(), phone, "123456"), own)
	require.ErrorIs(t, f.Cancel(t.Context(), phone), verify.ErrUnavailable)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = f.Send(ctx, phone)
	require.ErrorIs(t, err, verify.ErrUnavailable)
	require.ErrorIs(t, err, context.Canceled)
}

func TestTheFakeRefusesWhatVendorsRefuse(t *testing.T) {
	t.Parallel()
	f := mocks.NewFake()
	_, err := f.Send(t.Context(), "12345")
	require.ErrorIs(t, err, verify.ErrInvalidRecipient)
	require.ErrorIs(t, f.Check(t.Context(), phone, "12a456"), verify.ErrMismatch)
	assert.Empty(t, f.Sent())
	assert.Empty(t, f.Checked())
}

func TestRandomCodesHaveTheLengthAskedFor(t *testing.T) {
	t.Parallel()
	for digits := 4; digits <= 10; digits++ {
		f := mocks.NewFake()
		_, err := f.Send(t.Context(), phone, verify.WithDigits(digits))
		require.NoError(t, err)
		assert.Regexp(t, fmt.Sprintf(`^[0-9]{%d}$`, digits), f.CodeFor(phone, ""))
	}
}
