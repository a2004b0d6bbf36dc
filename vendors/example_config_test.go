package vendors_test

import (
	"encoding/json"
	"fmt"

	"github.com/go2fa/verify/vendors"
)

// A program that keeps its settings in a file holds a Config in its own.
func ExampleConfig() {
	var settings struct {
		Verify vendors.Config `json:"verify"`
	}
	file := `{"verify": {"vendor": "authy", "settings": {"api_key": "placeholder", "product": "phone"}}}`
	if err := json.Unmarshal([]byte(file), &settings); err != nil {
		fmt.Println(err)
		return
	}
	v, err := settings.Verify.Open()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(v.Capabilities().Vendor, settings)
	// Output: authy {vendors.Config{[hidden]}}
}
