package driver_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/go2fa/verify/driver"
)

// What an author of a vendor prints while it does not work yet is not printed
// with its secrets.
func TestNothingOfADriverIsPrinted(t *testing.T) {
	t.Parallel()
	const secret = "canary"
	api, _ := newAPI(t, nil, say(200, yes))
	for _, v := range []any{
		driver.Config{Header: map[string]string{"Authorization": secret}}, &driver.Config{BaseURL: secret}, api, *api,
		driver.OAuth2{Secret: secret}, driver.Call{Token: secret, JSON: []byte(secret)}, driver.Reply{Body: []byte(secret)},
		driver.ReferencesConfig{Keys: [][]byte{[]byte(secret)}}, api.Client,
	} {
		printed := fmt.Sprintf("%v %+v %#v %s", v, v, v, v)
		assert.NotContains(t, printed, secret)
		assert.NotContains(t, printed, credential[6:])
		assert.NotContains(t, printed, "99 97 110 97 114 121", "nor its bytes")
	}
}
