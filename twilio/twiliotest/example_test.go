package twiliotest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/go2fa/verify/twilio/twiliotest"
)

func ExampleNew() {
	e := twiliotest.New(twiliotest.Options{
		NewCode: func(digits int) string { return strings.Repeat("1", digits) },
	})

	body := strings.NewReader("To=%2B15005550006&Channel=sms")
	r := httptest.NewRequest(http.MethodPost, "/v2/Services/"+twiliotest.ServiceSID+"/Verifications", body)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(twiliotest.AccountSID, twiliotest.AuthToken)
	e.ServeHTTP(httptest.NewRecorder(), r)

	fmt.Println(e.Messages()[0].Text)
	fmt.Println(e.Code("+15005550006", ""))
	// Output:
	// Your Acme verification code is: 111111
	// 111111
}
