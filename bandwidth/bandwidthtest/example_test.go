package bandwidthtest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/go2fa/verify/bandwidth/bandwidthtest"
)

func ExampleNew() {
	e := bandwidthtest.New(bandwidthtest.Options{
		NewCode: func(digits int) string { return strings.Repeat("1", digits) },
	})

	body := strings.NewReader(`{"to": "+15005550006", "from": "+15017122661", "digits": 6,
		"applicationId": "00000000-0000-4000-8000-000000000001", "message": "Your {NAME} code is {CODE}"}`)
	r := httptest.NewRequest(http.MethodPost, "/accounts/"+bandwidthtest.AccountID+"/code/messaging", body)
	r.Header.Set("Authorization", "Bearer "+e.NewToken())
	e.ServeHTTP(httptest.NewRecorder(), r)

	fmt.Println(e.Messages()[0].Text)
	fmt.Println(e.Code("+15005550006", ""))
	// Output:
	// Your Acme code is 111111
	// 111111
}
