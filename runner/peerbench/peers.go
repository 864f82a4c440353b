package main

import (
	"context"
	"sync"

	"github.com/avast/retry-go/v4"
	"github.com/cenkalti/backoff/v4"
	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/retrypolicy"
	"github.com/samber/lo"
	"github.com/sourcegraph/conc"
	"golang.org/x/sync/errgroup"

	"github.com/taskchain-go/taskchain/internal/handwritten"
)

// What is written by hand, and what other libraries do, each at its fastest:
// policies are made once where they can be, and no context is handed over.

func byHandTraced(steps []handwritten.Step) func() (handwritten.Tally, error) {
	return func() (handwritten.Tally, error) {
		var t handwritten.Tally
		_, err := handwritten.Traced(context.Background(), steps, &t)
		return t, err
	}
}

func byHandPlain(steps []handwritten.Step) func() (handwritten.Tally, error) {
	return func() (handwritten.Tally, error) {
		var t handwritten.Tally
		err := handwritten.Plain(context.Background(), steps, &t)
		return t, err
	}
}

func byHandRetried() (handwritten.Tally, error) {
	var t handwritten.Tally
	step := handwritten.Step{Name: "flaky", Do: handwritten.FailTwice}
	_, err := handwritten.Retried(context.Background(), step, 3, &t)
	return t, err
}

// transaction is lo's saga. It hands the state from step to step by value or, as
// here, by pointer.
func transaction(steps []handwritten.Step) func() (handwritten.Tally, error) {
	ctx := context.Background()
	saga := lo.NewTransaction[*handwritten.Tally]()
	for _, s := range steps {
		saga = saga.Then(
			func(t *handwritten.Tally) (*handwritten.Tally, error) { return t, s.Do(ctx, t) },
			func(t *handwritten.Tally) *handwritten.Tally {
				_ = s.Undo(ctx, t) // Transaction has no way to say that it failed
				return t
			},
		)
	}
	return func() (handwritten.Tally, error) {
		var t handwritten.Tally
		_, err := saga.Process(&t)
		return t, err
	}
}

// each has every step attempted by a library.
func each(steps []handwritten.Step, attempt func(func() error) error) []handwritten.Step {
	wrapped := make([]handwritten.Step, len(steps))
	for i, s := range steps {
		wrapped[i] = handwritten.Step{Name: s.Name, Undo: s.Undo, Do: func(ctx context.Context, t *handwritten.Tally) error {
			return attempt(func() error { return s.Do(ctx, t) })
		}}
	}
	return wrapped
}

// flaky has the one flaky step attempted by a library.
func flaky(attempt func(func() error) error) func() (handwritten.Tally, error) {
	ctx := context.Background()
	return func() (handwritten.Tally, error) {
		var t handwritten.Tally
		err := attempt(func() error { return handwritten.FailTwice(ctx, &t) })
		return t, err
	}
}

// byBackoff sets no limit to the attempts, which would cost an allocation.
func byBackoff(f func() error) error { return backoff.Retry(f, &backoff.ZeroBackOff{}) }

// byFailsafe makes up to three attempts, the default.
func byFailsafe() func(func() error) error {
	return failsafe.With(retrypolicy.NewWithDefaults[any]()).Run
}

func byRetryGo() func(func() error) error {
	options := []retry.Option{retry.Attempts(3), retry.Delay(0), retry.DelayType(retry.FixedDelay)}
	return func(f func() error) error { return retry.Do(f, options...) }
}

// The branches of a Parallel change disjoint parts of the data: Done and Undone.

func byHandBranches() (handwritten.Tally, error) {
	var (
		t      handwritten.Tally
		errs   [2]error
		group  sync.WaitGroup
		ctx    = context.Background()
		branch = [2]func(context.Context, *handwritten.Tally) error{handwritten.Do, handwritten.Undo}
	)
	for i, do := range branch {
		group.Go(func() { errs[i] = do(ctx, &t) })
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return t, err
		}
	}
	return t, nil
}

func errgroupBranches() (handwritten.Tally, error) {
	var t handwritten.Tally
	group, ctx := errgroup.WithContext(context.Background())
	group.Go(func() error { return handwritten.Do(ctx, &t) })
	group.Go(func() error { return handwritten.Undo(ctx, &t) })
	err := group.Wait()
	return t, err
}

func concBranches() (handwritten.Tally, error) {
	var (
		t     handwritten.Tally
		errs  [2]error
		group conc.WaitGroup
		ctx   = context.Background()
	)
	group.Go(func() { errs[0] = handwritten.Do(ctx, &t) })
	group.Go(func() { errs[1] = handwritten.Undo(ctx, &t) })
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return t, err
		}
	}
	return t, nil
}
