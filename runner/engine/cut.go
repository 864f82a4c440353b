package engine

import (
	"runtime/debug"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
)

// interrupted is the error of a user's function that did not return. The attempt is
// noted, for survive to go on from: if it did not panic, runtime.Goexit is ending the
// goroutine, and also if it did, when that was in a function deferred during one. Who
// gets back here knows better, and drops the note where the step may be tried again.
func (w *walker) interrupted(panicked any, frame *chain.Frame, s *builder.Step, phase chain.Phase) error {
	err := brokenOff(panicked)
	w.cut = &cut{step: s.Index, phase: phase, attempt: frame.Info().Attempt, err: err}
	return err
}

func brokenOff(panicked any) error {
	if panicked == nil {
		return &chain.PanicError{Value: chain.ErrGoexit}
	}
	return &chain.PanicError{Value: panicked, Stack: debug.Stack()}
}

// A cut is an attempt in which the goroutine was ended, as far as is known.
type cut struct {
	step    int
	phase   chain.Phase
	attempt int // 0: in the step's When
	err     error
}

// takeCut answers for an attempt that ended its goroutine: it was the n-th, and
// this is its error.
func (w *walker) takeCut(s *builder.Step, phase chain.Phase, n *int) error {
	if w.cut == nil || w.cut.step != s.Index || w.cut.phase != phase {
		return nil
	}
	err := w.cut.err
	if phase == chain.Forward {
		w.attempts += w.cut.attempt
	}
	*n, w.cut = max(w.cut.attempt, 1), nil
	return err
}

// survive goes on in a new goroutine if this one is being ended by
// runtime.Goexit. The walk begins anew, and what is settled answers from the
// record.
func (w *walker) survive() {
	if w.done || w.x.remote != nil { // no step has run in here: whoever ends this goroutine means the execution as well
		return
	}
	if v := recover(); v != nil { // no user's function panics up to here: this is a bug of a host or ours
		panic(v)
	}
	w.release()
	w.replay = replayOf(w.recorder(), w.x.program.steps)
	w.x.failed.Store(true)
	w.at, w.rewalk, w.direct = w.x.host.Now(), true, false
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		w.drive()
	}()
	<-finished
}
