package vendors_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/go2fa/verify/twilio/twiliotest"
	"github.com/go2fa/verify/vendors"
)

func ExampleOpen() {
	v, err := vendors.Open("twilio://?account_sid=AC00000000000000000000000000000000&auth_token=placeholder" +
		"&service_sid=VA00000000000000000000000000000000&scope.payment=VA00000000000000000000000000000001")
	if err != nil {
		fmt.Println(err)
		return
	}

	fmt.Println(v.Capabilities().Vendor, v.Capabilities().Scopes)
	// Output: twilio [payment]
}

// Another line of configuration is another vendor, and the program stays as it
// is. Here Twilio is an emulator on this machine.
func ExampleOpen_swap() {
	vendor := twiliotest.New(twiliotest.Options{})
	srv := httptest.NewServer(vendor)
	defer srv.Close()
	ctx := context.Background()
	dsn := "twilio://" + twiliotest.AccountSID + ":" + twiliotest.AuthToken + "@" + twiliotest.ServiceSID + "?base_url=" + srv.URL

	v, err := vendors.Open(dsn)
	if err != nil {
		fmt.Println(err)
		return
	}
	receipt, err := v.Send(ctx, "+15005550006")
	fmt.Println(receipt.Vendor, err)
	fmt.Println(v.Check(ctx, "+15005550006", vendor.Code("+15005550006", "")))
	// Output:
	// twilio <nil>
	// <nil>
}
