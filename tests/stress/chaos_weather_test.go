package stress

import (
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
)

// The odds of chaos, in a hundred: of each point of the wire, and of each call of
// a store or a ledger.
const (
	wireFaults  = 30
	storeFaults = 5
)

// A sky decides what fails. It is drawn from one seed, and knows what the vendors
// and the stores answered in truth.
type sky struct {
	mu     sync.Mutex
	rng    *rand.Rand
	fair   bool // nothing fails
	faults int
	yes    int // approvals by a vendor or a store
}

// strikes says whether this point fails, and in which of n ways.
func (s *sky) strikes(odds, n int) (way int, fails bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fair || s.rng.IntN(100) >= odds {
		return 0, false
	}
	s.faults++
	return s.rng.IntN(n), true
}

func (s *sky) approve() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.yes++
}

// yeses returns how many approvals there were since the last call.
func (s *sky) yeses() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.yes
	s.yes = 0
	return n
}

// A weather is the wire to one vendor. It may fail before there is a connection,
// before the vendor has the request, and after.
type weather struct {
	*sky
	vendor http.Handler
}

// RoundTrip implements http.RoundTripper.
func (w weather) RoundTrip(r *http.Request) (*http.Response, error) {
	if way, fails := w.strikes(wireFaults, 3); fails {
		refuse(r)
		return unmade(r, way)
	}
	connect(r)
	write(r)
	if way, fails := w.strikes(wireFaults, 8); fails {
		return unheard(r, way)
	}
	resp := deliver(w.vendor, r)
	if isYes(r, resp) {
		w.approve()
	}
	if way, fails := w.strikes(wireFaults, 9); fails {
		return unanswered(r, resp, way)
	}
	return resp, nil
}

// isYes reads a vendor's true answer to a check.
func isYes(r *http.Request, resp *http.Response) bool {
	body, _ := io.ReadAll(resp.Body) // of memory
	resp.Body = io.NopCloser(strings.NewReader(string(body)))
	text, path := string(body), r.URL.Path
	switch {
	case resp.StatusCode != http.StatusOK:
		return false
	case strings.HasSuffix(path, "/VerificationCheck"):
		return strings.Contains(text, `"status":"approved"`)
	case strings.HasSuffix(path, "/code/verify"):
		return strings.Contains(text, `"valid":true`)
	}
	return strings.HasSuffix(path, "/phones/verification/check")
}

// unmade is a connection that is refused, not found, or never made.
func unmade(r *http.Request, way int) (*http.Response, error) {
	switch way {
	case 0:
		return nil, &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	case 1:
		return nil, &net.DNSError{Err: "no such host", Name: "canary.example", IsNotFound: true}
	}
	return stalled(r)
}

func stalled(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// unheard is a request that never gets to the vendor.
func unheard(r *http.Request, way int) (*http.Response, error) {
	switch way {
	case 0:
		return nil, syscall.ECONNRESET
	case 1:
		return nil, io.ErrUnexpectedEOF
	case 2:
		return stalled(r)
	case 3:
		return answer(r, http.StatusTooManyRequests, "", http.Header{"Retry-After": {"1"}}), nil
	case 4:
		return answer(r, http.StatusTooManyRequests, page, http.Header{"Retry-After": {"86400"}}), nil
	case 5:
		return answer(r, http.StatusBadGateway, page, nil), nil
	case 6:
		return answer(r, http.StatusTemporaryRedirect, "", http.Header{"Location": {forwarded}}), nil
	}
	return answer(r, http.StatusRequestTimeout, "", nil), nil
}

// unanswered is an answer that is lost or spoiled on its way.
func unanswered(r *http.Request, resp *http.Response, way int) (*http.Response, error) {
	body, _ := io.ReadAll(resp.Body) // of memory
	text := string(body)
	switch way {
	case 0:
		return nil, syscall.ECONNRESET
	case 1:
		return nil, io.EOF
	case 2:
		return stalled(r)
	case 3:
		return answer(r, http.StatusInternalServerError, page, nil), nil
	case 4:
		return answer(r, http.StatusServiceUnavailable, "", http.Header{"Retry-After": {"1"}}), nil
	case 5:
		return answer(r, http.StatusGatewayTimeout, page, nil), nil
	case 6:
		return answer(r, resp.StatusCode, text[:len(text)/2], resp.Header), nil
	case 7:
		cut := answer(r, resp.StatusCode, "", resp.Header)
		cut.Body, cut.ContentLength = io.NopCloser(&broken{text: text[:len(text)/2]}), int64(len(text))
		return cut, nil
	}
	return answer(r, resp.StatusCode, strings.Repeat(" ", 65<<10)+text, resp.Header), nil
}

// A broken body ends in the middle.
type broken struct{ text string }

// Read implements io.Reader.
func (b *broken) Read(p []byte) (int, error) {
	if b.text == "" {
		return 0, io.ErrUnexpectedEOF
	}
	n := copy(p, b.text)
	b.text = b.text[n:]
	return n, nil
}
