package vonage

import (
	"cmp"
	"errors"
	"net/http"
	"time"

	"github.com/go2fa/verify/driver"
)

// An account is who calls.
type account struct {
	key, secret, application string
	private                  []byte
}

// name tells accounts apart.
func (a account) name() string { return cmp.Or(a.key, a.application) }

// How long a token is good: that of Vonage's own libraries.
const tokenLife = 15 * time.Minute

// claims are those of https://developer.vonage.com/en/getting-started/concepts/authentication.
type claims struct {
	Application string `json:"application_id"`
	IssuedAt    int64  `json:"iat"`
	Expires     int64  `json:"exp"`
	ID          string `json:"jti"`
}

// connect makes a client that calls as a: by HTTP Basic, or by a new token for each
// request.
func (a account) connect(base string, client *http.Client, read func(string, int, []byte) driver.Failure) (*driver.Client, error) {
	cfg := driver.Config{Vendor: vendor, BaseURL: base, Client: client, ReadError: read}
	basic, signed := a.key != "" || a.secret != "", a.application != "" || len(a.private) > 0
	switch {
	case basic == signed:
		return nil, errors.New("vonage: give either APIKey and APISecret, or ApplicationID and PrivateKey")
	case basic && (a.key == "" || a.secret == ""):
		return nil, errors.New("vonage: APIKey or APISecret is missing")
	case basic && !driver.IsUser(a.key):
		return nil, errors.New("vonage: APIKey holds a colon, which Basic cannot carry")
	case basic:
		cfg.Header = map[string]string{"Authorization": driver.Basic(a.key, a.secret)}
	case a.application == "" || len(a.private) == 0:
		return nil, errors.New("vonage: ApplicationID or PrivateKey is missing")
	case !driver.IsID(a.application, maxID):
		return nil, errors.New("vonage: ApplicationID must be 1 to 64 of [A-Za-z0-9_-]")
	default:
		jwt, err := driver.NewRS256(a.private, "")
		if err != nil {
			return nil, errors.New("vonage: PrivateKey cannot be used: " + err.Error())
		}
		cfg.Sign = func(r *http.Request, _ []byte) error {
			now := time.Now()
			token, err := jwt.Sign(claims{a.application, now.Unix(), now.Add(tokenLife).Unix(), driver.RandomID()})
			r.Header.Set("Authorization", driver.Bearer(token))
			return err
		}
	}
	c, err := driver.New(cfg)
	if err != nil {
		return nil, errors.New("vonage: " + err.Error())
	}
	return c, nil
}
