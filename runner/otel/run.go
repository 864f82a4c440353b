package otel

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
)

// A run is one run of an execution, from the begin or a resume to an end: a span
// and those inside it. A runner that makes attempts in another process has a run
// there that nobody tells of events: each attempt is a span, under that in its ctx
// or that of the execution, which is known by the metadata.
type run struct {
	telemetry *telemetry
	exec      chain.Execution
	info      chain.ExecutionInfo

	mu    sync.Mutex
	begun time.Time
	span  trace.Span              // of the execution; nil in another process
	ctx   context.Context         // the span's; of nil, what the steps hang under
	open  map[place]*work         // what is under way
	kinds map[string]builder.Kind // of Processes and Parallels; made when there is one
	worst string                  // the failure that the execution's status tells of

	forgotten runtime.Cleanup // one that goes on elsewhere, or nowhere, is not active here
}

// A place is a step or its compensation.
type place struct {
	path  string
	phase chain.Phase
}

// A work is a step, Process, Parallel or compensation under way.
type work struct {
	span   trace.Span
	ctx    context.Context // the span's
	begun  time.Time
	faults []fault // of attempts that the observer has not been told of
}

func (r *run) observe(ctx context.Context, e chain.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.span == nil && e.Kind != chain.KindPlanStarted && !r.takeOver(ctx, e) {
		return
	}
	at := place{e.Path, e.Phase}
	switch e.Kind {
	case chain.KindPlanStarted:
		r.begin(ctx, e)
	case chain.KindPlanEnded:
		r.end(e)
	case chain.KindStarted, chain.KindCompensating:
		r.attempt(r.at(at, e.Time, e.Attempt == 0), e)
	case chain.KindRetrying:
		r.retrying(r.at(at, e.Time, false), e)
	case chain.KindSucceeded, chain.KindCompensated:
		r.succeeded(at, e)
	case chain.KindFailed, chain.KindCompensationFailed:
		r.failed(at, e)
	case chain.KindSkipped:
		trace.SpanFromContext(r.around(at, e.Time)).AddEvent("skipped", trace.WithTimestamp(e.Time), trace.WithAttributes(keyPath.String(e.Path)))
	case chain.KindLog:
		r.logged(at, e)
	}
}

// spanAt is the span of a step for an attempt at it.
func (r *run) spanAt(at place) trace.Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	if w := r.open[at]; w != nil {
		return w.span
	}
	return r.at(at, time.Now(), false).span
}

// untold is whether this run's events are told in another process.
func (r *run) untold() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.span == nil
}

// alone makes an attempt in a span of its own. That of the step would never end
// here, and what the attempt calls would hang under a span that nobody gets to see.
func (r *run) alone(ctx context.Context, at place, attempt int, next func(context.Context) error) error {
	_, span := r.telemetry.tracer.Start(r.ctx, "attempt "+at.path,
		r.telemetry.describe(r.info.Plan, at, r.kindOf(at, false)),
		trace.WithAttributes(keyExecution.String(r.info.ID), keyAttempt.Int(attempt)))
	defer span.End()
	err := next(trace.ContextWithSpan(ctx, span))
	if err != nil { // its text is not for everybody
		span.SetStatus(codes.Error, "")
		span.SetAttributes(semconv.ErrorTypeKey.String(faultOf(ctx, attempt, err).kind))
	}
	return err
}

// remember keeps what an attempt has failed with until the observer is told.
func (r *run) remember(at place, f fault) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if w := r.open[at]; w != nil {
		w.faults = append(w.faults, f)
	}
}

// abandon ends the spans of a run that came to no end.
func (r *run) abandon() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.span == nil {
		return
	}
	for _, w := range r.open {
		w.span.End()
	}
	r.span.SetStatus(codes.Error, "the run came to no end")
	r.span.End()
	r.forgotten.Stop()
	r.telemetry.metrics.ended(context.Background(), r.info.Plan)
	r.span, r.open = nil, map[place]*work{}
}

