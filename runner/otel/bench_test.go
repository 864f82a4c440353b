package otel_test

import (
	"context"
	"fmt"
	"testing"

	"go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/otel"
)

// What telemetry costs a step, with the SDK's providers: with everything sampled
// out, metrics are told of all the same.
func BenchmarkStep(b *testing.B) {
	const n = 100
	plain := steps()
	for i := range n {
		plain = plain.Step(fmt.Sprint("step", i), pass).Builder
	}
	plan := plain.MustBuild()
	meters := metric.NewMeterProvider(metric.WithReader(metric.NewManualReader()))
	for _, way := range []struct {
		name    string
		options []runner.Option
	}{
		{"without", nil},
		{"not set up", []runner.Option{plainInstrument()}},
		{"sampled out", []runner.Option{otel.Instrument(otel.WithMeterProvider(meters),
			otel.WithTracerProvider(sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample()))))}},
		{"sampled", []runner.Option{otel.Instrument(otel.WithMeterProvider(meters),
			otel.WithTracerProvider(sdktrace.NewTracerProvider()))}},
	} {
		b.Run(way.name, func(b *testing.B) {
			r := runner.NewSync(plan, way.options...)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := r.Run(context.Background(), order{}); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/step")
		})
	}
}
