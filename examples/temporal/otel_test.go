package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/opentelemetry"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner/otel"
	"github.com/taskchain-go/taskchain/runner/temporal"
)

// With runner/otel an execution on Temporal is a trace. With the SDK's interceptor
// besides, attempts and what they call are in that one's instead. This stands here
// because neither module is to depend on the other.
func TestOpenTelemetry(t *testing.T) {
	address := serve(t)
	steps := []string{
		" > execution checkout",
		"execution checkout > step a", "execution checkout > step b", "execution checkout > compensation a",
	}
	require.Subset(t, spansOf(t, address, "alone", false), append(steps,
		"execution checkout > attempt a", "attempt a > call",
		"execution checkout > attempt b",
	))
	require.Subset(t, spansOf(t, address, "both", true), append(steps,
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

// The environment of a process that is a worker and dies in the middle of a step.
const deserterOf = "EXAMPLE_TEST_DESERTER"

func beDeserter(address string) {
	c, err := client.Dial(client.Options{HostPort: address, Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	if err != nil {
		panic(err)
	}
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSyncer(traceIDs{}))
	w := worker.New(c, "moved", temporal.Recommended(worker.Options{}))
	plan := movedPlan(func(context.Context, *int) error { os.Exit(1); return nil })
	if err := temporal.Register(w, plan, temporal.With(otel.Instrument(otel.WithTracerProvider(tracers)))); err != nil {
		panic(err)
	}
	if err := w.Run(nil); err != nil {
		panic(err)
	}
}

// traceIDs writes to standard output which spans have ended, and in which trace.
type traceIDs struct{}

func (traceIDs) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	for _, s := range spans {
		fmt.Println(s.SpanContext().TraceID(), s.Name())
	}
	return nil
}

func (traceIDs) Shutdown(context.Context) error { return nil }

func movedPlan(b builder.StepFunc[int]) *builder.Plan[int] {
	pass := func(context.Context, *int) error { return nil }
	return chain.New[int]().Named("moved").
		Process("p", chain.New[int]().Step("a", pass).Step("b", b)).
		Step("c", func(context.Context, *int) error { return errors.New("boom") }).
		OnFailure(policy.Compensate).MustBuild()
}

// An execution whose worker was killed is one span all the same, from its begin on,
// and all of it one trace.
func TestOpenTelemetryAfterALostWorker(t *testing.T) {
	address := serve(t)
	c, err := client.Dial(client.Options{HostPort: address})
	require.NoError(t, err)
	defer c.Close()
	plan := movedPlan(func(context.Context, *int) error { return nil })
	h, err := temporal.NewRunner(c, plan, temporal.Heartbeat(time.Second)).Start(t.Context(), 0)
	require.NoError(t, err)

	deserter := exec.CommandContext(t.Context(), os.Args[0])
	deserter.Env = append(os.Environ(), deserterOf+"="+address)
	told, err := deserter.Output()
	require.Error(t, err, "it has killed itself")
	lost := time.Now()
	ended := strings.Fields(string(told)) // trace, "attempt", "p/a", trace, "step", "p/a"
	require.Subset(t, ended, []string{"attempt", "step", "p/a"})
	require.NotContains(t, ended, "execution")

	kept := tracetest.NewInMemoryExporter()
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSyncer(kept))
	w := worker.New(c, "moved", temporal.Recommended(worker.Options{}))
	require.NoError(t, temporal.Register(w, plan, temporal.With(otel.Instrument(otel.WithTracerProvider(tracers)))))
	require.NoError(t, w.Start())
	defer w.Stop()
	_, err = h.Wait(t.Context())
	require.ErrorContains(t, err, "boom")

	begun := map[string]time.Time{}
	for _, s := range kept.GetSpans() {
		require.NotContains(t, begun, s.Name, "which ends once")
		begun[s.Name] = s.StartTime
		require.Equal(t, ended[0], s.SpanContext.TraceID().String(), s.Name)
	}
	require.Len(t, begun, 6, "%v", begun) // execution, process p, b and c with an attempt each
	require.True(t, begun["execution moved"].Before(lost), "it began where it began")
	require.True(t, begun["process p"].Before(lost))
}

// So is one that has gone on with new histories.
func TestOpenTelemetryOfNewHistories(t *testing.T) {
	address := serve(t)
	c, err := client.Dial(client.Options{HostPort: address})
	require.NoError(t, err)
	defer c.Close()
	kept := tracetest.NewInMemoryExporter()
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSyncer(kept))
	var begun time.Time
	plan := movedPlan(func(context.Context, *int) error { begun = time.Now(); return nil })
	w := worker.New(c, "moved", temporal.Recommended(worker.Options{}))
	require.NoError(t, temporal.Register(w, plan, temporal.With(otel.Instrument(otel.WithTracerProvider(tracers)))))
	require.NoError(t, w.Start())
	defer w.Stop()
	h, err := temporal.NewRunner(c, plan, temporal.MaxHistory(1)).Start(t.Context(), 0)
	require.NoError(t, err)
	_, err = h.Wait(t.Context())
	require.ErrorContains(t, err, "boom")

	ends := map[string]int{}
	for _, s := range kept.GetSpans() {
		ends[s.Name]++
		require.Equal(t, kept.GetSpans()[0].SpanContext.TraceID(), s.SpanContext.TraceID(), s.Name)
		if s.Name == "execution moved" {
			require.True(t, s.StartTime.Before(begun), "it began before the second step")
			require.Len(t, s.Links, 1, "to that in an earlier history")
		}
	}
	require.Equal(t, map[string]int{
		"execution moved": 1, "process p": 1, "step p/a": 1, "step p/b": 1, "step c": 1,
		"attempt p/a": 1, "attempt p/b": 1, "attempt c": 1,
	}, ends)
}
