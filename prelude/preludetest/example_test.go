package preludetest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/go2fa/verify/prelude/preludetest"
)

func ExampleNew() {
	e := preludetest.New(preludetest.Options{
		NewCode: func(digits int) string { return strings.Repeat("1", digits) },
	})

	body := strings.NewReader(`{"target": {"type": "phone_number", "value": "+15005550006"}}`)
	r := httptest.NewRequest(http.MethodPost, "/v2/verification", body)
	r.Header.Set("Authorization", "Bearer "+preludetest.APIKey)
	e.ServeHTTP(httptest.NewRecorder(), r)

	fmt.Println(e.Messages()[0].Text)
	fmt.Println(e.Code("+15005550006", ""))
	// Output:
	// 111111 is your verification code.
	// 111111
}
