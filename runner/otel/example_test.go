package otel_test

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/otel"
)

func ExampleInstrument() {
	spans := tracetest.NewInMemoryExporter() // in a program: the exporter of OTLP
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	plan := steps().
		Step("charge", pass).Compensate(pass).
		Step("ship", fail).Retry(policy.Fixed(2, 0)).
		OnFailure(policy.Compensate).
		MustBuild()

	// readme:begin instrument
	r := runner.NewSync(plan, otel.Instrument(otel.WithTracerProvider(tracers)))
	// readme:end instrument
	_, _ = r.Run(context.Background(), order{})

	for _, s := range spans.GetSpans() {
		fmt.Printf("%s: %s %q\n", s.Name, s.Status.Code, s.Status.Description)
		for _, e := range s.Events {
			fmt.Println("   ", e.Name)
		}
	}
	// Output:
	// step charge: Unset ""
	//     attempt
	// step ship: Error "boom"
	//     attempt
	//     exception
	//     retrying
	//     attempt
	//     exception
	// compensation charge: Unset ""
	//     attempt
	// execution checkout: Error "compensated: step ship: boom"
}

func ExampleWithTracerProvider() {
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.TraceIDRatioBased(0.01)))
	option := otel.Instrument(otel.WithTracerProvider(tracers)) // for any number of runners
	_, err := runner.NewSync(steps().Step("charge", pass).MustBuild(), option).Run(context.Background(), order{})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleWithMeterProvider() {
	meters := metric.NewMeterProvider(metric.WithReader(metric.NewManualReader()))
	option := otel.Instrument(otel.WithMeterProvider(meters))
	_, err := runner.NewSync(steps().Step("charge", pass).MustBuild(), option).Run(context.Background(), order{})
	fmt.Println(err)
	// Output: <nil>
}
