// Command quickstart sends a code and checks what the person types.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/go2fa/verify/twilio"
)

func main() {
	client, err := twilio.New(twilio.Config{
		AccountSID: os.Getenv("TWILIO_ACCOUNT_SID"),
		AuthToken:  os.Getenv("TWILIO_AUTH_TOKEN"),
		Service:    twilio.Service{SID: os.Getenv("TWILIO_SERVICE_SID")},
		BaseURL:    os.Getenv("TWILIO_BASE_URL"), // empty: Twilio itself
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx, to := context.Background(), "+15005550006"

	if _, err := client.Send(ctx, to); err != nil {
		log.Fatal(err)
	}
	var code string
	fmt.Print("Code: ")
	_, _ = fmt.Scanln(&code)

	if err := client.Check(ctx, to, code); err != nil {
		log.Fatal(err)
	}
	fmt.Println("Nil is the only yes: it is you.")
}
