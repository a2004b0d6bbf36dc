// Package health serves what [verify.Prober] finds, for monitors and dashboards.
//
//	v, err := vendors.Open(os.Getenv("VERIFY_DSN"))
//	http.Handle("GET /internal/verify", health.New(v, health.Config{}))
//
// The answer is JSON, 200 while codes can be sent and 503 when not:
//
//	{"status": "degraded", "checked_at": "2026-01-02T03:04:05Z", "parts": [
//		{"name": "twilio", "status": "failing", "outcome": "unauthorized",
//		 "detail": "twilio: probe: unauthorized: the credentials are wrong, or of another region (HTTP 401, 20003)"},
//		{"name": "bandwidth", "status": "ok"}]}
//
// Alarm on any status but ok. Do not let it decide whether a process lives or gets
// traffic: a vendor that is down is no fault of the process, and a restart mends
// nothing.
//
// # Privacy
//
// The answer names vendors, and holds no credential, recipient, code or URL. It says
// which vendors you use, so serve it inside only.
package health

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"sync"
	"time"

	"github.com/go2fa/verify"
)

const (
	defaultEvery   = time.Minute
	defaultTimeout = 10 * time.Second
	leastEvery     = 10 * time.Second
)

// A Config says how often a Verifier is probed.
type Config struct {
	// Every is how long an answer is kept: vendors count and bill requests, and a
	// probe may be several. At least 10 seconds. Defaults to 1 minute.
	Every time.Duration
	// Timeout is for one probe of all parts. Defaults to 10 seconds.
	Timeout time.Duration
}

// The statuses of a part and of all.
const (
	OK       = "ok"       // no fault was found
	Degraded = "degraded" // a part fails, and another one serves
	Failing  = "failing"  // no code can be sent, or none can be kept
	Unknown  = "unknown"  // it cannot be asked
)

// A Report is what is served.
type Report struct {
	Status    string    `json:"status"`
	CheckedAt time.Time `json:"checked_at"`
	Parts     []Part    `json:"parts,omitempty"`
}

// A Part is one backend of a failover, one vendor below an engine, a store or a
// ledger, or the whole Verifier.
type Part struct {
	Name    string         `json:"name"`
	Status  string         `json:"status"`
	Outcome verify.Outcome `json:"outcome,omitempty"`
	Detail  string         `json:"detail,omitempty"` // the line of a [*verify.Error]
}

// A Handler answers GET and HEAD with a [Report]. It probes at most once in
// Config.Every, however many ask, and while nobody asks it probes nothing.
type Handler struct {
	verifier verify.Verifier
	cfg      Config

	mu     sync.Mutex // held while probing, so that others wait for the same answer
	report Report
}

// New returns a Handler for v, or for the first Verifier behind it that can be
// probed. It probes nothing yet.
func New(v verify.Verifier, cfg Config) *Handler {
	cfg.Every = max(cmp.Or(cfg.Every, defaultEvery), leastEvery)
	cfg.Timeout = cmp.Or(cfg.Timeout, defaultTimeout)
	return &Handler{verifier: v, cfg: cfg}
}

// ServeHTTP serves the report. A caller that goes away ends no probe.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	report := h.Report(r.Context())
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if report.Status == Failing {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(report) // who went away needs no answer
}

// Report returns what the last probe found, and probes if that is too long ago.
func (h *Handler) Report(ctx context.Context) Report {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := time.Now()
	if !h.report.CheckedAt.IsZero() && now.Sub(h.report.CheckedAt) < h.cfg.Every {
		return h.report
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), h.cfg.Timeout)
	defer cancel()
	h.report = Report{Status: Unknown, CheckedAt: now.UTC().Truncate(time.Second), Parts: h.probe(ctx)}
	if len(h.report.Parts) > 0 {
		h.report.Status = together(h.report.Parts)
	}
	return h.report
}

// each is a composite that can be probed part by part.
type each interface {
	ProbeEach(ctx context.Context) iter.Seq2[string, error]
}

func (h *Handler) probe(ctx context.Context) (parts []Part) {
	if composite, ok := verify.As[each](h.verifier); ok {
		for name, err := range composite.ProbeEach(ctx) {
			parts = append(parts, part(name, err))
		}
		return parts
	}
	if prober, ok := verify.As[verify.Prober](h.verifier); ok {
		parts = append(parts, part(h.verifier.Capabilities().Vendor, prober.Probe(ctx)))
	}
	return parts
}

// part shows the line of a [*verify.Error], which is fit for anyone, and nothing of
// an error that is none.
func part(name string, err error) Part {
	switch err {
	case nil:
		return Part{Name: name, Status: OK}
	case verify.ErrUnsupported: //nolint:errorlint // bare: it cannot be asked
		return Part{Name: name, Status: Unknown}
	}
	p := Part{Name: name, Status: Failing, Outcome: verify.OutcomeOf(err)}
	if e := (*verify.Error)(nil); errors.As(err, &e) {
		p.Detail = e.Error()
	}
	return p
}

// shared are the parts that every code needs, whoever sends it.
var shared = map[string]bool{"store": true, "ledger": true}

// together is failing if no vendor serves, or if what all of them need does not.
func together(parts []Part) string {
	vendors, serving, status := 0, 0, OK
	for _, p := range parts {
		switch {
		case p.Status == Failing && shared[p.Name]:
			return Failing
		case p.Status == Failing:
			status = Degraded
		}
		if !shared[p.Name] {
			vendors++
			if p.Status != Failing {
				serving++
			}
		}
	}
	if vendors > 0 && serving == 0 {
		return Failing
	}
	return status
}
