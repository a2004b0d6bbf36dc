package bench

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// The account and the answers are those of Twilio Verify's documentation:
// https://www.twilio.com/docs/verify/api/verification and
// https://www.twilio.com/docs/verify/api/verification-check.
const (
	account = "AC00000000000000000000000000000000"
	token   = "placeholder"
	service = "VA00000000000000000000000000000000"
	phone   = "+15005550006"
	typed   = "123456"

	sendPath  = "/v2/Services/" + service + "/Verifications"
	sent      = `{"sid":"VE00000000000000000000000000000000","service_sid":"VA00000000000000000000000000000000","account_sid":"AC00000000000000000000000000000000","to":"+15005550006","channel":"sms","status":"pending","valid":false,"date_created":"2020-01-14T22:16:45Z","date_updated":"2020-01-14T22:22:35Z","lookup":{"messenger":{"mobile_country_code":"310","type":"mobile","error_code":null,"mobile_network_code":"160","name":"Example"}},"amount":null,"payee":null,"send_code_attempts":[{"time":"2020-01-14T22:16:45Z","channel":"sms","attempt_sid":"VL00000000000000000000000000000000"}],"sna":null,"url":"https://verify.twilio.com/v2/Services/VA00000000000000000000000000000000/Verifications/VE00000000000000000000000000000000"}`
	checkPath = "/v2/Services/" + service + "/VerificationCheck"
	approved  = `{"status":"approved","payee":null,"date_updated":"2020-01-15T17:33:10Z","account_sid":"AC00000000000000000000000000000000","to":"+15005550006","amount":null,"valid":true,"sid":"VE00000000000000000000000000000000","date_created":"2020-01-15T17:32:56Z","service_sid":"VA00000000000000000000000000000000","channel":"sms"}`
)

// answer is what the vendor says to a request.
func answer(path string) (status int, body string) {
	switch path {
	case sendPath:
		return http.StatusCreated, sent
	case checkPath:
		return http.StatusOK, approved
	}
	return http.StatusNotFound, ""
}

// memory is the vendor without a network.
type memory struct{}

func (memory) RoundTrip(r *http.Request) (*http.Response, error) {
	_, _ = io.Copy(io.Discard, r.Body) // of memory
	_ = r.Body.Close()
	status, body := answer(r.URL.Path)
	return &http.Response{
		StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)), Request: r, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}, nil
}

var header = http.Header{
	"Content-Type":      {"application/json"},
	"Twilio-Request-Id": {"RQ00000000000000000000000000000000"},
}

// stub marks the process that is the vendor on loopback: one of its own, so that
// the processor time of a benchmark is the client's.
const stub = "BENCH_STUB"

func TestMain(m *testing.M) {
	if os.Getenv(stub) == "" {
		os.Exit(m.Run())
	}
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// loopback starts the vendor in a process of its own and returns its address.
var loopback = sync.OnceValues(func() (string, error) {
	program, err := os.Executable()
	if err != nil {
		return "", err
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), stub+"=1")
	if alive, err = cmd.StdinPipe(); err != nil {
		return "", err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	address, err := bufio.NewReader(out).ReadString('\n')
	return strings.TrimSpace(address), err
})

// alive ends with this process, and the stub with it. A collector would close it
// earlier.
var alive io.WriteCloser
