package engine

import (
	"context"
	"errors"

	"github.com/taskchain-go/taskchain/builder"
)

var errNilChannel = errors.New("the async function returned a nil channel")

// Await makes asynchronous work a step that waits for it, even past the end of
// ctx (rules 3 and 9).
func Await[T any](start builder.AsyncFunc[T]) builder.StepFunc[T] {
	return func(ctx context.Context, data *T) error {
		result := start(ctx, data)
		if result == nil {
			return errNilChannel
		}
		return <-result
	}
}
