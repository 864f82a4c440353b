package engine

import (
	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
)

// unwind undoes what is completed inside level, newest completion first, each
// once (rule 5), on a context that no cancellation reaches (rule 7). An undo
// that fails is recorded, and the others still run (rule 8). It is true to what
// was recorded, so that an interrupted one can be called again.
func (w *walker) unwind(ctx *chain.Scope, level *builder.Step, cause error) (halt error) {
	w.recorder().Unwinding(level.Index)
	detached := ctx.Detached(cause)
	undo := w.undoable(level)
	if len(w.frames) < len(undo) {
		w.frames = make([]chain.Frame, len(undo))
	}
	for len(undo) > 0 {
		n, f := w.advance(detached, undo, chain.Compensation)
		undo = undo[n:]
		if f != nil && f.halt != nil {
			return f.halt
		}
	}
	return nil
}

// undoable is what there is to undo inside level, newest first. A Process or
// Parallel with a compensation of its own stands for the steps inside it.
func (w *walker) undoable(level *builder.Step) []*builder.Step {
	var (
		steps   = w.x.program.steps
		undo    = make([]*builder.Step, 0, level.Next-level.Index-1)
		covered []bool // by step; made when something is
	)
	for e := range w.recorder().Settled() {
		s := &steps[e.Step()]
		if s.Index <= level.Index || s.Index >= level.Next || covered != nil && covered[s.Index] || !mayHaveEffect(s, e) {
			continue
		}
		if s.Kind.Composite() {
			if covered == nil {
				covered = make([]bool, len(steps))
			}
			for inside := s.Index + 1; inside < s.Next; inside++ {
				covered[inside] = true
			}
		}
		if e.Undo() == 0 {
			undo = append(undo, s)
		}
	}
	return undo
}

// mayHaveEffect tells whether the step's own compensation is called for.
func mayHaveEffect(s *builder.Step, e chain.Settled) bool {
	if !s.HasCompensation {
		return false
	}
	end, attempts := e.Forward()
	return end == chain.KindSucceeded ||
		end == chain.KindFailed && s.CompensateOnFailure && attempts > 0 && !undoesItself(s)
}
