package vonagetest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/go2fa/verify/vonage/vonagetest"
)

func ExampleNew() {
	e := vonagetest.New(vonagetest.Options{
		NewCode: func(digits int) string { return strings.Repeat("1", digits) },
	})

	body := strings.NewReader(`{"brand": "Acme", "workflow": [{"channel": "sms", "to": "15005550006"}]}`)
	r := httptest.NewRequest(http.MethodPost, "/v2/verify", body)
	r.SetBasicAuth(vonagetest.APIKey, vonagetest.APISecret)
	e.ServeHTTP(httptest.NewRecorder(), r)

	fmt.Println(e.Messages()[0].Text)
	fmt.Println(e.Code("+15005550006"))
	// Output:
	// Your Acme code is 1111
	// 1111
}
