package temporal_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/interceptor"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner/temporal"
)

// With the SDK's own interceptor for OpenTelemetry an execution is in the trace of
// who started it, down to what its steps call.
func TestOpenTelemetryHasOneTrace(t *testing.T) {
	dial(t)
	kept := tracetest.NewInMemoryExporter()
	tracer := sdktrace.NewTracerProvider(sdktrace.WithSyncer(kept)).Tracer("test")
	tracing, err := opentelemetry.NewTracingInterceptor(opentelemetry.TracerOptions{Tracer: tracer})
	require.NoError(t, err)
	c, err := client.Dial(client.Options{HostPort: server.FrontendHostPort(), Logger: quiet(),
		Interceptors: []interceptor.ClientInterceptor{tracing}}) // workers have those of their client
	require.NoError(t, err)
	defer c.Close()
	calls := func(ctx context.Context, _ *book) error {
		_, call := tracer.Start(ctx, "call")
		call.End()
		return nil
	}
	plan := chain.New[book]().
		Step("a", calls).Compensate(calls).
		Step("b", func(context.Context, *book) error { return errors.New("boom") }).
		OnFailure(policy.Compensate).MustBuild()
	name := newName()
	work(t, c, name, plan)

	ctx, request := tracer.Start(t.Context(), "request")
	_, err = temporal.NewRunner(c, plan, temporal.Name(name)).Run(ctx, book{})
	request.End()

	require.ErrorContains(t, err, "boom")
	names := map[string]string{}
	for _, s := range kept.GetSpans() {
		require.Equal(t, request.SpanContext().TraceID(), s.SpanContext.TraceID(), s.Name)
		names[s.SpanContext.SpanID().String()] = s.Name
	}
	tree := map[string]bool{} // a replay tells of a workflow's span once more
	for _, s := range kept.GetSpans() {
		tree[names[s.Parent.SpanID().String()]+" > "+s.Name] = true
	}
	begun, a, b, undo := "RunWorkflow:taskchain.v1/"+name, "Activity:"+name+"/a", "Activity:"+name+"/b", "Activity:"+name+"/a//compensation"
	require.ElementsMatch(t, []string{
		" > request",
		"request > StartWorkflow:taskchain.v1/" + name,
		"StartWorkflow:taskchain.v1/" + name + " > " + begun,
		begun + " > Start" + a, "Start" + a + " > Run" + a, "Run" + a + " > call",
		begun + " > Start" + b, "Start" + b + " > Run" + b,
		begun + " > Start" + undo, "Start" + undo + " > Run" + undo, "Run" + undo + " > call",
	}, slices.Collect(maps.Keys(tree)))
}
