package gatewayapi_test

import (
	"context"
	"fmt"
	"os"

	"github.com/go2fa/verify/gatewayapi"
	"github.com/go2fa/verify/otp"
)

// A verifier is an engine over the client.
func ExampleNew() {
	messenger, err := gatewayapi.New(gatewayapi.Config{
		Token:  os.Getenv("GATEWAYAPI_TOKEN"),
		Region: "eu",
		Sender: "Acme",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	verifier, err := otp.New(otp.Config{
		Messenger: messenger,
		Store:     new(otp.MemoryStore),
		Keys:      [][]byte{[]byte(os.Getenv("OTP_KEY"))},
		Product:   "Acme",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = verifier.Send(context.Background(), "+15005550006", gatewayapi.WithLabel("login"))
	fmt.Println(err)
	// Output: gatewayapi: give either Token, or Key and Secret
}
