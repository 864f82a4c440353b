package engine

import "github.com/taskchain-go/taskchain/chain"

// acquire waits for one of the runner's slots. It is false if ctx has ended.
func (w *walker) acquire(ctx *chain.Scope) (may bool, halt error) {
	select {
	case w.x.program.slots <- struct{}{}:
		w.holds = true
		return true, nil
	default:
	}
	if halt := w.commit(); halt != nil {
		return false, halt
	}
	defer func() { w.at = w.x.host.Now() }() // the attempt begins after the wait
	select {
	case w.x.program.slots <- struct{}{}:
		w.holds = true
		return true, nil
	case <-ctx.Done():
		return false, nil
	}
}

// release gives the slot back, if there is one.
func (w *walker) release() {
	if w.holds {
		w.holds = false
		<-w.x.program.slots
	}
}
