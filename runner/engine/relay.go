package engine

import (
	"context"
	"errors"
	"runtime/debug"

	"github.com/taskchain-go/taskchain/chain"
)

// A relay hands the attempts of one walker from interceptor to interceptor and at
// last to the step. Its functions serve all attempts, so none is made for each. An
// interceptor may keep one, or a context: so the context must be of the attempt that
// is under way, and a relay's memory is never used again.
type relay struct {
	host    Host
	program *Program
	scope   *chain.Scope                // of the walker
	next    func(context.Context) error // what the first interceptor is given
}

// intercepted is the walker's relay.
func (w *walker) intercepted() *relay {
	if w.relay == nil {
		r := &relay{host: w.x.host, program: w.x.program, scope: w.ctx}
		r.next = r.behind(0)
		w.relay = r
	}
	return w.relay
}

var errForeign = errors.New("an interceptor has called next after its attempt, or with a context that is not made of the attempt's")

// attempt makes an attempt through all interceptors.
func (r *relay) attempt(ctx context.Context, frame *chain.Frame) error {
	return r.program.interceptors[0](ctx, frame.Info(), r.next)
}

// behind is what the i-th interceptor is given: the next one, and behind the last
// one the step.
func (r *relay) behind(i int) func(context.Context) error {
	if i++; i == len(r.program.interceptors) {
		return func(ctx context.Context) error {
			frame := r.scope.Attempt(ctx)
			if frame == nil {
				return errForeign
			}
			return r.step(ctx, frame)
		}
	}
	intercept, next := r.program.interceptors[i], r.behind(i)
	return func(ctx context.Context) error {
		frame := r.scope.Attempt(ctx)
		if frame == nil {
			return errForeign
		}
		return intercept(ctx, frame.Info(), next)
	}
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
