package whatsapp_test

import (
	"context"
	"fmt"
	"os"

	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/whatsapp"
)

// WhatsApp stands in front of a messenger of texts, which reaches everybody.
func ExampleNew() {
	var sms otp.Messenger // such as that of twilio.NewMessaging
	first, err := whatsapp.New(whatsapp.Config{
		Token:         os.Getenv("WHATSAPP_TOKEN"),
		PhoneNumberID: "106540352242922",
		Template:      "verification_code",
		Languages:     []string{"en_US", "da", "pt_BR"},
	})
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
	// Output: whatsapp: Token is missing
}
