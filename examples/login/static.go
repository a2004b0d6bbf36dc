package main

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"io/fs"
	"net/http"
	"sync"
)

//go:embed static
var static embed.FS

// staticPath is where the files of this build are. It holds a hash of them all, so
// that a browser may keep them for good: the next build has another path.
var staticPath = sync.OnceValue(func() string {
	h := sha256.New()
	_ = fs.WalkDir(static, "static", func(path string, _ fs.DirEntry, _ error) error {
		text, _ := static.ReadFile(path) // nothing, of the folder itself
		_, _ = h.Write(text)
		return nil
	}) // they are embedded: they are there
	return "/static/" + base64.RawURLEncoding.EncodeToString(h.Sum(nil))[:16] + "/"
})

// serveStatic serves the files of this build, and of no other.
func serveStatic() http.Handler {
	files, _ := fs.Sub(static, "static") // the folder is embedded: it is there
	serve := http.StripPrefix(staticPath(), http.FileServerFS(files))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		serve.ServeHTTP(w, r)
	})
}
