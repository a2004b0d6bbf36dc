// Command verify sends and checks one-time codes from a terminal, over any vendor
// of this module, and plays the vendors itself for tests and demonstrations.
//
//	verify demo
//	verify emulate
//	VERIFY_DSN=... verify send -to +15005550006
//	VERIFY_DSN=... verify check -to +15005550006 -code 123456
//	VERIFY_DSN=... verify doctor
//
// Its exit status says what came of it: see "verify help".
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/redis/go-redis/v9/logging"
)

func main() {
	logging.Disable() // go-redis would print addresses on its own
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second interrupt ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Getenv))
}
