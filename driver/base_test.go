package driver_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/driver"
)

type based struct {
	driver.Base
	secret string
}

func TestABaseKeepsCredentialsOutOfEveryPrint(t *testing.T) {
	t.Parallel()
	client, err := driver.New(driver.Config{Vendor: "example", BaseURL: "https://api.example.com"})
	require.NoError(t, err)
	c := &based{driver.NewBase("Client", client, verify.Capabilities{Vendor: "example", MaxDigits: 8}), "hush"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		assert.Equal(t, "example.Client{[hidden]}", fmt.Sprintf(verb, c), verb)
		assert.Equal(t, "example.Client{[hidden]}", fmt.Sprintf(verb, *c), verb)
	}
	assert.Equal(t, 8, c.Capabilities().MaxDigits)
	require.NoError(t, c.Close())
}

func TestAZeroBaseClosesAndHides(t *testing.T) {
	t.Parallel()
	c := based{secret: "hush"}
	require.NoError(t, c.Close())
	assert.ErrorIs(t, c.Warm(t.Context()), verify.ErrUnsupported)
	assert.NotContains(t, fmt.Sprintf("%+v", c), "hush")
}

func TestTheFirstFaultOfAConfigIsTold(t *testing.T) {
	t.Parallel()
	require.NoError(t, driver.Invalid("example", driver.If(false, "A is missing"), driver.If(false, "B is missing")))
	require.EqualError(t, driver.Invalid("example", driver.If(false, "A is missing"), driver.If(true, "B is missing"), driver.If(true, "C is missing")),
		"example: B is missing")
}
