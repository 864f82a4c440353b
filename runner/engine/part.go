package engine

import (
	"context"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
)

// A part is one step of an execution that is driven elsewhere.
type part struct {
	ctx    *chain.Scope
	step   *builder.Step
	phase  chain.Phase
	before Made
	asks   bool // only the step's When
	holds  bool
}

func (p *part) drive(w *walker) (f *failure) {
	if !p.asks {
		f = w.run(p.ctx, p.step, p.phase)
	} else if holds, err := w.condition(p.ctx, p.step); err != nil {
		f = &failure{err: err}
	} else {
		p.holds = holds
	}
	w.flush()
	return f
}

// DriveStep makes attempts at one step, or at its compensation, of an execution
// that is driven elsewhere, on a Remote: those that are to follow on before. It is
// called in place of Drive; what it has come to, Part says. The Host is an
// ordinary one, which may end it at a wait by a *Halt from Sleep. For a
// compensation, cause is what made it necessary.
func (x *Execution) DriveStep(ctx context.Context, step int, phase chain.Phase, before Made, cause error) {
	scope := x.ctx.Over(ctx)
	if phase == chain.Compensation {
		x.log.Unwinding(0)
		scope = scope.Detached(cause)
	}
	x.drivePart(part{ctx: scope, step: &x.program.steps[step], phase: phase, before: before})
}

// DriveCondition asks the When of one step of an execution that is driven
// elsewhere, on a Remote. It is called in place of Drive.
func (x *Execution) DriveCondition(ctx context.Context, step int) {
	x.drivePart(part{ctx: x.ctx.Over(ctx), step: &x.program.steps[step], asks: true})
}

func (x *Execution) drivePart(p part) {
	if x.cancel != nil {
		x.cancel() // whoever drives the whole looks after that
	}
	x.part, x.direct = &p, false
	x.drive()
}

// A Part is what DriveStep or DriveCondition has come to.
type Part struct {
	Holds  bool               // what the condition said
	Failed *chain.StoredError // the last attempt's own error, or the condition's; nil: there was none
	Halt   error              // what the *Halt of Sleep had in it
}

// Part is what became of DriveStep or DriveCondition, also where that has ended
// its goroutine.
func (x *Execution) Part() Part {
	x.log.Halt(x.log.Status())
	p := Part{Holds: x.part.holds}
	if f := x.result; f != nil {
		p.Failed, p.Halt = x.log.Store(own(f.err)), f.halt
	}
	return p
}

// own is what a step failed with, without what was added since.
func own(err error) error {
	if step, ok := err.(*chain.StepError); ok {
		err = step.Err
	}
	if ended, ok := err.(*endedError); ok {
		return ended.err
	}
	return err
}
