package otel_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/otel"
	"github.com/taskchain-go/taskchain/runner/storetest"
)

type order struct{ Notes string }

type step = builder.StepFunc[order]

var errBoom = errors.New("boom")

func pass(context.Context, *order) error { return nil }
func fail(context.Context, *order) error { return errBoom }

// failTimes fails the first n times.
func failTimes(n int) step {
	return func(context.Context, *order) error {
		if n--; n >= 0 {
			return errBoom
		}
		return nil
	}
}

func steps() builder.Builder[order] { return chain.New[order]().Named("checkout") }

// watch is a telemetry that is kept in memory.
type watch struct {
	t       *testing.T
	spans   *tracetest.InMemoryExporter
	tracers *sdktrace.TracerProvider
	metrics *metric.ManualReader
	option  runner.Option
}

func newWatch(t *testing.T, opts ...sdktrace.TracerProviderOption) *watch {
	w := &watch{t: t, spans: tracetest.NewInMemoryExporter(), metrics: metric.NewManualReader()}
	w.tracers = sdktrace.NewTracerProvider(append(opts, sdktrace.WithSyncer(w.spans))...)
	meters := metric.NewMeterProvider(metric.WithReader(w.metrics))
	w.option = otel.Instrument(otel.WithTracerProvider(w.tracers), otel.WithMeterProvider(meters))
	return w
}

// onEach runs the test with each runner.
func onEach(t *testing.T, test func(t *testing.T, run func(*builder.Plan[order], ...runner.Option) runner.Runner[order])) {
	t.Run("sync", func(t *testing.T) {
		test(t, func(p *builder.Plan[order], o ...runner.Option) runner.Runner[order] { return runner.NewSync(p, o...) })
	})
	t.Run("async", func(t *testing.T) {
		test(t, func(p *builder.Plan[order], o ...runner.Option) runner.Runner[order] { return runner.NewAsync(p, o...) })
	})
	t.Run("durable", func(t *testing.T) {
		test(t, func(p *builder.Plan[order], o ...runner.Option) runner.Runner[order] {
			return runner.NewDurable(p, storetest.NewMemory(), o...)
		})
	})
}

// tree is the spans as text: each with what it is inside of, in order of their
// begin.
func (w *watch) tree() []string {
	spans := w.spans.GetSpans()
	slices.SortStableFunc(spans, func(a, b tracetest.SpanStub) int { return a.StartTime.Compare(b.StartTime) })
	var lines []string
	for _, s := range spans {
		line := s.Name
		for _, outer := range spans {
			if outer.SpanContext.SpanID() == s.Parent.SpanID() {
				line = outer.Name + " > " + line
			}
		}
		lines = append(lines, line)
	}
	return lines
}

func (w *watch) span(name string) tracetest.SpanStub {
	w.t.Helper()
	for _, s := range w.spans.GetSpans() {
		if s.Name == name {
			return s
		}
	}
	require.Fail(w.t, "there is no span "+name, "%v", w.tree())
	return tracetest.SpanStub{}
}

// events is what is told in a span, with the attributes of the keys.
func events(s tracetest.SpanStub, keys ...attribute.Key) []string {
	var lines []string
	for _, e := range s.Events {
		line := e.Name
		set := attribute.NewSet(e.Attributes...)
		for _, key := range keys {
			if v, ok := set.Value(key); ok {
				line += " " + v.String()
			}
		}
		lines = append(lines, line)
	}
	return lines
}

func value(s tracetest.SpanStub, key attribute.Key) string {
	set := attribute.NewSet(s.Attributes...)
	v, _ := set.Value(key)
	return v.String()
}

// measured is every series of a metric: its attributes and its value, or how
// often a histogram has been told one.
func (w *watch) measured(name string) []string {
	var all metricdata.ResourceMetrics
	require.NoError(w.t, w.metrics.Collect(context.Background(), &all))
	var lines []string
	add := func(attrs attribute.Set, n any) {
		lines = append(lines, fmt.Sprint(attrs.Encoded(attribute.DefaultEncoder()), " ", n))
	}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			if m.Name != name {
				continue
			}
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					add(p.Attributes, p.Value)
				}
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					add(p.Attributes, p.Count)
				}
			}
		}
	}
	slices.Sort(lines)
	return lines
}
