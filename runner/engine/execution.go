package engine

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
)

// An Execution is one run of a program, from Begin to the end of Drive.
type Execution struct {
	walker // of the plan itself

	program   *Program
	host      Host
	committer Committer
	stopper   Stopper
	remote    Remote          // the host, if it is one
	part      *part           // all there is to drive; nil: the whole plan
	log       *chain.Recorder // of which a walker may keep something back: see recorder
	cancel    context.CancelFunc
	resumed   bool        // earlier runs have recorded something
	continued bool        // and this is the last of them, carried on
	failed    atomic.Bool // there is a failure to tell of

	start    time.Time
	status   chain.Status // the end; Pending before
	before   chain.Status // what it was before the end
	duration time.Duration
	halted   error // what Commit said
	failures []*chain.StepError
	stuck    []*chain.StepError // the failed undos
}

// Begin makes an execution ready to be driven. It returns an error if exec can't
// run under this program: it is finished, running already, or its recorded steps
// don't fit.
func Begin[T any](ctx context.Context, p *Program, exec *chain.ExecutionContext[T], host Host, start time.Time) (*Execution, error) {
	x := new(Execution)
	if err := BeginIn(x, ctx, p, exec, false, host, start); err != nil {
		return nil, err
	}
	return x, nil
}

// BeginIn is Begin in memory of the caller's, such as a part of a struct that has
// the host, too. x must be zero. An execution that is new has nothing but its data,
// and nobody else has it yet: it can begin.
func BeginIn[T any](x *Execution, ctx context.Context, p *Program, exec *chain.ExecutionContext[T], isNew bool, host Host, start time.Time) (err error) {
	var (
		scope, frames = contexts(p)
		log           *chain.Recorder
		resumed       bool
	)
	if isNew {
		log = chain.BeginNew(ctx, exec, &p.recording, start, scope)
	} else if log, resumed, err = chain.Begin(ctx, exec, &p.recording, start, scope); err != nil {
		return err
	}
	x.x, x.top, x.ctx, x.frames, x.framed = x, &p.steps[0], scope, frames, len(frames)
	x.program, x.host, x.log = p, host, log
	x.committer, _ = host.(Committer)
	x.stopper, _ = host.(Stopper)
	x.remote, _ = host.(Remote)
	if resumed {
		x.resumed = true
		x.replay = replayOf(x.log, p.steps)
		x.failed.Store(true) // what earlier runs recorded may be failures
	}
	x.start = start
	x.mayKeep = p.slots == nil
	x.direct = x.mayKeep && !resumed && x.committer == nil && x.stopper == nil && x.remote == nil
	x.ctx, x.cancel = x.within(scope, &p.steps[0])
	return nil
}

// contexts makes the scope of a run and its first frames, together so that they
// cost one allocation: most plans need no more.
func contexts(p *Program) (*chain.Scope, []chain.Frame) {
	if len(p.steps) < 4 {
		few := new(struct {
			scope  chain.Scope
			frames [3]chain.Frame
		})
		return &few.scope, few.frames[:]
	}
	some := new(struct {
		scope  chain.Scope
		frames [10]chain.Frame
	})
	return &some.scope, some.frames[:]
}

// Drive executes the plan to its end, in the calling goroutine. A step that ends
// that goroutine by runtime.Goexit has failed; the rest is then done in another
// one before the deferred functions of the callers run.
func (x *Execution) Drive() { x.drive() }

// Outcome is what became of the execution after Drive.
func Outcome[T any](x *Execution, exec *chain.ExecutionContext[T]) (chain.Outcome[T], error) {
	out := chain.Outcome[T]{Status: x.status, Context: exec, Duration: x.duration}
	if x.status == chain.Succeeded {
		return out, nil
	}
	if x.halted != nil {
		return out, x.halted
	}
	out.Failures, out.CompensationFailures = x.failures, x.stuck
	return out, &chain.ExecutionError{
		Plan:                 x.program.recording.Plan,
		ID:                   exec.ID,
		Status:               x.status,
		Failures:             out.Failures,
		CompensationFailures: out.CompensationFailures,
	}
}

// plan walks the whole plan and gives the execution its end.
func (w *walker) plan() {
	x := w.x
	switch {
	case x.halted != nil:
		return
	case x.status.Ended(): // an observer of the end has ended the goroutine
		x.log.Halt(x.status)
		x.settle()
		return
	}
	if !w.begun {
		w.begun = true
		w.keep(chain.NewRecord(w.at, chain.KindPlanStarted, 0, chain.Forward, 0))
	}
	f := w.sequence(x.ctx, w.top)
	if f != nil && f.halt == nil && w.top.Failure == policy.Compensate {
		f.halt = w.unwind(x.ctx, w.top, f.err)
	}
	if x.cancel != nil {
		x.cancel()
	}
	if f != nil && f.halt != nil {
		x.halt(f.halt, x.recorder().Status())
		return
	}
	x.end(f)
}

// end records the end and has it written down.
func (x *Execution) end(f *failure) {
	log := x.recorder()
	x.before, x.status = log.Status(), x.conclude(f)
	x.duration = x.at
	log.End(x.at, x.status)
	x.settle()
}

// settle has the end written down; without that there is none.
func (x *Execution) settle() {
	if err := x.commit(); err != nil {
		x.halt(err, x.before)
	}
}

// halt leaves the execution as it stands.
func (x *Execution) halt(err error, status chain.Status) {
	x.halted, x.status = err, status
	x.duration = x.host.Now()
	x.recorder().Halt(status)
}

// conclude is the status that the failures make.
func (x *Execution) conclude(f *failure) chain.Status {
	if f == nil && !x.failed.Load() {
		return chain.Succeeded
	}
	x.failures, x.stuck = x.recorder().Failures()
	switch {
	case len(x.stuck) > 0:
		return chain.Stuck
	case f == nil && len(x.failures) == 0:
		return chain.Succeeded
	case f == nil:
		return chain.Partial
	case x.program.steps[0].Failure == policy.Compensate:
		return chain.Compensated
	}
	return chain.Aborted
}
