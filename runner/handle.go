package runner

import (
	"context"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner/engine"
)

// A Handle looks after one execution that Start has begun. It is safe for
// concurrent use. Nothing needs to be done with one that is of no interest.
type Handle[T any] struct {
	id     string
	exec   *chain.ExecutionContext[T]
	cancel func(cause error) error
	free   context.CancelCauseFunc // of what the context of the steps holds
	begun  <-chan struct{}         // closed when the begin is safe; nil: it is at once
	done   chan struct{}

	refusal bool             // nothing was run
	out     chain.Outcome[T] // when done
	err     error
}

// ID is the execution's.
func (h *Handle[T]) ID() string { return h.id }

// Done is closed when the execution has ended, compensations included.
func (h *Handle[T]) Done() <-chan struct{} { return h.done }

// Wait waits for the end and returns what Run would. If ctx ends first it
// returns its cause; the execution goes on. So do not give it the ctx that the
// execution was started with: Wait would return when that is cancelled, before
// the compensations have run.
func (h *Handle[T]) Wait(ctx context.Context) (chain.Outcome[T], error) {
	select {
	case <-h.done:
		return h.out, h.err
	default:
	}
	if ctx == nil {
		return h.unfinished(errNilContext)
	}
	select {
	case <-h.done:
		return h.out, h.err
	case <-ctx.Done():
	}
	select {
	case <-h.done: // both at once: the end is better news
		return h.out, h.err
	default:
	}
	return h.unfinished(context.Cause(ctx))
}

func (h *Handle[T]) unfinished(err error) (chain.Outcome[T], error) {
	status := h.exec.Status()
	if status.Ended() { // and is about to be told
		status = chain.Running
	}
	return chain.Outcome[T]{Status: status, Context: h.exec}, err
}

// Cancel ends the context of the steps with cause, or context.Canceled for nil.
// That is a failure, after which the plan does what it does on failure; Cancel
// does not wait for it. After the end it does nothing.
func (h *Handle[T]) Cancel(cause error) {
	if h.cancel != nil {
		_ = h.cancel(cause) // if it can't be written down, the execution stops, and Wait says so
	}
}

// Progress is how far the execution is.
func (h *Handle[T]) Progress() chain.Progress { return h.exec.Progress() }

func (h *Handle[T]) result() (chain.Outcome[T], error) {
	<-h.done
	return h.out, h.err
}

func (h *Handle[T]) finish(x *engine.Execution) {
	out, err := engine.Outcome(x, h.exec)
	h.end(out, err)
}

func (h *Handle[T]) refused(err error) *Handle[T] {
	h.id, h.refusal = h.exec.ID, true
	return h.end(chain.Outcome[T]{Status: h.exec.Status(), Context: h.exec}, err)
}

func (h *Handle[T]) end(out chain.Outcome[T], err error) *Handle[T] {
	h.out, h.err = out, err
	if h.free != nil {
		h.free(nil)
	}
	close(h.done)
	return h
}

// newHandle is the Handle of an execution whose steps free ends.
func newHandle[T any](exec *chain.ExecutionContext[T], free context.CancelCauseFunc) *Handle[T] {
	return &Handle[T]{id: exec.ID, exec: exec, free: free, done: make(chan struct{})}
}

// refusedHandle is the Handle of an execution that could not begin.
func refusedHandle[T any](exec *chain.ExecutionContext[T], err error) *Handle[T] {
	return newHandle(exec, nil).refused(err)
}

// safe waits until the begin is safe.
func (h *Handle[T]) safe() *Handle[T] {
	select {
	case <-h.begun:
	case <-h.done:
	}
	return h
}
