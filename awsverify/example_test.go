package awsverify_test

import (
	"context"
	"fmt"

	"github.com/go2fa/verify/awsverify"
	"github.com/go2fa/verify/awsverify/awsverifytest"
	"github.com/go2fa/verify/emulator"
	"github.com/go2fa/verify/vendors"
)

func ExampleNewSMS() {
	e := awsverifytest.New(awsverifytest.Options{}) // in place of AWS
	server, err := emulator.Serve(e, "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer server.Close()

	dsn := "aws-sms://AKIAIOSFODNN7EXAMPLE@us-east-1?from=%2B15017122661&code_key=0123456789abcdef0123456789abcdef&store=memory" +
		"&secret_access_key=" + awsverifytest.SecretAccessKey + "&base_url=" + server.URL
	v, err := vendors.Open(dsn, vendors.With("aws-sms", awsverify.NewSMS))
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := v.Send(context.Background(), "+15005550006"); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(v.Check(context.Background(), "+15005550006", e.Code("+15005550006", "")))
	// Output: <nil>
}
