package otel

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/taskchain-go/taskchain/chain"
)

// seconds are the bounds of the histograms: those that OpenTelemetry advises for
// requests, and further ones, since steps wait for retries.
var seconds = []float64{0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 30, 60, 300, 900}

type metrics struct {
	executions        metric.Int64Counter
	executionDuration metric.Float64Histogram
	active            metric.Int64UpDownCounter
	stepDuration      metric.Float64Histogram
	retries           metric.Int64Counter
	compensations     metric.Int64Counter

	sets cache[series, attributes]
}

// newMetrics makes the instruments. An error is OpenTelemetry's to handle; the
// instrument is then one that can be used and does nothing.
func newMetrics(meter metric.Meter) *metrics {
	var (
		m    metrics
		errs [6]error
	)
	m.executions, errs[0] = meter.Int64Counter("taskchain.executions",
		metric.WithUnit("{execution}"), metric.WithDescription("Executions that have ended."))
	m.executionDuration, errs[1] = meter.Float64Histogram("taskchain.execution.duration",
		metric.WithUnit("s"), metric.WithDescription("Duration of the runs of executions."), metric.WithExplicitBucketBoundaries(seconds...))
	m.active, errs[2] = meter.Int64UpDownCounter("taskchain.active_executions",
		metric.WithUnit("{execution}"), metric.WithDescription("Executions that are running."))
	m.stepDuration, errs[3] = meter.Float64Histogram("taskchain.step.duration",
		metric.WithUnit("s"), metric.WithDescription("Duration of steps and compensations, waits for retries included."), metric.WithExplicitBucketBoundaries(seconds...))
	m.retries, errs[4] = meter.Int64Counter("taskchain.retries",
		metric.WithUnit("{retry}"), metric.WithDescription("Attempts that failed and were followed by another."))
	m.compensations, errs[5] = meter.Int64Counter("taskchain.compensations",
		metric.WithUnit("{compensation}"), metric.WithDescription("Compensations that have ended."))
	if err := errors.Join(errs[:]...); err != nil {
		otel.Handle(err)
	}
	return &m
}

// A series is what makes one set of attributes.
type series struct {
	plan, path     string
	outcome, fault string
	phase          chain.Phase
}

// attributes are those of a series, in the forms that instruments want.
type attributes struct {
	record []metric.RecordOption
	add    []metric.AddOption
}

func (m *metrics) attributes(s series) attributes {
	return m.sets.get(s, func() attributes {
		attrs := []attribute.KeyValue{keyPlan.String(s.plan), keyPath.String(s.path), keyPhase.String(s.phase.String())}
		if s.outcome != "" {
			attrs = append(attrs, keyOutcome.String(s.outcome))
		}
		if s.fault != "" {
			attrs = append(attrs, semconv.ErrorTypeKey.String(s.fault))
		}
		set := metric.WithAttributeSet(attribute.NewSet(attrs...))
		return attributes{[]metric.RecordOption{set}, []metric.AddOption{set}}
	})
}

func (m *metrics) began(ctx context.Context, plan string) {
	m.active.Add(ctx, 1, metric.WithAttributes(keyPlan.String(plan)))
}

func (m *metrics) ended(ctx context.Context, plan string) {
	m.active.Add(ctx, -1, metric.WithAttributes(keyPlan.String(plan)))
}

func (m *metrics) executed(ctx context.Context, plan, status string, took time.Duration) {
	m.ended(ctx, plan)
	attrs := metric.WithAttributeSet(attribute.NewSet(keyPlan.String(plan), keyStatus.String(status)))
	m.executions.Add(ctx, 1, attrs)
	m.executionDuration.Record(ctx, took.Seconds(), attrs)
}

func (m *metrics) retried(ctx context.Context, plan string, e chain.Event) {
	m.retries.Add(ctx, 1, m.attributes(series{plan: plan, path: e.Path, phase: e.Phase}).add...)
}

// worked tells of a step or compensation that has ended. One that could not
// begin took no time: it is counted where it is a compensation, and not timed.
func (m *metrics) worked(ctx context.Context, plan string, e chain.Event, took time.Duration, fault string) {
	attrs := m.attributes(series{plan, e.Path, e.Kind.String(), fault, e.Phase})
	if e.Attempt > 0 {
		m.stepDuration.Record(ctx, took.Seconds(), attrs.record...)
	}
	if e.Phase == chain.Compensation {
		m.compensations.Add(ctx, 1, attrs.add...)
	}
}
