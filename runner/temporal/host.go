package temporal

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"time"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner/engine"
)

// A host hosts the engine in a workflow. Whatever it waits for it waits for in
// Temporal's way, and all it knows comes from the history, so that it is replayed
// to the same end.
type host struct {
	in    *order
	exec  *chain.ExecutionContext[json.RawMessage]
	steps []builder.Step
	start time.Time
	root  *lane
	forks []*lane // those of a Parallel that is about to begin
	busy  []string
	departure
	answering

	deadlines map[int]time.Time // of what has a Within, by index
	cancelled *chain.StoredError
	branches  map[int]patch // what those of a Parallel had changed in an earlier history, by index
	conflicts map[int]*chain.StoredError
}

var _ engine.Remote = (*host)(nil)

// A lane is where steps run one after another: the plan, or a branch.
type lane struct {
	ctx      workflow.Context // of its coroutine; the execution's cancellation does not reach it
	name     string
	index    int // of its branch
	above    *lane
	data     *json.RawMessage
	branches []*lane // of the Parallel that is under way in it
	asked    bool    // a When, and the answer would be lost with the history
}

type laneKey struct{}

func laneOf(ctx context.Context) *lane { return ctx.Value(laneKey{}).(*lane) }

func newHost(ctx workflow.Context, in *order, exec *chain.ExecutionContext[json.RawMessage], steps []builder.Step) (*host, error) {
	free, _ := workflow.NewDisconnectedContext(ctx)
	h := &host{in: in, exec: exec, steps: steps, start: workflow.Now(ctx), root: &lane{ctx: free, data: &exec.Data}}
	h.working = 1
	h.deadlines, h.conflicts = map[int]time.Time{}, map[int]*chain.StoredError{}
	if c := in.Continued; c != nil {
		h.start, h.cancelled = c.Began, c.Cancelled
		maps.Copy(h.deadlines, c.Deadlines)
		maps.Copy(h.conflicts, c.Conflicts)
	}
	var err error
	h.branches, err = in.Continued.takenAlong()
	return h, err
}

// Now is Temporal's time.
func (h *host) Now() time.Duration { return workflow.Now(h.root.ctx).Sub(h.start) }

// await waits until ready, or until ctx ends if it does so before: then it is
// false.
func (l *lane) await(ctx context.Context, ready func() bool) bool {
	_ = workflow.Await(l.ctx, func() bool { return ready() || ctx.Err() != nil }) // l.ctx does not end
	return ready()
}

// Sleep waits on a timer in the history.
func (h *host) Sleep(ctx context.Context, d time.Duration) error {
	l := laneOf(ctx)
	timerCtx, cancel := workflow.WithCancel(l.ctx)
	timer := workflow.NewTimer(timerCtx, d)
	h.waiting++
	passed := l.await(ctx, func() bool { return h.leaving || timer.IsReady() })
	h.waiting--
	switch {
	case h.leaving: // what is left of the delay is in the record
		return &engine.Halt{Err: errFull}
	case passed:
		return nil
	}
	cancel()
	return context.Cause(ctx)
}

// WithTimeout ends ctx when a timer does.
func (h *host) WithTimeout(ctx context.Context, s *builder.Step, late error) (context.Context, context.CancelFunc) {
	l := laneOf(ctx)
	ctx, end := context.WithCancelCause(ctx)
	timerCtx, stop := workflow.WithCancel(l.ctx)
	deadline, ok := h.deadlines[s.Index]
	if !ok {
		deadline = workflow.Now(l.ctx).Add(s.Within)
		h.deadlines[s.Index] = deadline
	}
	rest := deadline.Sub(workflow.Now(l.ctx))
	if rest <= 0 { // while the history began anew
		end(late)
	} else {
		timer := workflow.NewTimer(timerCtx, rest)
		workflow.GoNamed(l.ctx, "within "+s.Path, func(waiting workflow.Context) {
			if timer.Get(waiting, nil) == nil {
				end(late)
			}
		})
	}
	return ctx, func() {
		stop()
		end(nil)
		if !h.leaving {
			delete(h.deadlines, s.Index)
		}
	}
}

