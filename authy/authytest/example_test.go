package authytest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/go2fa/verify/authy/authytest"
)

func ExampleNew() {
	e := authytest.New(authytest.Options{
		NewCode: func(digits int) string { return strings.Repeat("1", digits) },
	})

	body := strings.NewReader("via=sms&country_code=1&phone_number=5005550006&code_length=6")
	r := httptest.NewRequest(http.MethodPost, "/protected/json/phones/verification/start", body)
	r.Header.Set("X-Authy-API-Key", authytest.APIKey)
	e.ServeHTTP(httptest.NewRecorder(), r)

	fmt.Println(e.Messages()[0].Text)
	fmt.Println(e.Code("+15005550006", ""))
	// Output:
	// Your Acme verification code is: 111111
	// 111111
}
