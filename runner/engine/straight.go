package engine

import (
	"time"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
)

// Here speed shapes the walk, as in chain/records.go the trace. Most steps need nothing
// but to be called, and succeed at once: they are run here, one behind the other, as run
// would do it. A step of which anything else is true goes by run.

// advance takes the first of some steps, or of their compensations, and those behind it
// that go straight. It returns how many that were, and the failure of the last of them,
// if it has failed.
func (w *walker) advance(ctx *chain.Scope, steps []*builder.Step, phase chain.Phase) (n int, f *failure) {
	if w.direct && plain(steps[0], phase) {
		n, began, err := w.stretch(ctx, steps, phase)
		if err != nil {
			w.cut = nil // as after any attempt
			return n, w.retry(ctx, steps[n-1], phase, 1, err, began)
		}
		if n > 0 {
			return n, nil
		}
	}
	if phase == chain.Compensation {
		return 1, w.run(ctx, steps[0], phase)
	}
	return 1, w.node(ctx, steps[0])
}

// stretch makes n attempts, with one recovery of panics for all of them. The last one
// began at began, and err is what it failed with.
func (w *walker) stretch(ctx *chain.Scope, steps []*builder.Step, phase chain.Phase) (n int, began time.Duration, err error) {
	var frame *chain.Frame
	underWay := false
	defer func() {
		if underWay {
			err = w.interrupted(recover(), frame, steps[n-1], phase)
			frame.End()
			w.at = w.x.host.Now()
		}
	}()
	for _, s := range steps {
		begin, ok := w.kept.Then(w.at, s.Index, phase)
		if !w.keeping {
			begin, ok = chain.NewRecord(w.at, begins(phase), s.Index, phase, 1), true
		}
		if !ok || !plain(s, phase) || ctx.Err() != nil {
			break
		}
		w.keeping = false
		w.x.log.Record(begin)
		frame = w.frame()
		frame.Set(ctx, s.Index, phase, 1)
		if phase == chain.Forward {
			w.attempts++ // for leave
		}
		n++
		began = w.at
		underWay = true
		err = w.hand(frame, frame, s, phase)
		underWay = false
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