func (r *run) begin(ctx context.Context, e chain.Event) {
	r.begun = e.Time
	opts := []trace.SpanStartOption{
		trace.WithTimestamp(e.Time),
		trace.WithAttributes(keyPlan.String(r.info.Plan), keyExecution.String(r.info.ID)),
	}
	if before := remembered(r.exec); before.IsValid() {
		opts = append(opts, trace.WithLinks(trace.Link{SpanContext: before}))
	}
	r.ctx, r.span = r.telemetry.tracer.Start(ctx, executionName(r.info.Plan), opts...)
	inscribe(r.exec, r.span.SpanContext())
	t, plan := r.telemetry, r.info.Plan
	t.metrics.began(r.ctx, plan)
	r.forgotten = runtime.AddCleanup(r, func(plan string) { t.metrics.ended(context.Background(), plan) }, plan)
}

func (r *run) end(e chain.Event) {
	r.forgotten.Stop()
	r.telemetry.metrics.executed(r.ctx, r.info.Plan, e.Message, e.Time.Sub(r.begun))
	if r.span.IsRecording() {
		r.span.SetAttributes(keyStatus.String(e.Message))
		if e.Message != chain.Succeeded.String() {
			r.span.SetStatus(codes.Error, strings.TrimSuffix(e.Message+": "+r.worst, ": "))
		}
	}
	r.span.End(trace.WithTimestamp(e.Time))
	r.exec.Attach(r.telemetry, nil) // nothing of it is needed any more
}

// at is what is under way at a place. If nothing is, it begins.
func (r *run) at(at place, when time.Time, composite bool) *work {
	if w := r.open[at]; w != nil {
		return w
	}
	outer := r.around(at, when)
	kind := r.kindOf(at, composite)
	opts := [2]trace.SpanStartOption{r.telemetry.describe(r.info.Plan, at, kind)}
	told := opts[:1]
	if trace.SpanFromContext(outer).IsRecording() { // else the time it takes to say so is all that counts
		told = append(told, trace.WithTimestamp(when))
	}
	w := &work{begun: when}
	w.ctx, w.span = r.telemetry.tracer.Start(outer, kind+" "+at.path, told...)
	if w.span.IsRecording() {
		w.span.SetAttributes(keyExecution.String(r.info.ID))
	}
	r.open[at] = w
	return w
}

// around is the context of the span that what is at a place hangs under: that of
// the Process or Parallel around it, or the execution's. A compensation may come
// after the end of what was around its step.
func (r *run) around(at place, when time.Time) context.Context {
	for path := above(at.path); path != ""; path = above(path) {
		outer := place{path, chain.Forward}
		w := r.open[outer]
		if w == nil && at.phase == chain.Forward && r.span != nil {
			w = r.at(outer, when, true)
		}
		if w != nil {
			return w.ctx
		}
	}
	return r.ctx
}

// kindOf names what is at a place. What is attempted is a step or a
// compensation; what holds others is looked up in the plan.
func (r *run) kindOf(at place, composite bool) string {
	switch {
	case at.phase == chain.Compensation:
		return "compensation"
	case !composite:
		return "step"
	}
	if r.kinds == nil {
		r.kinds = map[string]builder.Kind{}
		for s := range r.exec.Steps() {
			if s.Kind.Composite() {
				r.kinds[s.Path] = s.Kind
			}
		}
	}
	switch r.kinds[at.path] {
	case builder.KindProcess:
		return "process"
	case builder.KindParallel:
		return "parallel"
	}
	return "step"
}

// above is the path of what a step is in, "" for the plan itself.
func above(path string) string { return path[:max(0, strings.LastIndexByte(path, '/'))] }

func (r *run) attempt(w *work, e chain.Event) {
	if e.Attempt > 0 && w.span.IsRecording() {
		w.span.AddEvent("attempt", trace.WithTimestamp(e.Time), trace.WithAttributes(keyAttempt.Int(e.Attempt)))
	}
}

