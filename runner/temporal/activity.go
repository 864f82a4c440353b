package temporal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/codec"
	"github.com/taskchain-go/taskchain/runner/engine"
)

// The types of the failures that activities end with.
const (
	failedStep  = "taskchain.failed"   // has a report
	failedInput = "taskchain.input"    // the step could not begin
	failedLost  = "taskchain.lost"     // too many workers died in it
	failedPlan  = "taskchain.plan"     // no worker has the step
	failedOther = "taskchain.internal" // a bug of ours
)

// A performer makes attempts at the steps of a plan, in activities.
type performer[T any] struct {
	program   *engine.Program
	do, undo  []builder.StepFunc[T] // by the step's index
	when      []func(context.Context, *T) bool
	longest   time.Duration // wait inside an activity
	stateSize int
}

func (p *performer[T]) take(f builder.Funcs[T]) {
	do, undo := f.Do, f.Undo
	if f.Start != nil {
		do = engine.Await(f.Start)
	}
	if f.StartUndo != nil {
		undo = engine.Await(f.StartUndo)
	}
	p.do, p.undo, p.when = append(p.do, do), append(p.undo, undo), append(p.when, f.When)
}

// step is the activity of a step or compensation.
func (p *performer[T]) step(index int, phase chain.Phase) func(context.Context, task) (report, error) {
	return func(ctx context.Context, in task) (out report, err error) {
		defer recovered(&err)
		a, err := p.begin(ctx, in)
		if err != nil {
			return report{}, err
		}
		defer a.end()
		if a.given.Starts > in.Lost+1 {
			text := fmt.Sprintf("%d workers were lost in the middle of it", a.given.Starts-1)
			return report{}, temporal.NewApplicationErrorWithOptions(text, failedLost, temporal.ApplicationErrorOptions{
				NonRetryable: true, Details: []any{a.given},
			})
		}
		before := engine.Made{Attempts: a.given.Failed, Elapsed: a.Start.Sub(a.given.Began)}
		part := a.drive(func(ctx context.Context) {
			a.execution.DriveStep(ctx, index, phase, before, in.Cause.Err())
		})
		return a.report(part)
	}
}

// condition is the activity of a step's When.
func (p *performer[T]) condition(index int) func(context.Context, task) (answer, error) {
	return func(ctx context.Context, in task) (out answer, err error) {
		defer recovered(&err)
		a, err := p.begin(ctx, in)
		if err != nil {
			return answer{}, err
		}
		defer a.end()
		part := a.drive(func(ctx context.Context) { a.execution.DriveCondition(ctx, index) })
		return answer{part.Holds, part.Failed}, nil
	}
}

// recovered makes a bug of ours a failure that is not tried again and again.
func recovered(err *error) {
	if v := recover(); v != nil {
		*err = temporal.NewNonRetryableApplicationError(fmt.Sprintf("panic: %v", v), failedOther, nil)
	}
}

// An active is one activity at work. It is the engine's host of that step.
type active[T any] struct {
	engine.Local
	performer *performer[T]
	ctx       context.Context // the activity's
	in        task
	given     progress        // what was known when it began
	past      []chain.Event   // of workers that were lost
	data      json.RawMessage // as the workflow has it
	exec      *chain.ExecutionContext[T]
	execution *engine.Execution
	wait      time.Duration // it was left at
	called    bool

	stop chan struct{}
	mu   sync.Mutex
	told progress
}

// begin reads what the activity is given: by the workflow, or by a worker that
// was lost since.
func (p *performer[T]) begin(ctx context.Context, in task) (*active[T], error) {
	a := &active[T]{performer: p, ctx: ctx, in: in, stop: make(chan struct{})}
	a.Start = time.Now()
	a.given = progress{Failed: in.Attempts, Began: a.Start.Add(-in.Elapsed)}
	again := activity.GetInfo(ctx).Attempt > 1
	if again && activity.HasHeartbeatDetails(ctx) {
		if err := activity.GetHeartbeatDetails(ctx, &a.given); err != nil {
			return nil, unreadable(err)
		}
	}
	var raw struct{ Data json.RawMessage }
	if err := json.Unmarshal(in.Execution, &raw); err != nil {
		return nil, unreadable(err)
	}
	a.data = raw.Data
	doc := in.Execution
	if a.given.Execution != nil {
		doc = a.given.Execution
	}
	snapshot, err := codec.JSON[T]().Decode(doc)
	if err != nil {
		return nil, unreadable(err)
	}
	a.past = snapshot.Trace
	a.exec = chain.NewExecutionContext(snapshot.Data, chain.WithID(snapshot.ID), chain.WithMetadata(snapshot.Metadata))
	a.execution, err = engine.Begin(context.WithoutCancel(ctx), p.program, a.exec, a, a.Start)
	if err != nil {
		return nil, unreadable(err)
	}
	a.given.Starts++
	a.told = a.given
	if again {
		activity.RecordHeartbeat(ctx, a.told)
	}
	go a.beat()
	return a, nil
}

