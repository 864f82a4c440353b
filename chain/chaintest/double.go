package chaintest

import (
	"context"
	"sync/atomic"

	"github.com/taskchain-go/taskchain/builder"
)

// Nothing is a step that does nothing and succeeds.
func Nothing[T any]() builder.StepFunc[T] {
	return func(context.Context, *T) error { return nil }
}

// Failing is a step that fails with err each time, or with ErrInjected for nil.
func Failing[T any](err error) builder.StepFunc[T] {
	err = orInjected(err)
	return func(context.Context, *T) error { return err }
}

// Flaky is a step that fails n times with err, or with ErrInjected for nil, and
// from then on does what then does; a nil then does nothing. It counts calls, of
// whatever execution: make one for each.
func Flaky[T any](n int, err error, then builder.StepFunc[T]) builder.StepFunc[T] {
	err = orInjected(err)
	var calls atomic.Int64
	return func(ctx context.Context, data *T) error {
		switch {
		case calls.Add(1) <= int64(n):
			return err
		case then == nil:
			return nil
		}
		return then(ctx, data)
	}
}

// Slow is a step that does nothing until its ctx ends, and then fails with the
// cause. Without a Timeout, a deadline or a cancellation it waits for ever.
func Slow[T any]() builder.StepFunc[T] {
	return func(ctx context.Context, _ *T) error {
		<-ctx.Done()
		return context.Cause(ctx)
	}
}

// Panicking is a step that panics with v, or with ErrInjected for nil.
func Panicking[T any](v any) builder.StepFunc[T] {
	if v == nil {
		v = ErrInjected
	}
	return func(context.Context, *T) error { panic(v) }
}

func orInjected(err error) error {
	if err == nil {
		return ErrInjected
	}
	return err
}
