package bench

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
)

// serve is the vendor on loopback, until the process that started it has gone.
func serve() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	return http.Serve(listener, http.HandlerFunc(reply))
}

func reply(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // a client that has gone away is its own loss
	status, body := answer(r.URL.Path)
	w.Header()["Content-Type"] = header["Content-Type"]
	w.Header()["Twilio-Request-Id"] = header["Twilio-Request-Id"]
	w.Header()["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}
