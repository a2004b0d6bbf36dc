package text_test

import (
	"fmt"

	"github.com/go2fa/verify/otp/text"
)

func ExampleSegments() {
	fmt.Println(text.Segments("123456 is your code."))
	fmt.Println(text.Segments("123456 — your code."))
	// Output:
	// 1 GSM-7
	// 1 UCS-2
}
