package auth0test_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/go2fa/verify/auth0/auth0test"
)

func ExampleNew() {
	e := auth0test.New(auth0test.Options{
		NewCode: func(digits int) string { return strings.Repeat("1", digits) },
	})

	body := strings.NewReader(`{"client_id": "emulated-client", "client_secret": "emulated-secret",
		"connection": "sms", "phone_number": "+15005550006", "send": "code"}`)
	e.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/passwordless/start", body))

	fmt.Println(e.Messages()[0].Text)
	fmt.Println(e.Code("+15005550006"))
	// Output:
	// Your verification code is: 111111
	// 111111
}
