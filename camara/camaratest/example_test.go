package camaratest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/go2fa/verify/camara/camaratest"
)

func ExampleNew() {
	e := camaratest.New(camaratest.Options{
		NewCode: func(digits int) string { return strings.Repeat("1", digits) },
	})

	body := strings.NewReader(`{"phoneNumber": "+15005550006", "message": "{{code}} is your code"}`)
	r := httptest.NewRequest(http.MethodPost, "/one-time-password-sms/v1/send-code", body)
	r.Header.Set("Authorization", "Bearer "+e.NewToken())
	e.ServeHTTP(httptest.NewRecorder(), r)

	fmt.Println(e.Messages()[0].Text)
	fmt.Println(e.Code("+15005550006"))
	// Output:
	// 111111 is your code
	// 111111
}
