package telnyxtest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/go2fa/verify/telnyx/telnyxtest"
)

func ExampleNew() {
	e := telnyxtest.New(telnyxtest.Options{
		NewCode: func(digits int) string { return strings.Repeat("1", digits) },
	})

	body := strings.NewReader(`{"phone_number": "+15005550006", "verify_profile_id": "` + telnyxtest.ProfileID + `"}`)
	r := httptest.NewRequest(http.MethodPost, "/v2/verifications/sms", body)
	r.Header.Set("Authorization", "Bearer "+telnyxtest.APIKey)
	e.ServeHTTP(httptest.NewRecorder(), r)

	fmt.Println(e.Messages()[0].Text)
	fmt.Println(e.Code("+15005550006", ""))
	// Output:
	// Your Acme verification code is: 111111.
	// 111111
}
