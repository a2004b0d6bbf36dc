// Command verify-serve delivers the codes of other auth servers through any vendor of
// this module, for programs that are not written in Go: it serves the handlers of
// package hooks, and needs no code.
//
//	verify-serve -dsn env:VERIFY_DSN -hook supabase=env:SUPABASE_HOOK_SECRET -product Acme
//
// The auth server posts to /hooks/supabase. Monitors read /health, and a load balancer
// /ready. TLS is a proxy's, which passes /hooks/ on and nothing else. See docs/hooks.md.
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
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr, os.Getenv))
}
