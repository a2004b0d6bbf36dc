package bandwidthtest

import (
	"net/http"
	"time"

	"github.com/go2fa/verify/internal/emulator"
)

// token hands out an access token for the API credential.
func (e *Emulator) token(r *http.Request) (any, *failure) {
	user, password, ok := r.BasicAuth()
	_ = r.ParseForm() // what cannot be parsed is missing, and refused as such
	switch {
	case !ok || user != e.options.ClientID || password != e.options.ClientSecret:
		return nil, oauthError(http.StatusUnauthorized, "invalid_client")
	case r.PostForm.Get("grant_type") != "client_credentials":
		return nil, oauthError(http.StatusBadRequest, "unsupported_grant_type")
	}

	return map[string]any{
		"access_token": e.state.newToken(e.clock.Now().Add(e.options.TokenLife)),
		"expires_in":   int(e.options.TokenLife / time.Second),
		"token_type":   "bearer",
	}, nil
}

func (s *state) newToken(end time.Time) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tokens == nil {
		s.tokens = map[string]time.Time{}
	}
	t := "emulated." + emulator.Hex(16)
	s.tokens[t] = end
	s.handedOut++
	return t
}

func (s *state) knows(token string, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return now.Before(s.tokens[token])
}
