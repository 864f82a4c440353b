package main

import (
	"context"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner/otel"
	"github.com/taskchain-go/taskchain/runner/temporal"
)

// With runner/otel an execution on Temporal is a trace. With the SDK's interceptor
// besides, attempts and what they call are in that one's instead. This stands here
// because neither module is to depend on the other.
func TestOpenTelemetry(t *testing.T) {
	server, err := testsuite.StartDevServer(t.Context(), testsuite.DevServerOptions{
		ExistingPath: serverPath(t), LogLevel: "error", Stdout: io.Discard, Stderr: io.Discard,
	})
	require.NoError(t, err)
	defer func() { _ = server.Stop() }()
	steps := []string{
		" > execution checkout",
		"execution checkout > step a", "execution checkout > step b", "execution checkout > compensation a",
	}
	require.Subset(t, spansOf(t, server.FrontendHostPort(), "alone", false), append(steps,
		"execution checkout > attempt a", "attempt a > call",
		"execution checkout > attempt b",
	))
	require.Subset(t, spansOf(t, server.FrontendHostPort(), "both", true), append(steps,
		"RunActivity:checkout/a > attempt a", "attempt a > call",
		"RunActivity:checkout/b > attempt b",
		"RunActivity:checkout/a//compensation > attempt a",
	))
}

// spansOf is each span of an execution with the one it is inside of.
func spansOf(t *testing.T, address, id string, both bool) []string {
	kept := tracetest.NewInMemoryExporter()
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSyncer(kept))
	tracer := tracers.Tracer("test")
	o := client.Options{HostPort: address}
	if both {
		tracing, err := opentelemetry.NewTracingInterceptor(opentelemetry.TracerOptions{Tracer: tracer})
		require.NoError(t, err)
		o.Interceptors = []interceptor.ClientInterceptor{tracing}
	}
	c, err := client.Dial(o)
	require.NoError(t, err)
	defer c.Close()
	calls := func(ctx context.Context, _ *int) error {
		_, call := tracer.Start(ctx, "call")
		call.End()
		return nil
	}
	plan := chain.New[int]().Named("checkout").
		Step("a", calls).Compensate(calls).
		Step("b", func(context.Context, *int) error { return errors.New("boom") }).
		OnFailure(policy.Compensate).MustBuild()
	w := worker.New(c, "checkout", temporal.Recommended(worker.Options{}))
	require.NoError(t, temporal.Register(w, plan, temporal.With(otel.Instrument(otel.WithTracerProvider(tracers)))))
	require.NoError(t, w.Start())
	defer w.Stop()
	h, err := temporal.NewRunner(c, plan).Start(t.Context(), 0, chain.WithID(id))
	require.NoError(t, err)
	_, err = h.Wait(t.Context())
	require.ErrorContains(t, err, "boom")
	var tree []string
	for _, s := range kept.GetSpans() {
		outer := ""
		for _, o := range kept.GetSpans() {
			if o.SpanContext.Equal(s.Parent.WithRemote(false)) {
				outer = o.Name
			}
		}
		require.Equal(t, s.Parent.IsValid(), outer != "", "%s is inside of what nobody has seen", s.Name)
		tree = append(tree, outer+" > "+s.Name)
	}
	return tree
}
