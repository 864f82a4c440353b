package chain

import (
	"context"
	"fmt"
	"reflect"

	"github.com/taskchain-go/taskchain/builder"
)

// New begins a plan over data of type T:
//
//	plan, err := chain.New[Order]().Named("checkout").
//		Step("reserve", stock.Reserve).Compensate(stock.Release).
//
//		Step("charge", pay.Charge).Compensate(pay.Refund).
//
//		OnFailure(policy.Compensate).
//		Build()
func New[T any]() builder.Builder[T] { return builder.Builder[T]{} }

// Do makes a step of a function that wants the whole execution and not only its
// data: the trace, the metadata, the ID. The data is at exec.Data.
//
// In a plan that is embedded in a plan over another type the execution is over
// that other type, and a step made by Do fails with an error that says so.
func Do[T any](do func(ctx context.Context, exec *ExecutionContext[T]) error) builder.StepFunc[T] {
	if do == nil {
		return nil // Build reports it, with its place
	}
	return func(ctx context.Context, _ *T) error {
		exec, ok := FromContext[T](ctx)
		if !ok {
			return fmt.Errorf("chain: Do: the context has no execution over %s; inside an embedded plan it is over the outer plan's data", reflect.TypeFor[T]())
		}
		return do(ctx, exec)
	}
}
