package vendors

import (
	"errors"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/authy"
)

// An authyConfig says which of Authy's two products it is for.
type authyConfig struct {
	authy.Config
	// Product is phone, which verifies a number of anybody, or users, who are
	// registered: they need vendors.WithDirectory. Required.
	Product string `dsn:"product,host,required,oneof=phone|users" example:"phone"`
}

func openAuthy(c authyConfig) (verify.Verifier, error) {
	if c.Product == "phone" {
		c.Directory = nil
		client, err := authy.NewPhone(c.Config)
		if err != nil {
			return nil, err
		}
		return client, nil
	}
	if c.Directory == nil {
		return nil, errors.New("authy: users need vendors.WithDirectory: a directory in memory would know nobody")
	}
	client, err := authy.NewUsers(c.Config)
	if err != nil {
		return nil, err
	}
	return client, nil
}
