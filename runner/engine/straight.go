package engine

import (
	"time"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
)

// Here speed shapes the walk, as in chain/records.go the trace. Most steps begin at the
// moment at which the one before them has succeeded, need nothing but to be called, and
// succeed at once: they are run here, one behind the other, as run would do it. A step
// of which anything else is true goes by run.

// straight runs as many of the steps, or of their compensations, from the first one on.
// It returns how many that were, and the failure of the last of them, if it has failed.
func (w *walker) straight(ctx *chain.Scope, steps []*builder.Step, phase chain.Phase) (n int, f *failure) {
	if !w.direct || !w.keeping {
		return 0, nil
	}
	n, began, err := w.stretch(ctx, steps, phase)
	if err != nil {
		f = w.retry(ctx, steps[n-1], phase, 1, err, began)
	}
	return n, f
}

// stretch makes the attempts, with one recovery of panics for all of them. The last one
// began at began, and err is what it failed with.
func (w *walker) stretch(ctx *chain.Scope, steps []*builder.Step, phase chain.Phase) (n int, began time.Duration, err error) {
	var frame *chain.Frame
	returned := true
	defer func() {
		if !returned {
			err = w.interrupted(recover(), frame, steps[n-1], phase)
			frame.End()
			w.at = w.x.host.Now()
		}
	}()
	for _, s := range steps {
		both, ok := w.kept.Then(w.at, s.Index, phase)
		if !ok || !plain(s, phase) || ctx.Err() != nil {
			break
		}
		w.keeping = false
		w.x.log.Record(both)
		frame = w.frame()
		frame.Set(ctx, s.Index, phase, 1)
		if phase == chain.Forward {
			w.attempts++
		}
		n, began, returned = n+1, w.at, false
		err = w.hand(frame, frame, s, phase)
		returned = true
		w.at = w.x.host.Now()
		if err != nil {
			break
		}
		w.keep(chain.NewRecord(w.at, succeeds(phase), s.Index, phase, 1))
	}
	return n, began, err
}

// plain tells whether there is nothing to an attempt but the user's function.
func plain(s *builder.Step, phase chain.Phase) bool {
	if phase == chain.Compensation {
		return s.CompensationTimeout == 0
	}
	return !s.Kind.Composite() && !s.Conditional && s.Timeout == 0
}
