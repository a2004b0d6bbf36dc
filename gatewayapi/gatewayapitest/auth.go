package gatewayapitest

import (
	"net/http"
	"strings"
)

// authenticateMobile accepts the account's token. The Messaging API tells a
// missing token from a wrong one.
func (c call) authenticateMobile() *failure {
	token, ok := strings.CutPrefix(c.r.Header.Get("Authorization"), "Token ")
	switch {
	case !ok || token == "":
		return described(http.StatusUnauthorized)
	case token != c.token:
		return described(http.StatusForbidden)
	}
	return nil
}

// authenticateClassic accepts the token in a header of its own scheme, as a user
// name, or in the query, and a signature by the key.
func (c call) authenticateClassic() *failure {
	header := c.r.Header.Get("Authorization")
	scheme, rest, _ := strings.Cut(header, " ")
	switch scheme {
	case "Token":
		return c.acceptToken(rest)
	case "OAuth":
		return c.authenticateOAuth(rest)
	case "Basic":
		user, password, ok := c.r.BasicAuth()
		if !ok || user != c.token || password != "" {
			return refusal(http.StatusUnauthorized, "0x0210", user)
		}
		return nil
	}
	if token := c.r.URL.Query().Get("token"); header == "" && token != "" {
		return c.acceptToken(token)
	}
	return uncoded(http.StatusUnauthorized)
}

func (c call) acceptToken(token string) *failure {
	if token != c.token {
		return refusal(http.StatusUnauthorized, "0x0229")
	}
	return nil
}
