package engine

import (
	"context"
	"errors"
	"runtime/debug"
	"sync/atomic"

	"github.com/taskchain-go/taskchain/chain"
)

// A relay hands the attempts of one walker from interceptor to interceptor and at
// last to the step. Its functions serve all attempts, so none is made for each. An
// interceptor may keep one, or a context: so both must be of the attempt that is
// under way, and a relay's memory is never used again.
type relay struct {
	host     Host
	program  *Program
	underway atomic.Pointer[chain.Frame]
	next     []func(context.Context) error // what the i-th interceptor is given
}

// intercepted is the walker's relay.
func (w *walker) intercepted() *relay {
	if w.relay == nil {
		r := &relay{host: w.x.host, program: w.x.program}
		for i := range r.program.interceptors {
			r.next = append(r.next, func(ctx context.Context) error {
				frame := r.underway.Load()
				if frame == nil || !frame.Holds(ctx) {
					return errForeign
				}
				return r.pass(ctx, frame, i+1)
			})
		}
		w.relay = r
	}
	return w.relay
}

var errForeign = errors.New("an interceptor has called next after its attempt, or with a context that is not made of the attempt's")

// attempt makes an attempt through all interceptors.
func (r *relay) attempt(ctx context.Context, frame *chain.Frame) error {
	r.underway.Store(frame)
	defer r.underway.Store(nil)
	return r.pass(ctx, frame, 0)
}

// pass calls the i-th interceptor around those behind it, and at last the step.
func (r *relay) pass(ctx context.Context, frame *chain.Frame, i int) error {
	if i < len(r.next) {
		return r.program.interceptors[i](ctx, frame.Info(), r.next[i])
	}
	return r.step(ctx, frame)
}

// step calls the step. What ends its goroutine is not for the interceptors.
func (r *relay) step(ctx context.Context, frame *chain.Frame) (err error) {
	returned := false
	defer func() {
		if returned {
			return
		}
		if v := recover(); v != nil {
			err = &chain.PanicError{Value: v, Stack: debug.Stack()}
		}
	}()
	index, phase := frame.Step()
	err = r.host.Attempt(ctx, &r.program.steps[index], phase)
	returned = true
	return err
}
