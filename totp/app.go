package totp

import (
	"fmt"
	"time"

	"github.com/go2fa/verify"
)

// An App computes codes from an otpauth URI, as a person's authenticator app does:
// for tools, and for tests of an application's own log-in. A server uses an
// [Authenticator], which limits attempts and accepts a code once; an App does
// neither. No verb of fmt prints its secret.
type App struct {
	factor  open
	counter uint64
}

// ReadApp reads an otpauth URI. Its error matches [verify.ErrUnsupported], says what
// is wrong with the URI, and holds nothing of it.
func ReadApp(uri string) (*App, error) {
	r, err := readURI(uri)
	if err != nil {
		return nil, failure("read", verify.ErrUnsupported, err.Error(), nil)
	}
	return &App{
		factor:  open{Parameters: r.Parameters, secret: r.secret, key: keyOf(r.Algorithm, r.secret), last: r.counter},
		counter: r.counter,
	}, nil
}

// Format hides the secret, under every verb.
func (*App) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte("totp.App{[hidden]}")) }

// Parameters are those of the URI.
func (a *App) Parameters() Parameters { return a.factor.Parameters }

// Code returns the code of a moment and how long the app shows it. The code of a
// hardware token is that of the URI's counter, at any moment, and is not limited.
func (a *App) Code(at time.Time) (code string, left time.Duration) {
	var text [maxDigits]byte
	f := a.factor // its mac is this call's
	if f.Kind == HOTP {
		return string(f.code(&text, a.counter+1)), 0
	}
	step := f.now(at)
	end := time.Unix(int64(step+1)*int64(f.Period/time.Second), 0) //nolint:gosec // far below 2^63
	return string(f.code(&text, step)), end.Sub(at)
}

// Matches reports whether an [Authenticator] would take code for one of this app, at
// this moment, if none was used yet.
func (a *App) Matches(code string, at time.Time) bool {
	f := a.factor
	step, _ := f.match(code, at)
	return step != 0
}