// Branch makes a lane for a branch. Its data are those that the Parallel begins
// with, and what it has changed of them in an earlier history.
func (h *host) Branch(ctx context.Context, top *builder.Step) context.Context {
	above := laneOf(ctx)
	data := *above.data
	if p, ok := h.branches[top.Index]; ok {
		delete(h.branches, top.Index)
		if patched, err := p.of(data); err == nil { // it was made of the same data
			data = patched
		}
	}
	l := &lane{name: top.Name, index: top.Index, above: above, data: &data}
	h.forks = append(h.forks, l)
	return context.WithValue(ctx, laneKey{}, l)
}

// Branches runs them together, each in a coroutine, and begins with the first of
// them if there are very many: the next when one has ended.
func (h *host) Branches(n int, run func(i int)) {
	lanes := h.forks
	h.forks = nil
	if n == 0 {
		return
	}
	above, left := lanes[0].above, 0
	above.branches = lanes
	h.working-- // above waits
	for i, l := range lanes {
		above.await(context.Background(), func() bool { return h.leaving || h.working < mostAtOnce })
		if h.leaving {
			break
		}
		h.working++
		left++
		workflow.GoNamed(above.ctx, "branch "+l.name, func(ctx workflow.Context) {
			l.ctx = ctx
			run(i)
			h.working--
			left--
		})
	}
	above.await(context.Background(), func() bool { return left == 0 })
	h.working++
}

// mostAtOnce is how many branches of an execution are at work at once: Temporal
// allows 2,000 pending activities, and advises against more than 500.
const mostAtOnce = 500

// Join merges the branches' data.
func (h *host) Join(ctx context.Context, p *builder.Step) (err error) {
	l := laneOf(ctx)
	if known, ok := h.conflicts[p.Index]; ok { // merged in an earlier history, as far as could be
		l.branches = nil
		return known.Err()
	}
	names, copies := make([]string, len(l.branches)), make([]json.RawMessage, len(l.branches))
	for i, b := range l.branches {
		names[i], copies[i] = b.name, *b.data
	}
	l.branches = nil
	if *l.data, err = merge(*l.data, names, copies); err != nil {
		h.conflicts[p.Index] = chain.StoreError(err)
	}
	return err
}

// Make has an activity make the attempts.
func (h *host) Make(ctx context.Context, s *builder.Step, phase chain.Phase, before engine.Made) engine.Made {
	info, _ := chain.StepFrom(ctx)
	l := laneOf(ctx)
	asked := l.asked
	l.asked = false
	if h.leaving || !asked && h.leaves(ctx, l) {
		return engine.Made{Halt: errFull}
	}
	if ctx.Err() != nil { // meanwhile
		return engine.Made{Attempts: before.Attempts, Err: before.Err, Again: true}
	}
	in, err := h.task(l, before, info.Cause)
	if err != nil {
		return engine.Made{Attempts: before.Attempts, Err: err}
	}
	h.busy = append(h.busy, s.Path)
	defer h.free(s.Path)
	var out report
	left, err := h.call(ctx, l, activityName(h.in.Plan, s.Path, phase), in, &out)
	var failure *temporal.ApplicationError
	if errors.As(err, &failure) && (failure.Type() == failedStep || failure.Type() == failedForNow) {
		err = failure.Details(&out)
	}
	if err != nil {
		return h.salvage(ctx, phase, before, err, left)
	}
	made, err := h.take(l, out, before)
	if err != nil {
		return engine.Made{Attempts: max(before.Attempts, 1), Err: err}
	}
	if out.Lost { // its effect has happened, for sure
		h.steps[s.Index].CompensateOnFailure = true
		h.in.Steps[s.Index].CompensateOnFailure = true
	}
	return made
}

func (h *host) free(path string) {
	for i, each := range h.busy {
		if each == path {
			h.busy = append(h.busy[:i], h.busy[i+1:]...)
			return
		}
	}
}

