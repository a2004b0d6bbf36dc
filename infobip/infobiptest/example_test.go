package infobiptest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/go2fa/verify/infobip/infobiptest"
)

func ExampleNew() {
	e := infobiptest.New(infobiptest.Options{
		NewCode: func(digits int) string { return strings.Repeat("1", digits) },
	})

	body := strings.NewReader(`{"applicationId": "` + infobiptest.ApplicationID + `", "messageId": "` + infobiptest.SMSTemplate + `", "to": "15005550006"}`)
	r := httptest.NewRequest(http.MethodPost, "/2fa/2/pin", body)
	r.Header.Set("Authorization", "App "+infobiptest.APIKey)
	e.ServeHTTP(httptest.NewRecorder(), r)

	fmt.Println(e.Messages()[0].Text)
	fmt.Println(e.Code("+15005550006", ""))
	// Output:
	// Your pin is 111111
	// 111111
}
