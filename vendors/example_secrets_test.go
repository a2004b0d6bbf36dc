package vendors_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/go2fa/verify/vendors"
)

// Secrets come from a source of one's own: here a folder, as a rule a vault.
func ExampleWithSecrets() {
	folder, _ := os.MkdirTemp("", "secrets")
	defer func() { _ = os.RemoveAll(folder) }()
	_ = os.WriteFile(filepath.Join(folder, "twilio"), []byte("placeholder\n"), 0o600)

	source := func(_ context.Context, name string) (string, error) {
		secret, err := os.ReadFile(filepath.Join(folder, filepath.Base(name)))
		return strings.TrimSpace(string(secret)), err
	}
	v, err := vendors.Open(
		"twilio://?account_sid=AC00000000000000000000000000000000&auth_token=secret:twilio&service_sid=VA00000000000000000000000000000000",
		vendors.WithSecrets(source))
	fmt.Println(v.Capabilities().Vendor, err)
	// Output: twilio <nil>
}
