package runner

import (
	"context"
	"errors"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
)

// ErrShutdown is an execution that was started after Shutdown.
var ErrShutdown = errors.New("runner: shut down")

// Async is the Runner that executes each plan in a goroutine of its own, and the
// branches of a Parallel in one each. It runs asynchronous steps and
// compensations as well as synchronous ones. It is safe for concurrent use.
type Async[T any] struct {
	core   core[T]
	census census
}

var _ Runner[int] = (*Async[int])(nil)

// NewAsync makes an Async for a plan. What is wrong with the plan or the options
// is the error of every Run.
func NewAsync[T any](plan *builder.Plan[T], opts ...Option) *Async[T] {
	a := &Async[T]{core: newCore(plan, opts)}
	a.core.together = true
	return a
}

// Run executes the plan on data and waits for it. See Runner.
func (a *Async[T]) Run(ctx context.Context, data T) (chain.Outcome[T], error) {
	return a.start(ctx, &chain.ExecutionContext[T]{Data: data}, nil).result()
}

// Resume goes on with an execution and waits for it. See Runner.
func (a *Async[T]) Resume(ctx context.Context, exec *chain.ExecutionContext[T]) (chain.Outcome[T], error) {
	if exec == nil {
		return chain.Outcome[T]{}, errNilExecution
	}
	return a.start(ctx, exec, nil).result()
}

// Start begins an execution and returns at once. The execution ends with ctx: to
// have it outlive a request, pass context.WithoutCancel of the request's. If it
// can't begin, the Handle is done and its Wait says why. chain.WithID gives it an
// ID of the user's; Start does not look whether another has it.
func (a *Async[T]) Start(ctx context.Context, data T, opts ...chain.ContextOption) *Handle[T] {
	var cancel context.CancelCauseFunc
	if ctx != nil { // start refuses a nil one
		ctx, cancel = context.WithCancelCause(ctx)
	}
	return a.start(ctx, chain.NewExecutionContext(data, opts...), cancel)
}

// start has cancel called at the end; an execution that nobody gets a Handle of
// needs none.
func (a *Async[T]) start(ctx context.Context, exec *chain.ExecutionContext[T], cancel context.CancelCauseFunc) *Handle[T] {
	handle := newHandle(exec, cancel)
	if cancel != nil {
		handle.cancel = func(cause error) error { cancel(cause); return nil }
	}
	if err := a.census.enter(); err != nil {
		return handle.refused(err)
	}
	h := new(host[T])
	x, err := a.core.begin(ctx, exec, h, h)
	if err != nil {
		a.census.leave()
		return handle.refused(err)
	}
	handle.id = exec.ID
	go func() {
		defer func() { // also when a step has ended this goroutine: the execution is at its end
			handle.finish(x)
			a.census.leave()
		}()
		x.Drive()
	}()
	return handle
}

// Shutdown refuses new executions from now on and waits for those that run. If
// ctx ends first it returns an error with its cause that says how many still
// run; they go on undisturbed, and Shutdown may be called again. To end them
// early, cancel the contexts they were started with.
func (a *Async[T]) Shutdown(ctx context.Context) error {
	if ctx == nil {
		return errNilContext
	}
	a.census.close()
	return a.census.wait(ctx)
}
