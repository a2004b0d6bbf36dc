package telegram_test

import (
	"context"
	"fmt"
	"os"

	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/telegram"
)

// Telegram stands in front of a messenger of texts, which reaches everybody.
func ExampleNew() {
	var sms otp.Messenger // such as that of twilio.NewMessaging
	first, err := telegram.New(telegram.Config{Token: os.Getenv("TELEGRAM_GATEWAY_TOKEN")})
	if err != nil {
		fmt.Println(err)
		return
	}
	verifier, err := otp.New(otp.Config{
		Messenger: otp.Fallback(first, sms),
		Store:     new(otp.MemoryStore),
		Keys:      [][]byte{[]byte(os.Getenv("OTP_KEY"))},
		Product:   "Acme",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = verifier.Send(context.Background(), "+15005550006")
	fmt.Println(err)
	// Output: telegram: Token is missing
}
