#!/usr/bin/env bash
# An alert on increase(counter[10m]) > 0 never rings for what happens once: the counter of
# an OpenTelemetry SDK appears with its first count, at 1, and Prometheus sees an increase
# only between two samples. Asking for a series that was not there before rings.
#
# Seen on 2026-11-29 (go.opentelemetry.io/otel/exporters/prometheus v0.67.0,
# github.com/prometheus/prometheus v0.308.1): one Add(1) between two scrapes, ten scrapes
# after it; increase(x[10m]) > 0 has no element at any of them,
# x unless x offset 10m has one.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
cat >go.mod <<'MOD'
module finding

go 1.26.0

require (
	github.com/prometheus/client_golang v1.24.1
	github.com/prometheus/common v0.70.1
	github.com/prometheus/prometheus v0.308.1
	go.opentelemetry.io/otel/exporters/prometheus v0.67.0
	go.opentelemetry.io/otel/sdk/metric v1.45.0
)
MOD
cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
	exporter "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/sdk/metric"
)

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

// one is a set of one series.
type one struct {
	storage.Series
	asked int
}

func (o *one) Next() bool                      { o.asked++; return o.asked == 1 }
func (o *one) At() storage.Series              { return o.Series }
func (*one) Err() error                        { return nil }
func (*one) Warnings() annotations.Annotations { return nil }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func main() {
	ctx, registry := context.Background(), prometheus.NewRegistry()
	reader := must(exporter.New(exporter.WithRegisterer(registry)))
	counter := must(metric.NewMeterProvider(metric.WithReader(reader)).Meter("m").Int64Counter("refused"))

	var samples []chunks.Sample
	began := time.Unix(1_800_000_000, 0)
	for minute := range 12 { // a scrape a minute; it happens once, between the second and the third
		if minute == 2 {
			counter.Add(ctx, 1)
		}
		for _, family := range must(registry.Gather()) {
			if family.GetName() == "refused_total" {
				at := began.Add(time.Duration(minute) * time.Minute).UnixMilli()
				samples = append(samples, sample{at, family.GetMetric()[0].GetCounter().GetValue()})
			}
		}
	}
	series := storage.NewListSeries(labels.FromStrings(labels.MetricName, "refused_total"), samples)
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1e6, Timeout: time.Minute})
	store := &storage.MockQueryable{MockQuerier: &storage.MockQuerier{SelectMockFunction: func(bool, *storage.SelectHints, ...*labels.Matcher) storage.SeriesSet {
		return &one{Series: series}
	}}}
	for _, expr := range []string{"increase(refused_total[10m]) > 0", "refused_total unless refused_total offset 10m"} {
		rings := 0
		for minute := range 12 {
			q := must(engine.NewInstantQuery(ctx, store, nil, expr, began.Add(time.Duration(minute)*time.Minute)))
			rings += len(must(q.Exec(ctx).Vector()))
		}
		fmt.Printf("%s: rings at %d of 12 scrapes\n", expr, rings)
	}
}
GO
seen=$(GOFLAGS=-mod=mod GOWORK=off go run . 2>/dev/null)
echo "$seen"
[ "$seen" = "increase(refused_total[10m]) > 0: rings at 0 of 12 scrapes
refused_total unless refused_total offset 10m: rings at 10 of 12 scrapes" ] || { echo "the behavior has changed"; exit 1; }
