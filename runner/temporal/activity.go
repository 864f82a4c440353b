package temporal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
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
	failedStep   = "taskchain.failed"    // has a report
	failedForNow = "taskchain.again"     // has a report; the activity is tried again
	failedInput  = "taskchain.input"     // the step could not begin
	failedLost   = "taskchain.lost"      // too many workers died in it
	failedHere   = "taskchain.elsewhere" // this worker does not have the step; the activity is tried again
	failedPlan   = "taskchain.plan"      // no worker has the step
	failedApart  = "taskchain.apart"     // this worker was out of touch with the server; the activity is tried again
	failedOther  = "taskchain.internal"  // a bug of ours
)

// A performer makes attempts at the steps of a plan, in activities.
type performer[T any] struct {
	program   *engine.Program
	do, undo  []builder.StepFunc[T] // by the step's index
	when      []func(context.Context, *T) bool
	longest   time.Duration // wait inside an activity is shorter
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
		defer a.over()
		if a.given.Starts > in.Lost+1 {
			text := fmt.Sprintf("%d workers were lost in the middle of it", a.given.Starts-1)
			return report{}, givenUp(failedLost, text, a.given, true)
		}
		if rest := a.given.Next.Sub(activity.GetInfo(ctx).StartedTime); rest > 0 && a.given.Report != nil {
			r := *a.given.Report // whose worker died before the server knew of the delay
			r.Again, r.Wait = true, rest
			return a.outcome(r)
		}
		before := engine.Made{Attempts: a.given.Failed, Elapsed: a.Start.Sub(a.given.Began)}
		part := a.drive(func(ctx context.Context) {
			a.execution.DriveStep(ctx, index, phase, before, in.Cause.Err())
		})
		r, err := a.report(part, phase)
		if err != nil {
			return report{}, err
		}
		return a.outcome(r)
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
		defer a.over()
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
	past      []chain.Event   // of earlier starts
	begun     bool            // by a worker that was lost: the attempt after those in the past
	data      json.RawMessage // as the workflow has it
	exec      *chain.ExecutionContext[T]
	execution *engine.Execution
	wait      time.Duration // it was left at
	full      bool          // there is more to tell than a heartbeat may hold
	called    bool

	work   context.Context // the attempts'
	cancel context.CancelCauseFunc
	apart  atomic.Bool     // the server was out of reach for too long
	beats  context.Context // ends with the activity
	end    context.CancelFunc

	telling sync.Mutex // held while told is on its way
	mu      sync.Mutex
	told    progress
}

// begin reads what the activity is given: by the workflow, or by those who were
// at it before.
func (p *performer[T]) begin(ctx context.Context, in task) (*active[T], error) {
	a := &active[T]{performer: p, ctx: ctx, in: in}
	a.Start = time.Now()
	var err error
	if a.given, a.begun, err = givenTo(ctx, in); err == nil {
		err = a.read()
	}
	if err != nil {
		return nil, givenUp(failedInput, err.Error(), a.given, a.begun)
	}
	a.given.Starts++
	a.given.Missed = time.Time{}
	a.told = a.given
	a.work, a.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	a.beats, a.end = context.WithCancel(context.WithoutCancel(ctx))
	if activity.GetInfo(ctx).Attempt > 1 {
		_ = a.tell() // lest a step that kills its worker at once go unnoticed
	}
	go a.beat()
	return a, nil
}

// read makes the execution of what is given.
func (a *active[T]) read() error {
	snapshot, err := chain.DecodeSnapshot[json.RawMessage](a.in.Execution, false)
	if err != nil {
		return err
	}
	a.data = snapshot.Data
	doc := a.in.Execution
	if r := a.given.Report; r != nil {
		if snapshot, err = chain.DecodeSnapshot[json.RawMessage](r.Execution, false); err != nil {
			return err
		}
		if snapshot.Data, err = r.Data.of(a.data); err != nil {
			return err
		}
		if doc, err = chain.EncodeSnapshot(snapshot); err != nil {
			return err
		}
		a.past = snapshot.Trace
	}
	typed, err := codec.JSON[T]().Decode(doc)
	if err != nil {
		return err
	}
	a.exec = chain.NewExecutionContext(typed.Data, chain.WithID(typed.ID), chain.WithMetadata(typed.Metadata))
	a.execution, err = engine.Begin(context.WithoutCancel(a.ctx), a.performer.program, a.exec, a, a.Start)
	return err
}

