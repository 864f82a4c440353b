package builder_test

import (
	"context"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
)

// Data is what the plans of these tests work on.
type Data struct {
	Ran   []string
	Other *Other
}

// Other is the data of embedded plans.
type Other struct{ Ran []string }

// begin is how the chains of these tests begin.
func begin() builder.Builder[Data] { return chain.New[Data]() }

func pass(context.Context, *Data) error { return nil }

func start(context.Context, *Data) <-chan error {
	done := make(chan error)
	close(done)
	return done
}

func always(context.Context, *Data) bool { return true }

// note is a step that leaves a trace of itself.
func note(text string) builder.StepFunc[Data] {
	return func(_ context.Context, d *Data) error { d.Ran = append(d.Ran, text); return nil }
}

func noteAsync(text string) builder.AsyncFunc[Data] {
	return func(ctx context.Context, d *Data) <-chan error {
		done := make(chan error, 1)
		done <- note(text)(ctx, d)
		return done
	}
}

func noteWhen(text string) func(context.Context, *Data) bool {
	return func(ctx context.Context, d *Data) bool { return note(text)(ctx, d) == nil }
}
