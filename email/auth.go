package email

import (
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/wneessen/go-mail/smtp"
)

// maxToken keeps AUTH within what RFC 4954 section 4 lets a server read.
const maxToken = 8 << 10 // bytes

// authenticate uses the first mechanism that both sides know.
func (c *Messenger) authenticate(ctx context.Context, client *smtp.Client) error {
	if c.cfg.Username == "" {
		return nil
	}
	user, password, host, clear := c.cfg.Username, c.cfg.Password, c.cfg.Host, c.cfg.Security == None
	_, offered := client.Extension("AUTH")
	mechanisms := strings.Fields(strings.ToUpper(offered))
	switch {
	case c.cfg.Token != nil:
		return c.authenticateByToken(ctx, client, mechanisms)
	case slices.Contains(mechanisms, "PLAIN"):
		return client.Auth(smtp.PlainAuth("", user, password, host, clear))
	case slices.Contains(mechanisms, "LOGIN"):
		return client.Auth(smtp.LoginAuth(user, password, host, clear))
	case slices.Contains(mechanisms, "SCRAM-SHA-256"):
		return client.Auth(smtp.ScramSHA256Auth(user, password))
	case slices.Contains(mechanisms, "CRAM-MD5"):
		return client.Auth(smtp.CRAMMD5Auth(user, password))
	}
	return errNoMechanism
}

// authenticateByToken asks for a token only if the server takes one. The
// connection is private by now, or on loopback.
func (c *Messenger) authenticateByToken(ctx context.Context, client *smtp.Client, mechanisms []string) error {
	bearer := slices.Contains(mechanisms, "OAUTHBEARER")
	if !bearer && !slices.Contains(mechanisms, "XOAUTH2") {
		return errNoMechanism
	}
	token, err := c.cfg.Token(ctx)
	if err != nil || !isToken(token) {
		return errNoToken
	}
	if bearer {
		return client.Auth(oauthBearer{c.cfg.Username, token})
	}
	return client.Auth(smtp.XOAuth2Auth(c.cfg.Username, token))
}

func isToken(s string) bool {
	strange := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }
	return s != "" && len(s) <= maxToken && utf8.ValidString(s) && !strings.ContainsFunc(s, strange)
}

// oauthBearer is the mechanism of RFC 7628.
type oauthBearer struct{ user, token string }

// Start sends all at once. In a user name, a comma and an equals sign would end
// it (RFC 5801 section 4).
func (a oauthBearer) Start(*smtp.ServerInfo) (mechanism string, toServer []byte, err error) {
	user := strings.NewReplacer("=", "=3D", ",", "=2C").Replace(a.user)
	return "OAUTHBEARER", []byte("n,a=" + user + ",\x01auth=Bearer " + a.token + "\x01\x01"), nil
}

// Next answers the description of a failure, which the server's refusal follows:
// section 3.2.3.
func (a oauthBearer) Next(_ []byte, more bool) (toServer []byte, err error) {
	if more {
		return []byte{1}, nil
	}
	return nil, nil
}
