package authy_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/authy"
	"github.com/go2fa/verify/authy/authytest"
	"github.com/go2fa/verify/twilio/twiliotest"
	"github.com/go2fa/verify/vendors"
)

// migrating is a Verifier that sends and checks through Twilio Verify, and
// deletes a person at Authy once Verify has approved a code.
type migrating struct {
	verify.Verifier // Twilio Verify
	old             *authy.Users
}

func (m migrating) Check(ctx context.Context, to, code string, opts ...verify.CheckOption) error {
	if err := m.Verifier.Check(ctx, to, code, opts...); err != nil {
		return err
	}
	if err := m.old.Delete(ctx, to); err != nil {
		fmt.Println("still at Authy, the next login tries again:", err)
	}
	return nil
}

func Example_migrate() {
	ctx := context.Background()
	oldAPI, newAPI := emulators() // your program has none, and no base_url below
	defer oldAPI.Close()
	defer newAPI.Close()

	directory := new(authy.MemoryDirectory) // your own table in production
	old, err := authy.NewUsers(authy.Config{APIKey: authytest.APIKey, Directory: directory, BaseURL: oldAPI.URL})
	if err != nil {
		fmt.Println(err)
		return
	}
	next, err := vendors.Open("twilio://" + twiliotest.AccountSID + ":" + twiliotest.AuthToken + "@" + twiliotest.ServiceSID +
		"?digits=7&base_url=" + strings.ReplaceAll(newAPI.URL, ":", "%3A"))
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = old.Register(ctx, "a@example.com", "+15005550006") // long ago

	// The login: nothing but the Verifier has changed.
	var v verify.Verifier = migrating{next, old}
	receipt, err := v.Send(ctx, "+15005550006")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(receipt.Vendor, receipt.Channel, receipt.Digits)
	fmt.Println(v.Check(ctx, "+15005550006", "1234567"))

	_, known, _ := directory.AuthyID(ctx, "+15005550006")
	fmt.Println("at Authy:", known)
	// Output:
	// twilio sms 7
	// <nil>
	// at Authy: false
}

// emulators stand in for both APIs, and send the code 1234567.
func emulators() (oldAPI, newAPI *httptest.Server) {
	service := twiliotest.Service{CodeLength: 7}
	return httptest.NewServer(authytest.New(authytest.Options{})),
		httptest.NewServer(twiliotest.New(twiliotest.Options{
			Services: []twiliotest.Service{service}, NewCode: func(int) string { return "1234567" },
		}))
}
