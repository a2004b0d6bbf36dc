package otelverify_test

import (
	"context"
	"fmt"
	"log"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/go2fa/verify"
	"github.com/go2fa/verify/mocks"
	"github.com/go2fa/verify/observe"
	"github.com/go2fa/verify/otelverify"
)

func Example() {
	spans := tracetest.NewInMemoryExporter() // in production, the exporter of your collector
	o, err := otelverify.New(otelverify.Config{
		TracerProvider: sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans)),
		MeterProvider:  sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader())),
		Scopes:         []string{"login"},
	})
	if err != nil {
		log.Fatal(err)
	}
	v := observe.New(mocks.NewFake("135790"), o)

	ctx, to, login := context.Background(), "+15005550006", verify.WithScope("login")
	_, _ = v.Send(ctx, to, login)
	_ = v.Check(ctx, to, "246801", login)
	_ = v.Check(ctx, to, "135790", login)

	for _, span := range spans.GetSpans() {
		fmt.Print(span.Name)
		for _, a := range span.Attributes {
			fmt.Printf(" %s=%s", a.Key, a.Value.String())
		}
		fmt.Println()
	}
	// Output:
	// verify.send verify.vendor=fake verify.channel=sms verify.scope=login verify.country=US verify.requests=1
	// verify.check verify.vendor=fake verify.channel=sms verify.scope=login error.type=mismatch verify.country=US verify.requests=1
	// verify.check verify.vendor=fake verify.channel=sms verify.scope=login verify.country=US
}
