package engine

import (
	"context"
	"time"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
)

// A walker goes through the plan, or through one branch of it, in one goroutine.
type walker struct {
	x      *Execution
	top    *builder.Step // what it walks: the plan itself or a branch
	ctx    *chain.Scope
	at     time.Duration // the last boundary between attempts
	frames []chain.Frame // for the attempts to come
	framed int           // how many have been made
	replay *replay       // what earlier runs have settled; nil: nothing
	cut    *cut          // the attempt in which the goroutine was ended
	result *failure      // of a branch or of a part
	relay  *relay        // to the steps by way of the interceptors

	attempts int // at steps, made or answered for from the record
	begun    bool
	done     bool
	holds    bool // one of the runner's slots
	rewalk   bool // the walk began anew in the same run

	direct  bool // steps may go straight: nothing to replay or to resume, no slots, Committer, Stopper or Remote, the whole plan
	mayKeep bool // a success may be kept back
	keeping bool
	kept    chain.Record // what is not in the trace yet
}

// A failure is a step, Process or Parallel that failed, on its way up.
type failure struct {
	err    error
	ending chain.Ending
	halt   error // not a failure at all: the execution stops where it stands
}

// drive walks to the end, whatever a user's function does to the goroutine.
func (w *walker) drive() {
	defer w.survive()
	switch {
	case w.x.part != nil:
		w.result = w.x.part.drive(w)
	case w.top.Index == 0:
		w.plan()
	default:
		w.result = w.node(w.ctx, w.top)
	}
	w.done = true
}

// sequence runs the steps inside level one after another (rule 1), until one
// fails that the level does not go on past (rule 5).
func (w *walker) sequence(ctx *chain.Scope, level *builder.Step) *failure {
	goesOn := level.Failure == policy.Continue
	for steps := w.x.program.inside[level.Index]; len(steps) > 0; {
		n, f := w.advance(ctx, steps, chain.Forward)
		steps = steps[n:]
		if f == nil {
			continue
		}
		if goesOn && f.ending == chain.ByItself && f.halt == nil {
			continue
		}
		return f
	}
	return nil
}

// node runs one element of a level, unless it is settled already.
func (w *walker) node(ctx *chain.Scope, s *builder.Step) *failure {
	if w.replay != nil {
		if f, settled := w.replayed(ctx, s); settled {
			return f
		}
	}
	if s.Conditional && ctx.Err() == nil && !w.begunBefore(s) {
		holds, err := w.condition(ctx, s)
		if halt, ok := err.(*Halt); ok {
			return &failure{halt: halt.Err}
		}
		if err != nil {
			return w.fail(ctx, s, chain.Forward, 0, err)
		}
		if !holds {
			w.record(chain.KindSkipped, s, chain.Forward, 0)
			return nil
		}
	}
	switch s.Kind {
	case builder.KindProcess:
		return w.process(ctx, s)
	case builder.KindParallel:
		return w.parallel(ctx, s)
	}
	return w.run(ctx, s, chain.Forward)
}

// begunBefore tells whether s, which is not settled, had begun before this walk
// did, as a half-done Process has, or a step that was in flight when its process
// died: its condition has held, and is not asked again.
func (w *walker) begunBefore(s *builder.Step) bool {
	if c := w.cut; c != nil && c.step >= s.Index && c.step < s.Next && (c.step > s.Index || c.attempt > 0) {
		return true
	}
	return w.replay.knows(s) || w.x.continued && s.Kind.Composite() && w.recorder().Began(s.Index)
}

// process runs a sequence under a deadline of its own, if it has one.
func (w *walker) process(ctx *chain.Scope, p *builder.Step) *failure {
	before := w.enter(p)
	inner, cancel := w.x.within(ctx, p)
	f := w.sequence(inner, p)
	if cancel != nil {
		cancel()
	}
	return w.leave(ctx, p, f, before)
}

// enter records the begin of a Process or Parallel, once in a run, and returns
// how many attempts there were before it.
func (w *walker) enter(p *builder.Step) (attempts int) {
	if !w.rewalk || !w.recorder().Began(p.Index) {
		w.record(chain.KindStarted, p, chain.Forward, 0)
	}
	return w.attempts
}

// within is ctx with the deadline of s, if it has one.
func (x *Execution) within(ctx *chain.Scope, s *builder.Step) (*chain.Scope, context.CancelFunc) {
	if s.Within <= 0 {
		return ctx, nil
	}
	late := &timeoutError{what: s.Kind.String(), limit: s.Within}
	if s.Index == 0 {
		late.what = "plan"
	}
	var (
		limited context.Context
		cancel  context.CancelFunc
	)
	if x.remote != nil {
		limited, cancel = x.remote.WithTimeout(ctx.Context, s, late)
	} else {
		limited, cancel = context.WithTimeoutCause(ctx.Context, s.Within, late)
	}
	return ctx.Over(limited), cancel
}

// leave records the end of a Process or Parallel, which may handle its own
// failure first (rule 6). before is what enter returned: what was skipped, or could
// not begin, has had no effect.
func (w *walker) leave(ctx *chain.Scope, p *builder.Step, f *failure, before int) *failure {
	if f == nil {
		w.flush()
		w.keep(chain.NewRecord(w.at, chain.KindSucceeded, p.Index, chain.Forward, 0))
		return nil
	}
	if f.halt != nil {
		return f
	}
	undoes := undoesItself(p)
	if undoes {
		if halt := w.unwind(ctx, p, f.err); halt != nil {
			return &failure{halt: halt}
		}
	}
	attempts := 0
	if w.attempts > before {
		attempts = 1
	}
	f = &failure{err: f.err, ending: w.x.endingOf(ctx)}
	w.recorder().Failed(w.at, p.Index, chain.Forward, attempts, f.err, f.ending)
	if undoes {
		w.recorder().Unwound(p.Index)
	}
	return f
}

func undoesItself(p *builder.Step) bool {
	return p.Failure == policy.Compensate
}
