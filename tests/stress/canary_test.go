package stress

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"sync"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/observe"
	"github.com/go2fa/verify/otelverify"
	"github.com/go2fa/verify/otp"
	"github.com/go2fa/verify/redisstore"
)

// canaryCode is what emulators send: easy to find wherever it should not be.
func canaryCode(digits int) string { return "9182736450"[:digits] }

// canaryPeople finds the number of anybody, with or without the calling code. It stands
// alone, since an id or a fraction may hold its digits by chance.
var canaryPeople = regexp.MustCompile(`(?i)(?:^|[^0-9a-z.]|%2b|u002b)(1?500[1-6][0-9]{6})(?:$|[^0-9a-z])`)

func TestANumberIsFoundWhereItStandsAlone(t *testing.T) {
	for _, to := range []string{phone(1_000_000), phone(1_000_000 + apart*replays), phone(4_000_000 + apart*replays)} {
		for _, text := range []string{to, to[1:], to[2:], "to " + to + ".", "otp:" + to[1:] + ":login", `{"to":"` + to[1:] + `"}`, "?to=%2B" + to[1:], `"\u002b` + to[1:] + `"`} {
			w := new(canaries)
			w.search("a text", text, nil)
			assert.Len(t, w.hits, 1, text)
		}
		for _, chance := range []string{"subject=ab" + to[2:] + "cdef", "subject=abcdef" + to[2:], "0." + to[2:], "0.00" + to[2:]} {
			w := new(canaries)
			w.search("a text", chance, nil)
			assert.Empty(t, w.hits)
		}
	}
}

// canaries look for secrets in all that anybody is told.
type canaries struct {
	observers []observe.Observer
	metrics   *sdkmetric.ManualReader
	spans     *tracetest.InMemoryExporter
	redis     *redisstore.Store // nil without a server
	prefix    string
	dumped    func() string

	mu    sync.Mutex
	log   bytes.Buffer
	codes []string // of otp, which makes its own
	looks int
	hits  []string
}

func newCanaries(t *testing.T) *canaries {
	w := &canaries{metrics: sdkmetric.NewManualReader(), spans: tracetest.NewInMemoryExporter()}
	meters := sdkmetric.NewMeterProvider(sdkmetric.WithReader(w.metrics))
	traces := sdktrace.NewTracerProvider(sdktrace.WithSyncer(w.spans))
	t.Cleanup(func() {
		assert.NoError(t, meters.Shutdown(context.Background()))
		assert.NoError(t, traces.Shutdown(context.Background()))
	})
	telemetry, err := otelverify.New(otelverify.Config{MeterProvider: meters, TracerProvider: traces})
	require.NoError(t, err)
	w.observers = []observe.Observer{observe.Slog(slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{ReplaceAttr: timeless}))), telemetry}
	if noRedis == "" {
		w.redis, w.prefix = redisStore(t)
		client := redisClient(t)
		w.dumped = func() string { return dump(t, client, w.prefix) }
	}
	return w
}

// store is one of the run, or every second time the one on Redis.
func (w *canaries) store(n int) otp.Store {
	if w.redis == nil || (n/2+n/100)%2 == 0 {
		return new(otp.MemoryStore)
	}
	return w.redis
}

// Write takes what is logged.
func (w *canaries) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.Write(line)
}

// look searches what a caller was told for the secrets of a run.
func (w *canaries) look(r *run, receipt verify.Receipt, err error) {
	var told strings.Builder
	printAll(&told, receipt)
	for e := err; e != nil; e = errors.Unwrap(e) {
		printAll(&told, e)
		if many, ok := e.(interface{ Unwrap() []error }); ok {
			for _, cause := range many.Unwrap() {
				printAll(&told, cause)
			}
		}
	}
	printAll(&told, observe.New(r.verifier))
	secrets := append([]string{"127.0.0.1", "canary", "elsewhere", "http:", "https:"}, r.secrets...)
	w.search("what a caller is told", told.String(), secrets, r.code)

	w.mu.Lock()
	defer w.mu.Unlock()
	w.looks++
	if r.code != "" && !r.checks {
		w.codes = append(w.codes, r.code)
	}
}

// printAll writes v under every verb, and as JSON.
func printAll(to *strings.Builder, v any) {
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x"} {
		_, _ = fmt.Fprintf(to, verb+"\n", v)
	}
	_ = json.NewEncoder(to).Encode(v) // a foreign cause may not encode
}

// timeless leaves out what may look like a code by chance.
func timeless(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// traced are the spans without their times and ids, for the same reason.
func (w *canaries) traced() string {
	var all strings.Builder
	for _, s := range w.spans.GetSpans() {
		_ = json.NewEncoder(&all).Encode([]any{s.Name, s.Status, s.Attributes, s.Resource}) // a Builder takes everything
		for _, e := range s.Events {
			_ = json.NewEncoder(&all).Encode([]any{e.Name, e.Attributes})
		}
	}
	return all.String()
}

// search notes every secret that stands in text. A code must stand alone: a
// longer number, or one in hexadecimal, may hold its digits by chance.
func (w *canaries) search(where, text string, secrets []string, codes ...string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if number := canaryPeople.FindStringSubmatch(text); number != nil {
		w.hits = append(w.hits, where+" holds a number of a person: "+number[1])
	}
	for _, s := range secrets {
		if strings.Contains(text, s) {
			w.hits = append(w.hits, where+" holds "+s)
		}
	}
	numbers := map[string]bool{}
	for _, n := range strings.FieldsFunc(text, func(c rune) bool { return !unicode.IsLetter(c) && !unicode.IsDigit(c) }) {
		numbers[n] = true
	}
	for _, c := range codes {
		if len(c) >= 6 && numbers[c] {
			w.hits = append(w.hits, where+" holds the code "+c)
		}
	}
}

// report searches what was kept of all runs together.
func (w *canaries) report(t *testing.T, runs int) {
	t.Helper()
	var all metricdata.ResourceMetrics
	require.NoError(t, w.metrics.Collect(context.Background(), &all))
	metrics, err := json.Marshal(all.ScopeMetrics)
	require.NoError(t, err)
	spans := w.traced()
	require.NotEmpty(t, spans)

	var secrets []string
	for _, k := range kinds() {
		secrets = append(secrets, k.secrets...)
	}
	secrets = append(secrets, "127.0.0.1", "elsewhere")
	codes := append(w.codes, canaryCode(6), canaryCode(7))
	logged := w.log.String()
	for where, text := range map[string]string{"the log": logged, "a metric": string(metrics), "a span": spans} {
		w.search(where, text, secrets, codes...)
	}
	dumped := "no Redis here"
	if w.dumped != nil {
		raw := w.dumped()
		w.search("Redis", raw, nil, codes...)
		dumped = grouped(len(raw)) + " bytes of Redis"
	}
	assert.Empty(t, w.hits)
	figure(t, "secrets: %v hits of code, token, API key and phone in %v runs: errors and receipts under 7 verbs and JSON, %v bytes of log, %v of metrics, %v of spans, %s",
		len(w.hits), runs, len(logged), len(metrics), len(spans), dumped)
}
