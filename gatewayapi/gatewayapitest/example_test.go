package gatewayapitest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/go2fa/verify/gatewayapi/gatewayapitest"
)

func ExampleNew() {
	e := gatewayapitest.New(gatewayapitest.Options{})

	body := strings.NewReader(`{"sender":"Acme","message":"Acme: 123456 is your code.","recipient":15005550006}`)
	r := httptest.NewRequest(http.MethodPost, "/mobile/single", body)
	r.Header.Set("Authorization", "Token "+gatewayapitest.Token)
	e.ServeHTTP(httptest.NewRecorder(), r)

	fmt.Println(e.Messages()[0].Text)
	fmt.Println(e.Code("+15005550006"))
	// Output:
	// Acme: 123456 is your code.
	// 123456
}
