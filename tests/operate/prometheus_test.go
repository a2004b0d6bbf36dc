package operate

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
	"github.com/stretchr/testify/require"
)

const rulesFile = "../../docs/operate/rules.yaml"

// A record is what Prometheus has scraped.
type record struct {
	series      map[string]*series
	first, last time.Time
}

type series struct {
	labels  labels.Labels
	samples []chunks.Sample
}

func newRecord() *record { return &record{series: map[string]*series{}} }

// scrape reads the exporter as Prometheus does.
func (w *world) scrape() {
	families, err := w.registry.Gather()
	require.NoError(w.t, err)
	now := time.Now()
	samples, err := expfmt.ExtractSamples(&expfmt.DecodeOptions{Timestamp: model.TimeFromUnixNano(now.UnixNano())}, families...)
	require.NoError(w.t, err)
	w.record.add(now, samples)
}

func (r *record) add(now time.Time, samples model.Vector) {
	if r.first.IsZero() {
		r.first = now
	}
	r.last = now
	for _, s := range samples {
		name := s.Metric.String()
		if r.series[name] == nil {
			b := labels.NewScratchBuilder(len(s.Metric) + 1)
			for k, v := range s.Metric {
				b.Add(string(k), string(v))
			}
			b.Add("instance", "login-1")
			b.Sort()
			r.series[name] = &series{labels: b.Labels()}
		}
		kept := r.series[name]
		kept.samples = append(kept.samples, sample{now.UnixMilli(), float64(s.Value)})
	}
}

// A sample implements chunks.Sample.
type sample struct {
	t int64
	v float64
}

func (s sample) T() int64                      { return s.t }
func (s sample) F() float64                    { return s.v }
func (s sample) H() *histogram.Histogram       { return nil }
func (s sample) FH() *histogram.FloatHistogram { return nil }
func (s sample) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (s sample) Copy() chunks.Sample           { return s }

// Querier makes a record what Prometheus' engine asks.
func (r *record) Querier(_, _ int64) (storage.Querier, error) {
	return &storage.MockQuerier{SelectMockFunction: func(_ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
		found := new(set)
		for _, s := range r.series {
			if !slices.ContainsFunc(matchers, func(m *labels.Matcher) bool { return !m.Matches(s.labels.Get(m.Name)) }) {
				found.all = append(found.all, storage.NewListSeries(s.labels, s.samples))
			}
		}
		slices.SortFunc(found.all, func(a, b storage.Series) int { return labels.Compare(a.Labels(), b.Labels()) })
		return found
	}}, nil
}

// A set implements storage.SeriesSet.
type set struct {
	all []storage.Series
	at  int
}

func (s *set) Next() bool                      { s.at++; return s.at <= len(s.all) }
func (s *set) At() storage.Series              { return s.all[s.at-1] }
func (*set) Err() error                        { return nil }
func (*set) Warnings() annotations.Annotations { return nil }

var engine = promql.NewEngine(promql.EngineOpts{MaxSamples: 50_000_000, Timeout: time.Minute, LookbackDelta: 5 * time.Minute})

// ask evaluates an expression at each step from the first scrape to the last.
func (r *record) ask(t *testing.T, expr string, step time.Duration) promql.Matrix {
	t.Helper()
	q, err := engine.NewRangeQuery(context.Background(), r, nil, expr, r.first, r.last, step)
	require.NoError(t, err, expr)
	answer := q.Exec(context.Background()) // not closed: that would take the points back
	require.NoError(t, answer.Err, expr)
	m, err := answer.Matrix()
	require.NoError(t, err, expr)
	return m
}

// A rule is one of docs/operate/rules.yaml, with how often it is evaluated.
type rule struct {
	rulefmt.Rule
	every time.Duration
}

// rules reads docs/operate/rules.yaml as promtool does.
func rules(t *testing.T) (all []rule) {
	t.Helper()
	groups, errs := rulefmt.ParseFile(rulesFile, false, model.UTF8Validation)
	require.Empty(t, errs)
	for _, g := range groups.Groups {
		for _, r := range g.Rules {
			all = append(all, rule{r, time.Duration(g.Interval)})
		}
	}
	require.NotEmpty(t, all)
	return all
}

// A span is from when to when an alert fires. One that still does ends at no time.
type span struct{ from, to time.Time }

// alerts returns when a rule fires: once one of its series has been there for as long
// as "for" says.
func (r *record) alerts(t *testing.T, rule rule) (fires []span) {
	t.Helper()
	firing := map[int64]bool{}
	for _, s := range r.ask(t, rule.Expr, rule.every) {
		var since, last int64
		for _, p := range s.Floats {
			if last == 0 || p.T-last > rule.every.Milliseconds() {
				since = p.T
			}
			last = p.T
			if p.T-since >= time.Duration(rule.For).Milliseconds() {
				firing[p.T] = true
			}
		}
	}
	for at := r.first; !at.After(r.last); at = at.Add(rule.every) {
		open := len(fires) > 0 && fires[len(fires)-1].to.IsZero()
		switch now := firing[at.UnixMilli()]; {
		case now && !open:
			fires = append(fires, span{from: at})
		case !now && open:
			fires[len(fires)-1].to = at
		}
	}
	return fires
}

// selectors are all metrics and labels that an expression names.
func selectors(t *testing.T, expr string) (all []*parser.VectorSelector) {
	t.Helper()
	parsed, err := parser.ParseExpr(expr)
	require.NoError(t, err, expr)
	parser.Inspect(parsed, func(n parser.Node, _ []parser.Node) error {
		if s, ok := n.(*parser.VectorSelector); ok {
			all = append(all, s)
		}
		return nil
	})
	return all
}