// task is what an activity is given of the execution.
func (h *host) task(l *lane, before engine.Made, cause error) (task, error) {
	doc, err := chain.EncodeSnapshot(chain.Snapshot[json.RawMessage]{
		Version: chain.SnapshotVersion, ID: h.exec.ID, Plan: h.in.Title,
		Data: *l.data, Metadata: h.exec.Metadata(),
	})
	return task{
		Execution: doc, Attempts: before.Attempts, Elapsed: before.Elapsed, Cause: chain.StoreError(cause),
		Lost: h.in.Activities.Lost, Heartbeat: h.in.Activities.Heartbeat, Missing: h.in.Activities.Missing,
	}, err
}

// take makes what an activity reports the state of the execution.
func (h *host) take(l *lane, r report, before engine.Made) (engine.Made, error) {
	snapshot, err := chain.DecodeSnapshot[json.RawMessage](r.Execution, false)
	if err != nil {
		return engine.Made{}, err
	}
	data, err := r.Data.of(*l.data)
	if err != nil {
		return engine.Made{}, err
	}
	*l.data = data
	known := h.exec.Metadata()
	for key, value := range maps.All(snapshot.Metadata) {
		if before, ok := known[key]; !ok || !same(before, value) {
			h.exec.Set(key, value)
		}
	}
	return engine.Made{
		Attempts: attemptsIn(snapshot.Trace, before.Attempts),
		Err:      r.Failed.Err(), Again: r.Again, Wait: r.Wait, Trace: snapshot.Trace,
	}, nil
}

func same(a, b any) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && string(x) == string(y)
}

// Ask has an activity ask.
func (h *host) Ask(ctx context.Context, s *builder.Step) (bool, error) {
	l := laneOf(ctx)
	if h.leaves(ctx, l) {
		return false, &engine.Halt{Err: errFull}
	}
	if ctx.Err() != nil { // meanwhile: it can't begin, whatever the answer
		return true, nil
	}
	in, err := h.task(l, engine.Made{}, nil)
	if err != nil {
		return false, err
	}
	var out answer
	_, err = h.call(ctx, l, conditionName(h.in.Plan, s.Path), in, &out)
	if temporal.IsCanceledError(err) {
		return true, nil // as above
	}
	if err != nil {
		return false, errorOf(err)
	}
	l.asked = out.Holds
	return out.Holds, out.Failed.Err()
}

// call executes an activity, and cancels it when ctx ends: then left is how it
// stood before. It waits for it all the same.
func (h *host) call(ctx context.Context, l *lane, name string, in task, out any) (left standing, err error) {
	if !h.turn(ctx, l, len(in.Execution)) {
		return standing{}, temporal.NewCanceledError()
	}
	activityCtx, cancel := workflow.WithCancel(workflow.WithActivityOptions(l.ctx, workflow.ActivityOptions{
		ActivityID:          name,
		StartToCloseTimeout: h.in.Activities.Backstop,
		HeartbeatTimeout:    h.in.Activities.Heartbeat,
		WaitForCancellation: true,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 1},
	}))
	done := workflow.ExecuteActivity(activityCtx, name, in)
	if !l.await(ctx, done.IsReady) {
		left = l.look(name)
		cancel()
	}
	return left, done.Get(l.ctx, out)
}

// Attempt and Condition are not called on a Remote.
func (h *host) Attempt(context.Context, *builder.Step, chain.Phase) error { panic("not here") }

// Condition is not called.
func (h *host) Condition(context.Context, *builder.Step) bool { panic("not here") }

// progress is that of the execution, with what is under way in activities.
func (h *host) progress() chain.Progress {
	p := h.exec.Progress()
	p.Elapsed = h.Now()
	p.Underway = append([]string(nil), h.busy...)
	return p
}

func executionOf(info activity.Info) *commonpb.WorkflowExecution {
	return &commonpb.WorkflowExecution{WorkflowId: info.WorkflowExecution.ID, RunId: info.WorkflowExecution.RunID}
}