func (r *run) retrying(w *work, e chain.Event) {
	r.telemetry.metrics.retried(w.ctx, r.info.Plan, e)
	f := w.fault(e.Attempt)
	if w.span.IsRecording() {
		f.tell(w.span, e)
		w.span.AddEvent("retrying", trace.WithTimestamp(e.Time),
			trace.WithAttributes(keyAttempt.Int(e.Attempt), keyDelay.Float64(e.Delay.Seconds())))
	}
}

func (r *run) succeeded(at place, e chain.Event) {
	w := r.at(at, e.Time, e.Attempt == 0)
	delete(r.open, at)
	w.end(e)
	if e.Attempt > 0 {
		r.telemetry.metrics.worked(w.ctx, r.info.Plan, e, e.Time.Sub(w.begun), "")
	}
}

// failed ends what has failed for good, which may never have begun. A Process
// or Parallel has failed by what is inside it, which has told of the error.
func (r *run) failed(at place, e chain.Event) {
	w := r.open[at]
	composite := w != nil && r.kinds[at.path] != 0 && at.phase == chain.Forward
	if w == nil {
		w = r.at(at, e.Time, e.Attempt == 0)
	}
	delete(r.open, at)
	f := w.fault(e.Attempt)
	if w.span.IsRecording() {
		if !composite {
			f.tell(w.span, e)
			w.span.SetAttributes(semconv.ErrorTypeKey.String(f.kind))
		}
		w.span.SetStatus(codes.Error, e.Error)
	}
	w.end(e)
	if composite {
		return
	}
	r.blame(at, e)
	r.telemetry.metrics.worked(w.ctx, r.info.Plan, e, e.Time.Sub(w.begun), f.kind)
}

// blame has the execution's status tell of a failure, if there is none that is as
// bad.
func (r *run) blame(at place, e chain.Event) {
	if r.worst == "" || e.Kind == chain.KindCompensationFailed {
		r.worst = strings.TrimSuffix(r.kindOf(at, e.Attempt == 0)+" "+e.Path+": "+e.Error, ": ")
	}
}

func (w *work) end(e chain.Event) {
	if !w.span.IsRecording() {
		return
	}
	w.span.SetAttributes(keyOutcome.String(e.Kind.String()))
	if e.Attempt > 0 {
		w.span.SetAttributes(keyAttempts.Int(e.Attempt))
	}
	w.span.End(trace.WithTimestamp(e.Time))
}

func (r *run) logged(at place, e chain.Event) {
	span := r.span
	if w := r.open[at]; w != nil {
		span = w.span
	}
	if span == nil || !span.IsRecording() {
		return
	}
	span.AddEvent("log", trace.WithTimestamp(e.Time),
		trace.WithAttributes(keyLevel.String(e.Level.String()), keyMessage.String(e.Message)))
}

// The attributes of spans and metrics.
const (
	keyPlan      = attribute.Key("taskchain.plan.name")
	keyExecution = attribute.Key("taskchain.execution.id")
	keyStatus    = attribute.Key("taskchain.execution.status")
	keyPath      = attribute.Key("taskchain.step.path")
	keyKind      = attribute.Key("taskchain.step.kind") // step, process, parallel, compensation
	keyPhase     = attribute.Key("taskchain.step.phase")
	keyOutcome   = attribute.Key("taskchain.step.outcome")
	keyAttempt   = attribute.Key("taskchain.step.attempt")
	keyAttempts  = attribute.Key("taskchain.step.attempts")
	keyDelay     = attribute.Key("taskchain.retry.delay") // in seconds
	keyLevel     = attribute.Key("taskchain.log.level")
	keyMessage   = attribute.Key("taskchain.log.message")
)

func executionName(plan string) string { return strings.TrimSuffix("execution "+plan, " ") }
