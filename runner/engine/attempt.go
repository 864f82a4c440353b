package engine

import (
	"context"
	"time"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
)

// attempt makes one attempt, under its own deadline if it has one.
func (w *walker) attempt(ctx *chain.Scope, s *builder.Step, phase chain.Phase, n int) (err error) {
	frame, timeout := w.frame(), s.Timeout
	frame.Set(ctx, s.Index, phase, n)
	if phase == chain.Forward {
		w.attempts++
	} else {
		timeout = s.CompensationTimeout
	}
	if timeout > 0 {
		err = w.limited(frame, s, phase, timeout)
	} else {
		err = w.call(frame, frame, s, phase)
	}
	if err != nil {
		w.cut = nil // it is over, and the goroutine is not
	}
	w.release()
	return err
}

// limited is call under a deadline.
func (w *walker) limited(frame *chain.Frame, s *builder.Step, phase chain.Phase, timeout time.Duration) error {
	late := &timeoutError{what: "attempt", limit: timeout}
	ctx, cancel := context.WithTimeoutCause(frame, timeout, late)
	defer cancel()
	err := w.call(ctx, frame, s, phase)
	if err != nil && context.Cause(ctx) == error(late) {
		return &timeoutError{what: late.what, limit: timeout, err: err}
	}
	return err
}

// call calls the user's function and turns a panic into an error.
func (w *walker) call(ctx context.Context, frame *chain.Frame, s *builder.Step, phase chain.Phase) (err error) {
	returned := false
	defer func() {
		if !returned {
			err = w.interrupted(recover(), frame, s, phase)
			frame.End()
		}
	}()
	err = w.hand(ctx, frame, s, phase)
	returned = true
	return err
}

// hand hands an attempt to the host, through the interceptors, who must not call the
// step any more when they have returned. The frame of one that does not return is the
// caller's to end.
func (w *walker) hand(ctx context.Context, frame *chain.Frame, s *builder.Step, phase chain.Phase) error {
	if !w.x.program.Intercepted() {
		return w.x.host.Attempt(ctx, s, phase)
	}
	err := w.intercepted().attempt(ctx, frame)
	frame.End()
	return err
}

// frame is a context for the next attempt. They are made many at once: three times
// as many as there were, but no more than the steps that are left.
func (w *walker) frame() *chain.Frame {
	if len(w.frames) == 0 {
		left := w.top.Next - w.top.Index - 1 - w.framed
		w.frames = make([]chain.Frame, max(4, min(left, 3*w.framed)))
		w.framed += len(w.frames)
	}
	frame := &w.frames[0]
	w.frames = w.frames[1:]
	return frame
}

// condition asks the step's When.
func (w *walker) condition(ctx *chain.Scope, s *builder.Step) (holds bool, err error) {
	if err := w.takeCut(s, chain.Forward, new(int)); err != nil {
		return false, err
	}
	w.flush() // the condition may look at the trace
	if w.x.remote != nil {
		return w.x.remote.Ask(ctx, s)
	}
	frame := w.frame()
	frame.Set(ctx, s.Index, chain.Forward, 1)
	frame.End() // no attempt
	returned := false
	defer func() {
		if !returned {
			err = w.interrupted(recover(), frame, s, chain.Forward)
			w.cut.attempt = 0
		}
	}()
	holds = w.x.host.Condition(frame, s)
	returned = true
	return holds, nil
}
