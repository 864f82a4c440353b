package otel_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetrichttp"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	metricsv1 "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	tracev1 "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/otel"
)

func hex(id []byte) string { return fmt.Sprintf("%x", id) }

func plainInstrument() runner.Option { return otel.Instrument(otel.Option{}) }

// collector is a receiver of OTLP over HTTP.
type collector struct {
	*httptest.Server
	mu      sync.Mutex
	spans   map[string]*tracepb.Span // by name
	metrics []string
	faults  []error
}

func newCollector(t *testing.T) *collector {
	c := &collector{spans: map[string]*tracepb.Span{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/traces", func(_ http.ResponseWriter, r *http.Request) {
		var got tracev1.ExportTraceServiceRequest
		c.read(r, &got)
		for _, resource := range got.ResourceSpans {
			for _, scope := range resource.ScopeSpans {
				for _, s := range scope.Spans {
					c.spans[s.Name] = s
				}
			}
		}
	})
	mux.HandleFunc("POST /v1/metrics", func(_ http.ResponseWriter, r *http.Request) {
		var got metricsv1.ExportMetricsServiceRequest
		c.read(r, &got)
		for _, resource := range got.ResourceMetrics {
			for _, scope := range resource.ScopeMetrics {
				for _, m := range scope.Metrics {
					c.metrics = append(c.metrics, m.Name)
				}
			}
		}
	})
	c.Server = httptest.NewServer(mux)
	t.Cleanup(c.Close)
	return c
}

func (c *collector) read(r *http.Request, into proto.Message) {
	c.mu.Lock()
	defer c.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err == nil {
		err = proto.Unmarshal(body, into)
	}
	if err != nil {
		c.faults = append(c.faults, err)
	}
}

// From a step to a collector and to the service that the step calls, over real
// HTTP.
func TestEndToEnd(t *testing.T) {
	onEach(t, func(t *testing.T, run maker) {
		ctx := t.Context()
		collector := newCollector(t)
		spans, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(collector.URL+"/v1/traces"))
		require.NoError(t, err)
		numbers, err := otlpmetrichttp.New(ctx, otlpmetrichttp.WithEndpointURL(collector.URL+"/v1/metrics"))
		require.NoError(t, err)
		tracers := sdktrace.NewTracerProvider(sdktrace.WithBatcher(spans))
		meters := metric.NewMeterProvider(metric.WithReader(metric.NewPeriodicReader(numbers)))

		var parents []string // as the service was told
		calls := 0
		bank := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			parents = append(parents, r.Header.Get("Traceparent"))
			if calls++; calls == 1 {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		}))
		defer bank.Close()
		client := &http.Client{Transport: otelhttp.NewTransport(http.DefaultTransport,
			otelhttp.WithTracerProvider(tracers), otelhttp.WithPropagators(propagation.TraceContext{}),
			otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string { return r.URL.Path }))}
		charge := func(ctx context.Context, _ *order) error {
			step, _ := chain.StepFrom(ctx)
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, bank.URL+"/"+step.Phase.String(), nil)
			if err != nil {
				return err
			}
			resp, err := client.Do(req)
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			if resp.StatusCode != http.StatusOK {
				return errBoom
			}
			return nil
		}
		plan := steps().
			Step("charge", charge).Retry(policy.Fixed(2, 0)).Compensate(charge).
			Step("ship", fail).
			OnFailure(policy.Compensate).MustBuild()

		_, err = run(plan, otel.Instrument(otel.WithTracerProvider(tracers), otel.WithMeterProvider(meters))).Run(ctx, order{})
		require.ErrorIs(t, err, errBoom)
		require.NoError(t, tracers.Shutdown(ctx))
		require.NoError(t, meters.Shutdown(ctx))

		require.Empty(t, collector.faults)
		execution, call := collector.spans["execution checkout"], collector.spans["/compensation"]
		require.NotNil(t, execution)
		require.NotNil(t, call)
		require.Len(t, collector.spans, 6)
		require.Equal(t, execution.SpanId, collector.spans["step charge"].ParentSpanId)
		require.Equal(t, collector.spans["compensation charge"].SpanId, call.ParentSpanId)
		require.Equal(t, collector.spans["step charge"].SpanId, collector.spans["/forward"].ParentSpanId)
		require.Equal(t, tracepb.Status_STATUS_CODE_ERROR, execution.Status.Code)
		require.Equal(t, "compensated: step ship: boom", execution.Status.Message)
		require.Len(t, parents, 3)
		for _, parent := range parents {
			require.Contains(t, parent, "-"+hex(execution.TraceId)+"-", "the W3C context has the trace of the execution")
		}
		require.Contains(t, parents[2], hex(call.SpanId))
		require.ElementsMatch(t, []string{
			"taskchain.executions", "taskchain.execution.duration", "taskchain.active_executions",
			"taskchain.step.duration", "taskchain.retries", "taskchain.compensations",
		}, collector.metrics)
	})
}
