package birdtest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/go2fa/verify/bird/birdtest"
)

func ExampleNew() {
	e := birdtest.New(birdtest.Options{
		NewCode: func(digits int) string { return strings.Repeat("1", digits) },
	})

	body := strings.NewReader(`{"to": {"phone_number": "+15005550006"}, "options": {"channels": ["sms"]}}`)
	r := httptest.NewRequest(http.MethodPost, "/v1/verify/verifications", body)
	r.Header.Set("Authorization", "Bearer "+birdtest.APIKey)
	e.ServeHTTP(httptest.NewRecorder(), r)

	fmt.Println(e.Messages()[0].Text)
	fmt.Println(e.Code("+15005550006"))
	// Output:
	// 111111 is your verification code.
	// 111111
}
