// Command quickstart sends a code and checks what the person types. VERIFY_DSN
// names the vendor: see docs/dsn.md.
package main

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/go2fa/verify/vendors"
)

func main() {
	ctx, to := context.Background(), "+15005550006"
	v, err := vendors.Open(os.Getenv("VERIFY_DSN")) // see docs/dsn.md
	if err != nil {
		log.Fatal(err)
	}
	if _, err := v.Send(ctx, to); err != nil {
		log.Fatal(err)
	}
	if err := v.Check(ctx, to, ask("Code: ")); err != nil {
		log.Fatal(err)
	}
	fmt.Println("Nil is the only yes: it is you.")
}

// ask returns the word that the person types.
func ask(what string) (word string) {
	fmt.Print(what)
	_, _ = fmt.Scanln(&word)
	return word
}
