package otel

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner"
)

// scope names this package to those who collect what it tells.
const scope = "github.com/taskchain-go/taskchain/runner/otel"

// An Option is an option of Instrument: WithTracerProvider or WithMeterProvider.
type Option struct {
	tracers trace.TracerProvider
	meters  metric.MeterProvider
}

// WithTracerProvider has spans made by provider. The default, also for nil, is
// the global one at the time of Instrument.
func WithTracerProvider(provider trace.TracerProvider) Option { return Option{tracers: provider} }

// WithMeterProvider has metrics made by provider. The default, also for nil, is
// the global one at the time of Instrument.
func WithMeterProvider(provider metric.MeterProvider) Option { return Option{meters: provider} }

// Instrument makes the option by which a runner shows its executions in
// OpenTelemetry. Give it before other interceptors if they are to see the step's
// span in their ctx. One may serve any number of runners.
func Instrument(opts ...Option) runner.Option {
	tracers, meters := otel.GetTracerProvider(), otel.GetMeterProvider()
	for _, opt := range opts {
		if opt.tracers != nil {
			tracers = opt.tracers
		}
		if opt.meters != nil {
			meters = opt.meters
		}
	}
	t := &telemetry{
		tracer:  tracers.Tracer(scope, trace.WithSchemaURL(semconv.SchemaURL)),
		metrics: newMetrics(meters.Meter(scope, metric.WithSchemaURL(semconv.SchemaURL))),
	}
	return runner.Options(runner.WithObserver(t.observe), runner.WithInterceptor(t.intercept))
}

// A telemetry is what one Instrument has set up.
type telemetry struct {
	tracer       trace.Tracer
	metrics      *metrics
	descriptions cache[description, trace.SpanStartEventOption]
}

// A description is what all spans of one step have in common.
type description struct {
	plan string
	at   place
}

// describe is the attributes of a step's span, by which it may also be sampled.
func (t *telemetry) describe(plan string, at place, kind string) trace.SpanStartOption {
	return t.descriptions.get(description{plan, at}, func() trace.SpanStartEventOption {
		return trace.WithAttributes(keyPlan.String(plan), keyPath.String(at.path), keyKind.String(kind), keyPhase.String(at.phase.String()))
	})
}

// observe is told each event of each execution, in order.
func (t *telemetry) observe(ctx context.Context, e chain.Event) {
	if r := t.runOf(ctx, e.Kind == chain.KindPlanStarted); r != nil {
		r.observe(ctx, e)
	}
}

// intercept stands around each attempt.
func (t *telemetry) intercept(ctx context.Context, step chain.StepInfo, next func(context.Context) error) error {
	r := t.runOf(ctx, false)
	if r == nil {
		return next(ctx)
	}
	at := place{step.Path, step.Phase}
	if r.untold() {
		return r.alone(ctx, at, step.Attempt, next)
	}
	err := next(trace.ContextWithSpan(ctx, r.spanAt(at)))
	if err != nil {
		r.remember(at, faultOf(ctx, step.Attempt, err))
	}
	return err
}

// runOf is the run that ctx belongs to. It is kept with the execution, and goes
// away with it. An observer may be told of an attempt after that has begun, by
// another branch of a Parallel: whoever comes first makes what is not there.
func (t *telemetry) runOf(ctx context.Context, begins bool) *run {
	exec, ok := chain.AnyFromContext(ctx)
	if !ok {
		return nil
	}
	old, _ := exec.Attached(t).(*run)
	if old != nil && !begins {
		return old
	}
	if old != nil {
		old.abandon()
	}
	info, _ := chain.ExecutionFrom(ctx)
	r := &run{telemetry: t, exec: exec, info: info, ctx: under(ctx, exec), open: map[place]*work{}}
	exec.Attach(t, r)
	return r
}
