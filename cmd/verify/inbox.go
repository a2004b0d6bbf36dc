package main

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/go2fa/verify/emulator"
)

// keep is how many messages the inbox holds.
const keep = 1000

var (
	//go:embed inbox.html
	skeleton string
	//go:embed inbox.css
	style string
	//go:embed inbox.js
	script string
)

// An inbox collects what the emulated vendors send. Its methods are safe for
// concurrent use once places are set.
type inbox struct {
	places []place
	began  time.Time

	mu       sync.Mutex
	messages []received // the oldest first
	count    int
}

// A received message has a number, so that the page knows it again.
type received struct {
	emulator.Message
	Number int
	Named  string // the scope as the vendor calls it; empty for the empty scope
}

// Clock is the time of the day at which m came.
func (m received) Clock() string { return m.At.Local().Format(time.TimeOnly) }

// Stamp is that instant for machines.
func (m received) Stamp() string { return m.At.UTC().Format(time.RFC3339Nano) }

func (b *inbox) add(m emulator.Message, scope string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.count++
	b.messages = append(b.messages, received{m, b.count, scope})
	if len(b.messages) > keep {
		b.messages = b.messages[1:] // append moves the rest once in a while
	}
}

// newestFirst returns what came, the last before the others.
func (b *inbox) newestFirst() []received {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make([]received, 0, len(b.messages))
	for i := len(b.messages) - 1; i >= 0; i-- {
		all = append(all, b.messages[i])
	}
	return all
}

func (b *inbox) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", b.html)
	mux.HandleFunc("GET /inbox.json", b.json)
	return guarded(mux)
}

// html writes the page, and nothing if it is the one that the reader has.
func (b *inbox) html(w http.ResponseWriter, r *http.Request) {
	messages := b.newestFirst()
	newest := 0
	if len(messages) > 0 {
		newest = messages[0].Number
	}
	tag := fmt.Sprintf(`"%d-%d"`, b.began.UnixNano(), newest)
	w.Header().Set("ETag", tag)
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	say(w, "%s", document(b.places, messages))
}

func (b *inbox) json(w http.ResponseWriter, _ *http.Request) {
	messages := []emulator.Message{} // an empty inbox is [], not null
	for _, m := range b.newestFirst() {
		messages = append(messages, m.Message)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(messages) // the reader has gone: nobody to tell
}

// guarded lets the page do what it does itself, and nothing that a message or
// another site might want.
func guarded(next http.Handler) http.Handler {
	policy := "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
		"connect-src 'self'; img-src data:; style-src '" + hash(style) + "'; script-src '" + hash(script) + "'"
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
