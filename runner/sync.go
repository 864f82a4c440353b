package runner

import (
	"context"
	"fmt"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
)

// Sync is the Runner that executes a plan in the calling goroutine. It starts no
// goroutine of its own; the branches of a Parallel run in order. It is safe for
// concurrent use.
//
// A step that calls runtime.Goexit ends the caller's goroutine, as it asks: Run
// does not return. Before that, the execution comes to its end as after any
// other failure, compensations included, and observers see it.
type Sync[T any] struct {
	core core[T]
}

var _ Runner[int] = (*Sync[int])(nil)

// NewSync makes a Sync for a plan. What is wrong with the plan or the options is
// the error of every Run; a plan with an asynchronous step or compensation is
// refused with chain.ErrAsync before anything runs.
func NewSync[T any](plan *builder.Plan[T], opts ...Option) *Sync[T] {
	s := &Sync[T]{core: newCore(plan, opts)}
	if plan != nil && s.core.refusal == nil {
		s.core.refusal = refuseAsync(plan)
	}
	return s
}

func refuseAsync[T any](plan *builder.Plan[T]) error {
	for s := range plan.Steps() {
		switch {
		case s.Kind == builder.KindAsync:
			return fmt.Errorf("runner: plan %q: step %q: %w", plan.Name(), s.Path, chain.ErrAsync)
		case s.AsyncCompensation:
			return fmt.Errorf("runner: plan %q: compensation of step %q: %w", plan.Name(), s.Path, chain.ErrAsync)
		}
	}
	return nil
}

// Run executes the plan on data. See Runner.
func (s *Sync[T]) Run(ctx context.Context, data T) (chain.Outcome[T], error) {
	return s.core.drive(ctx, s.core.newFor(data), true)
}

// Resume goes on with an execution. See Runner.
func (s *Sync[T]) Resume(ctx context.Context, exec *chain.ExecutionContext[T]) (chain.Outcome[T], error) {
	if exec == nil {
		return chain.Outcome[T]{}, errNilExecution
	}
	return s.core.drive(ctx, exec, false)
}
