package engine_test

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

// A conditional step whose attempt ends its goroutine has been attempted: its
// When is not where it happened, and is not asked again.
func TestGoexitInTheAttemptOfAConditionalStep(t *testing.T) {
	asked := 0
	plan := chain.New[state]().
		Step("a", func(_ context.Context, s *state) error {
			s.Steps = append(s.Steps, "a")
			if len(s.Steps) < 2 {
				runtime.Goexit()
			}
			return errors.New("boom")
		}).
		When(func(context.Context, *state) bool { asked++; return true }).
		Retry(policy.Fixed(2, 0).RetryOn(policy.As[*chain.PanicError]())).
		Compensate(func(_ context.Context, s *state) error { s.Steps = append(s.Steps, "undo a"); return nil }).CompensateOnFailure().
		OnFailure(policy.Compensate).MustBuild()
	out, err := runner.NewAsync(plan).Run(t.Context(), state{})
	require.Error(t, err)
	require.Equal(t, []string{"a", "a", "undo a"}, out.Context.Data.Steps)
	require.Equal(t, 2, out.Failures[0].Attempts)
	require.Equal(t, 1, asked)
}

// CompensateOnFailure is for an effect that may have happened. What was skipped
// or could not begin had none.
func TestAProcessOfWhichNothingWasAttemptedIsNotUndone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	plan := chain.New[state]().
		Process("p", chain.New[state]().
			Step("skipped", ok).When(func(context.Context, *state) bool { cancel(); return false }).
			Step("b", ok)).
		Compensate(func(context.Context, *state) error { return errors.New("nothing to undo") }).CompensateOnFailure().
		OnFailure(policy.Compensate).MustBuild()
	out, err := runner.NewSync(plan).Run(ctx, state{})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, chain.Compensated, out.Status)
}

// A half-done Process is gone on with, whatever its When would say by now.
func TestTheConditionOfAHalfDoneProcessIsNotAskedAgain(t *testing.T) {
	plan := chain.New[state]().
		Process("p", chain.New[state]().
			Step("a", func(_ context.Context, s *state) error { s.Steps = append(s.Steps, "a"); return nil }).
			Step("b", func(_ context.Context, s *state) error {
				s.Steps = append(s.Steps, "b")
				if len(s.Steps) < 3 {
					return errors.New("boom")
				}
				return nil
			})).
		When(func(_ context.Context, s *state) bool { return len(s.Steps) == 0 }).MustBuild()
	r := runner.NewSync(plan)
	out, err := r.Run(t.Context(), state{})
	require.ErrorContains(t, err, "boom")
	out, err = r.Resume(t.Context(), out.Context)
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b", "b"}, out.Context.Data.Steps)
}
