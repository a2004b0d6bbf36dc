package mocks_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/mocks"
	"github.com/stretchr/testify/mock"
)

// login is the handler under test: it checks the code that a person typed.
func login(v verify.Checker) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := v.Check(r.Context(), "+15005550006", r.FormValue("code"), verify.WithScope("login"))
		switch {
		case err == nil:
			_, _ = fmt.Fprintln(w, "welcome")
		case errors.Is(err, verify.ErrMismatch):
			http.Error(w, "wrong code, try again", http.StatusUnauthorized)
		case errors.Is(err, verify.ErrNotPending), errors.Is(err, verify.ErrTooManyAttempts):
			http.Error(w, "ask for a new code", http.StatusUnauthorized)
		default:
			http.Error(w, "we cannot tell right now", http.StatusServiceUnavailable)
		}
	}
}

func post(h http.Handler, code string) {
	r := httptest.NewRequest(http.MethodPost, "/login", strings.NewReader(url.Values{"code": {code}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	fmt.Print(w.Code, " ", w.Body)
}

// The first way: was the handler's call the one we wanted?
func ExampleChecker() {
	c := new(mocks.Checker)
	c.On("Check", mock.Anything, "+15005550006", "123456", []verify.CheckOption{verify.WithScope("login")}).Return(nil)

	post(login(c), "123456")
	post(login(c), "654321") // was not scripted, and so is a no
	// Output:
	// 200 welcome
	// 401 wrong code, try again
}

// The second way: a fake with the rules of a real vendor.
func ExampleNewFake() {
	f := mocks.NewFake()
	_, _ = f.Send(context.Background(), "+15005550006", verify.WithScope("login"))
	code := f.CodeFor("+15005550006", "login")

	post(login(f), code)
	post(login(f), code) // a code is accepted once
	// Output:
	// 200 welcome
	// 401 ask for a new code
}

// The third way: what does the person see when the vendor is down?
func ExampleFake_FailNext() {
	f := mocks.NewFake()
	f.FailNext(verify.ErrOutcomeUnknown)

	post(login(f), "123456")
	// Output: 503 we cannot tell right now
}

// An app's code of an account, in place of a code that was sent.
func ExampleNewFakeChecker() {
	f := mocks.NewFakeChecker()
	f.Enroll("account-1")
	code := f.CodeFor("account-1")

	fmt.Println(f.Check(context.Background(), "account-1", code))
	fmt.Println(errors.Is(f.Check(context.Background(), "account-1", code), verify.ErrNotPending)) // the app shows the next one
	// Output:
	// <nil>
	// true
}