// drive has attempts made, in a goroutine of their own: a step may end it.
func (a *active[T]) drive(attempts func(context.Context)) engine.Part {
	defer context.AfterFunc(a.ctx, func() {
		switch cause := context.Cause(a.ctx); {
		case errors.Is(cause, worker.ErrWorkerShutdown): // what is in flight may finish
		case errors.Is(cause, context.DeadlineExceeded):
			a.cancel(chain.ErrTimeout)
		default:
			a.cancel(nil)
		}
	})()
	done := make(chan struct{})
	go func() {
		defer close(done)
		attempts(a.work)
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

// Sleep waits for a short delay. A long one is the server's to wait for, and one
// after more than can be told of is the workflow's.
func (a *active[T]) Sleep(ctx context.Context, d time.Duration) error {
	if d < a.performer.longest && !a.full {
		return a.Local.Sleep(ctx, d)
	}
	a.wait = d
	return &engine.Halt{Err: errLater}
}

var errLater = errors.New("the next attempt is not for this start of the activity")

// Commit tells of the attempts that have failed: what they changed is not lost
// with this worker.
func (a *active[T]) Commit() error {
	if !a.called {
		return nil
	}
	trace := settledIn(a.exec.Trace())
	if trace == nil {
		return nil
	}
	last := trace[len(trace)-1]
	if last.Attempt == a.told.Failed {
		return nil
	}
	r, err := a.account(trace)
	if err != nil {
		return nil // the report will say so
	}
	r.Failed = &chain.StoredError{Text: last.Error}
	if a.full = !r.fits(); !a.full {
		a.note(func(told *progress) { told.Report, told.Failed = &r, last.Attempt })
		_ = a.tell() // or the next heartbeat does
	}
	return nil
}

// account is what was done to the data, and the trace of it.
func (a *active[T]) account(trace []chain.Event) (r report, err error) {
	data, err := encode(a.exec.Data)
	if err == nil && len(data) > a.performer.stateSize {
		err = fmt.Errorf("the data have %d bytes as JSON, and may have %d", len(data), a.performer.stateSize)
	}
	if err == nil {
		r.Data = diff(a.data, data)
	}
	doc, unwritten := a.write(trace)
	r.Execution = doc
	return r, errors.Join(err, unwritten)
}

// report is what the workflow gets to know.
func (a *active[T]) report(part engine.Part, phase chain.Phase) (report, error) {
	trace := a.exec.Trace()
	if a.begun && attemptsIn(trace, a.given.Failed) == a.given.Failed {
		trace = append(trace, beginOf(phase, a.given.Failed+1, a.Start)) // nor is it to begin anew
	}
	r, err := a.account(trace)
	if r.Execution == nil {
		return report{}, givenUp(failedInput, err.Error(), a.given, true)
	}
	r.Failed, r.Again, r.Wait = part.Failed, part.Halt != nil && err == nil, a.wait
	switch {
	case err == nil:
	case r.Failed == nil:
		r.Failed, r.Lost = &chain.StoredError{Text: err.Error()}, true
	default:
		r.Failed.Text += "; " + err.Error()
	}
	return r, nil
}

// outcome is what the activity ends with.
func (a *active[T]) outcome(r report) (report, error) {
	switch {
	case r.Failed == nil:
		return r, nil
	case a.apart.Load(): // that is no failure of the step's: as if this worker were lost
		return report{}, temporal.NewApplicationError(r.Failed.Text, failedApart)
	}
	how := temporal.ApplicationErrorOptions{Details: []any{r}}
	if r.Again {
		if !a.leave(r) {
			return r, nil
		}
		how.NextRetryDelay = r.Wait
		return report{}, temporal.NewApplicationErrorWithOptions(r.Failed.Text, failedForNow, how)
	}
	how.NonRetryable = true
	return report{}, temporal.NewApplicationErrorWithOptions(r.Failed.Text, failedStep, how)
}

// write is the trace and the metadata, in the wire form.
func (a *active[T]) write(trace []chain.Event) (json.RawMessage, error) {
	return chain.EncodeSnapshot(chain.Snapshot[json.RawMessage]{
		Version: chain.SnapshotVersion, ID: a.exec.ID,
		Metadata: a.exec.Metadata(), Trace: slices.Concat(a.past, trace),
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
