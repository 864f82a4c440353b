package runner_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

// sleeps is a step that takes a while and ends with its context.
func sleeps(name string, d time.Duration) step {
	return func(ctx context.Context, w **world) error {
		select {
		case <-time.After(d):
			(*w).note(name)
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func TestHandleFollowsAnExecution(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan := steps().
			Step("a", sleeps("a", time.Second)).
			Parallel("p", steps().Step("b", sleeps("b", time.Second)).Step("c", sleeps("c", 2*time.Second))).
			Step("d", failsTimes("d", 1, errBoom)).Retry(policy.Fixed(2, time.Second)).MustBuild()
		h := runner.NewAsync(plan).Start(t.Context(), &world{}, chain.WithID("order-1"), chain.WithMetadata(map[string]any{"k": "v"}))
		require.Equal(t, "order-1", h.ID())

		synctest.Wait()
		require.Equal(t, chain.Progress{Status: chain.Running, Steps: 4, Underway: []string{"a"}}, h.Progress())
		time.Sleep(1500 * time.Millisecond)
		require.Equal(t, chain.Progress{
			Status: chain.Running, Steps: 4, Completed: 1, Underway: []string{"p/b", "p/c"}, Elapsed: 1500 * time.Millisecond,
		}, sortUnderway(h.Progress()))
		time.Sleep(2 * time.Second)
		require.Equal(t, chain.Progress{
			Status: chain.Running, Steps: 4, Completed: 3, Underway: []string{"d"}, Retries: 1, Elapsed: 3500 * time.Millisecond,
		}, h.Progress())

		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errBoom)
		out, err := h.Wait(ctx)
		require.ErrorIs(t, err, errBoom, "Wait stops waiting with its own context")
		require.Equal(t, chain.Running, out.Status)

		out, err = h.Wait(t.Context())
		require.NoError(t, err)
		require.Equal(t, chain.Succeeded, out.Status)
		require.Equal(t, 4*time.Second, out.Duration)
		value, _ := out.Context.Get("k")
		require.Equal(t, "v", value)
		<-h.Done()
		again, err := h.Wait(ctx)
		require.NoError(t, err, "what has ended needs no waiting")
		require.Equal(t, out.Status, again.Status)
		h.Cancel(errBoom)
		require.Equal(t, chain.Succeeded, h.Progress().Status)
	})
}

func sortUnderway(p chain.Progress) chain.Progress {
	if len(p.Underway) == 2 && p.Underway[0] > p.Underway[1] {
		p.Underway[0], p.Underway[1] = p.Underway[1], p.Underway[0]
	}
	return p
}

func TestHandleCancel(t *testing.T) {
	for _, cause := range []error{nil, errors.New("changed my mind")} {
		synctest.Test(t, func(t *testing.T) {
			h := runner.NewAsync(steps().
				Step("a", do("a")).Compensate(do("undo a")).
				Step("b", sleeps("b", time.Hour)).
				OnFailure(policy.Compensate).MustBuild()).Start(t.Context(), &world{})
			time.Sleep(time.Minute)
			h.Cancel(cause)
			out, err := h.Wait(t.Context())
			require.Equal(t, chain.Compensated, out.Status)
			require.Equal(t, time.Minute, out.Duration)
			require.Equal(t, []string{"a", "undo a"}, done(out))
			if cause == nil {
				cause = context.Canceled
			}
			require.ErrorIs(t, err, cause)
		})
	}
}

func TestShutdownWaitsForWhatRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := runner.NewAsync(steps().Step("a", sleeps("a", time.Hour)).MustBuild())
		require.NoError(t, runner.NewAsync(steps().Step("a", do("a")).MustBuild()).Shutdown(t.Context()), "nothing runs")
		first, second := r.Start(t.Context(), &world{}), r.Start(t.Context(), &world{})

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		err := r.Shutdown(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "2 executions still run")

		late := r.Start(t.Context(), &world{})
		out, err := late.Wait(t.Context())
		require.ErrorIs(t, err, runner.ErrShutdown)
		require.Equal(t, chain.Pending, out.Status)
		require.NotEmpty(t, late.ID())
		_, err = r.Run(t.Context(), &world{})
		require.ErrorIs(t, err, runner.ErrShutdown)

		var waiting sync.WaitGroup
		for range 3 { // together, and again
			waiting.Go(func() { require.NoError(t, r.Shutdown(t.Context())) })
		}
		waiting.Wait()
		for _, h := range []*runner.Handle[*world]{first, second} {
			out, err := h.Wait(t.Context())
			require.NoError(t, err)
			require.Equal(t, []string{"a"}, done(out))
		}
	})
}

func TestConcurrencyLimitsAttemptsAtWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int32
		work := func(ctx context.Context, _ **world) error {
			defer now.Add(-1)
			for n := now.Add(1); ; {
				if old := most.Load(); n <= old || most.CompareAndSwap(old, n) {
					break
				}
			}
			time.Sleep(time.Second)
			return nil
		}
		r := runner.NewAsync(steps().
			Parallel("p", steps().Step("a", work).Step("b", work).Process("c", steps().Step("d", work))).
			Step("e", work).MustBuild(), runner.WithConcurrency(2))
		begin := time.Now()
		var handles []*runner.Handle[*world]
		for range 5 {
			handles = append(handles, r.Start(t.Context(), &world{}))
		}
		for _, h := range handles {
			_, err := h.Wait(t.Context())
			require.NoError(t, err)
		}
		require.EqualValues(t, 2, most.Load())
		require.Equal(t, 10*time.Second, time.Since(begin), "20 attempts of a second, two at a time")
	})
}

func TestConcurrencyWaitEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := runner.NewAsync(steps().
			Step("a", do("a")).Compensate(do("undo a")).CompensateOnFailure().
			Step("b", func(context.Context, **world) error { time.Sleep(time.Hour); return nil }).Timeout(2*time.Hour).
			OnFailure(policy.Compensate).MustBuild(), runner.WithConcurrency(1))
		holds := r.Start(t.Context(), &world{})
		time.Sleep(time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		waits := r.Start(ctx, &world{})
		out, err := waits.Wait(t.Context())
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, time.Minute, out.Duration)
		require.Equal(t, 0, out.Failures[0].Attempts)
		require.Empty(t, done(out))
		_, err = holds.Wait(t.Context())
		require.NoError(t, err)
	})
}

func TestAPanicGivesItsTurnBack(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		r := k.make(steps().Step("a", func(context.Context, **world) error { panic("a") }).MustBuild(), runner.WithConcurrency(1))
		for range 3 {
			_, err := r.Run(t.Context(), &world{})
			require.ErrorContains(t, err, "panic: a")
		}
	})
}

func TestAnExecutionCannotRunTwiceAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		exec := chain.NewExecutionContext(&world{})
		r := runner.NewAsync(steps().Step("a", sleeps("a", time.Hour)).MustBuild())
		go func() {
			time.Sleep(time.Second)
			_, err := r.Resume(t.Context(), exec)
			require.ErrorContains(t, err, "is already running")
		}()
		_, err := r.Resume(t.Context(), exec)
		require.NoError(t, err)
	})
}
