package runner_test

// What happens between executions, and between their parts: a resume while the
// end is being told, turns that are waited for, executions inside executions.

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

func TestAnExecutionWhoseEndIsBeingToldIsNotResumed(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		var r runner.Runner[*world]
		var refused error
		r = k.make(steps().Step("a", failsTimes("a", 1, errBoom)).Step("b", do("b")).MustBuild(),
			runner.WithObserver(func(ctx context.Context, e chain.Event) {
				if e.Kind == chain.KindPlanEnded && e.Message == "aborted" {
					exec, _ := chain.FromContext[*world](ctx)
					_, refused = r.Resume(t.Context(), exec)
				}
			}))
		out, err := r.Run(t.Context(), &world{})
		require.ErrorIs(t, err, errBoom)
		require.ErrorContains(t, refused, "is already running")
		out, err = r.Resume(t.Context(), out.Context)
		require.NoError(t, err)
		require.Equal(t, []string{"a", "a", "b"}, done(out))
	})
}

func TestAStepThatWaitsForItsTurnHasItsPredecessorRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := runner.NewAsync(steps().
			Parallel("p", steps().
				Process("a", steps().Step("first", do("a")).Compensate(do("undo a")).Step("next", do("next"))).
				Step("b", sleeps("b", time.Minute)).Compensate(do("undo b"))).
			Step("fail", fails("fail", errBoom)).
			OnFailure(policy.Compensate).MustBuild(), runner.WithConcurrency(1)).Start(t.Context(), &world{})
		out, err := h.Wait(t.Context())
		require.ErrorIs(t, err, errBoom)
		var order []string
		for _, path := range slices.Backward(out.Context.Compensated()) {
			order = append(order, map[string]string{"p/a/first": "a", "p/b": "b"}[path])
		}
		require.Equal(t, order, slices.DeleteFunc(slices.Clone(done(out)), func(s string) bool { return s != "a" && s != "b" }),
			"undone in reverse order of completion")
	})
}

func TestAnObserverThatEndsItsGoroutineKeepsNoTurn(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		r := k.make(steps().Step("a", do("a")).MustBuild(), runner.WithConcurrency(1),
			runner.WithObserver(func(_ context.Context, e chain.Event) {
				if e.Kind == chain.KindStarted {
					runtime.Goexit()
				}
			}))
		for range 2 {
			exec := chain.NewExecutionContext(&world{})
			finished := make(chan struct{})
			go func() { defer close(finished); r.Resume(t.Context(), exec) }()
			<-finished
			require.Equal(t, chain.Succeeded, exec.Status())
		}
	})
}

func TestAnExecutionInsideABranchHasItsOwnFailures(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		var inner error
		nested := k.make(steps().Step("x", func(ctx context.Context, _ **world) error { <-ctx.Done(); return ctx.Err() }).MustBuild())
		out, err := k.run(t, t.Context(), steps().Parallel("p", steps().
			Step("sub", func(ctx context.Context, _ **world) error {
				if !k.together {
					return nil // branches run in order: nobody would end it
				}
				_, inner = nested.Run(ctx, &world{})
				return inner
			}).
			Step("bad", func(context.Context, **world) error { time.Sleep(time.Second); return errBoom })).Builder)
		require.ErrorIs(t, err, errBoom)
		require.Equal(t, []string{"p/bad"}, paths(out.Failures))
		if k.together {
			var failed *chain.StepError
			require.ErrorAs(t, inner, &failed)
			require.Equal(t, "x", failed.Path)
		}
	})
}

func TestWaitNeverSaysSucceededWithAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		h := runner.NewAsync(steps().Step("a", do("a")).MustBuild(), runner.WithObserver(func(_ context.Context, e chain.Event) {
			if e.Kind == chain.KindPlanEnded {
				cancel()
				time.Sleep(time.Second) // the end is recorded and not told yet
			}
		})).Start(t.Context(), &world{})
		out, err := h.Wait(ctx)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, chain.Running, out.Status)
		out, err = h.Wait(t.Context())
		require.NoError(t, err)
		require.Equal(t, chain.Succeeded, out.Status)
	})
}

func TestTheStatusIsRunningAgainAfterAnUndoInside(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		var during chain.Status
		exec := chain.NewExecutionContext(&world{})
		plan := steps().
			Process("p", steps().
				Step("a", do("a")).Compensate(func(context.Context, **world) error { runtime.Goexit(); return nil }).
				Step("b", fails("b", errBoom)).
				OnFailure(policy.Compensate)).
			Step("c", chain.Do(func(_ context.Context, exec *chain.ExecutionContext[*world]) error {
				during = exec.Status()
				return nil
			})).
			OnFailure(policy.Continue).MustBuild()
		finished := make(chan struct{})
		go func() { defer close(finished); k.make(plan).Resume(t.Context(), exec) }()
		<-finished
		require.Equal(t, chain.Running, during)
		require.Equal(t, chain.Stuck, exec.Status())
		began := 0
		for _, e := range exec.Trace() {
			if e.Kind == chain.KindStarted && e.Path == "p" {
				began++
			}
		}
		require.Equal(t, 1, began)
	})
}

func TestAGoroutineLeftBehindStillSeesItsOwnStep(t *testing.T) {
	ask, answer := make(chan struct{}), make(chan chain.StepInfo)
	plan := steps().Step("a", func(ctx context.Context, w **world) error {
		if (*w).note("a"); len((*w).Done) > 1 {
			close(ask)
			return nil
		}
		go func() {
			<-ask
			info, _ := chain.StepFrom(ctx)
			answer <- info
		}()
		return errBoom
	}).MustBuild()
	r := runner.NewSync(plan)
	out, err := r.Run(t.Context(), &world{})
	require.True(t, errors.Is(err, errBoom))
	_, err = r.Resume(t.Context(), out.Context)
	require.NoError(t, err)
	require.Equal(t, "a", (<-answer).Path)
}