func unreadable(err error) error {
	return temporal.NewNonRetryableApplicationError(err.Error(), failedInput, nil)
}

// beat tells Temporal that this worker lives, and by that hears of a
// cancellation.
func (a *active[T]) beat() {
	ticker := time.NewTicker(max(min(a.in.Heartbeat/10, time.Second), time.Millisecond)) // the SDK sends fewer
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			a.mu.Lock()
			told := a.told
			a.mu.Unlock()
			activity.RecordHeartbeat(a.ctx, told)
		case <-a.stop:
			return
		}
	}
}

func (a *active[T]) end() { close(a.stop) }

// drive has attempts made, in a goroutine of their own: a step may end it.
func (a *active[T]) drive(attempts func(context.Context)) engine.Part {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(a.ctx))
	defer cancel(nil)
	defer context.AfterFunc(a.ctx, func() {
		switch cause := context.Cause(a.ctx); {
		case errors.Is(cause, worker.ErrWorkerShutdown), errors.Is(cause, activity.ErrActivityPaused): // what is in flight may finish
		case errors.Is(cause, context.DeadlineExceeded):
			cancel(chain.ErrTimeout)
		default:
			cancel(nil)
		}
	})()
	done := make(chan struct{})
	go func() {
		defer close(done)
		attempts(ctx)
	}()
	<-done
	return a.execution.Part()
}

// Attempt calls the user's function.
func (a *active[T]) Attempt(ctx context.Context, s *builder.Step, phase chain.Phase) error {
	a.called = true
	if phase == chain.Compensation {
		return a.performer.undo[s.Index](ctx, &a.exec.Data)
	}
	return a.performer.do[s.Index](ctx, &a.exec.Data)
}

// Condition asks the user's function.
func (a *active[T]) Condition(ctx context.Context, s *builder.Step) bool {
	return a.performer.when[s.Index](ctx, &a.exec.Data)
}

// Sleep waits for a short delay. A long one is the workflow's to wait for.
func (a *active[T]) Sleep(ctx context.Context, d time.Duration) error {
	if d < a.performer.longest {
		return a.Local.Sleep(ctx, d)
	}
	a.wait = d
	return &engine.Halt{Err: errLater}
}

var errLater = errors.New("the next attempt is the workflow's to wait for")

// Commit has the attempts that have failed told with the next heartbeat: what
// they changed is not lost with this worker.
func (a *active[T]) Commit() error {
	if !a.called {
		return nil
	}
	trace := settledIn(a.exec.Trace())
	if trace == nil {
		return nil
	}
	data, err := encode(a.exec.Data)
	if err != nil || len(data) > a.performer.stateSize {
		return nil // the report will say so
	}
	doc, err := a.write(data, trace)
	if err != nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.told.Execution = doc
	a.told.Failed = trace[len(trace)-1].Attempt
	return nil
}

// report is what the workflow gets to know.
func (a *active[T]) report(part engine.Part) (report, error) {
	r := report{Failed: part.Failed, Again: part.Halt != nil, Wait: a.wait}
	data, err := encode(a.exec.Data)
	if err == nil && len(data) > a.performer.stateSize {
		err = fmt.Errorf("the data have %d bytes as JSON, and may have %d", len(data), a.performer.stateSize)
	}
	switch {
	case err == nil:
	case r.Failed == nil:
		r.Failed, r.Lost = &chain.StoredError{Text: err.Error()}, true
		data = a.data
	default:
		r.Failed.Text += "; " + err.Error()
		r.Again = false
		data = a.data
	}
	r.Data = diff(a.data, data)
	if r.Execution, err = a.write(nil, a.exec.Trace()); err != nil {
		return report{}, unreadable(err)
	}
	if r.Failed == nil || r.Again {
		return r, nil
	}
	return report{}, temporal.NewApplicationErrorWithOptions(r.Failed.Text, failedStep, temporal.ApplicationErrorOptions{
		NonRetryable: true, Details: []any{r},
	})
}

// write is what was done, in the wire form.
func (a *active[T]) write(data json.RawMessage, trace []chain.Event) (json.RawMessage, error) {
	return chain.EncodeSnapshot(chain.Snapshot[json.RawMessage]{
		Version: chain.SnapshotVersion, ID: a.exec.ID,
		Data: data, Metadata: a.exec.Metadata(), Trace: slices.Concat(a.past, trace),
	})
}

// encode is the data as JSON. Its MarshalJSON may panic.
func encode[T any](data T) (doc json.RawMessage, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("taskchain: encode: data: panic: %v", v)
		}
	}()
	doc, err = json.Marshal(data)
	if err != nil {
		return nil, fmt.Errorf("taskchain: encode: data: %w", err)
	}
	return doc, nil
}
