package sinchtest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/go2fa/verify/sinch/sinchtest"
)

func ExampleNew() {
	e := sinchtest.New(sinchtest.Options{
		NewCode: func(digits int) string { return strings.Repeat("1", digits) },
	})

	body := strings.NewReader(`{"identity": {"type": "number", "endpoint": "+15005550006"}, "method": "sms"}`)
	r := httptest.NewRequest(http.MethodPost, "/verification/v1/verifications", body)
	r.SetBasicAuth(sinchtest.ApplicationKey, sinchtest.ApplicationSecret)
	e.ServeHTTP(httptest.NewRecorder(), r)

	fmt.Println(e.Messages()[0].Text)
	fmt.Println(e.Code("+15005550006", ""))
	// Output:
	// Your verification code is 1111. Verified by Acme
	// 1111
}
