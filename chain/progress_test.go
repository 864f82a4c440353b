package chain_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/codec"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

type chainPlan = builder.Plan[int]

// takes is a step that takes its time.
func takes(d time.Duration, err error) builder.StepFunc[int] {
	return func(context.Context, *int) error { time.Sleep(d); return err }
}

func TestProgressAtAnyMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		second := time.Second
		plan := chain.New[int]().
			Step("a", takes(10*second, nil)).Compensate(takes(10*second, nil)).
			Process("p", chain.New[int]().
				Step("x", takes(10*second, nil)).Compensate(takes(10*second, nil)).
				Step("y", takes(10*second, nil))).Compensate(takes(10*second, nil)).
			Step("skipped", takes(0, nil)).When(func(context.Context, *int) bool { return false }).
			Step("b", takes(10*second, errNo)).Retry(policy.Fixed(2, 10*second)).
			OnFailure(policy.Compensate).
			MustBuild()

		exec := chain.NewExecutionContext(0)
		require.Equal(t, chain.Progress{}, exec.Progress())
		finished := make(chan struct{})
		go func() {
			defer close(finished)
			runner.NewSync(plan).Resume(context.Background(), exec) //nolint:errcheck // the progress tells
		}()

		time.Sleep(5 * second)
		for _, want := range []chain.Progress{
			{Status: chain.Running, Underway: []string{"a"}},
			{Status: chain.Running, Completed: 1, Underway: []string{"p/x"}},
			{Status: chain.Running, Completed: 2, Underway: []string{"p/y"}},
			{Status: chain.Running, Completed: 3, Underway: []string{"b"}},
			{Status: chain.Running, Completed: 3, Underway: []string{"b"}, Retries: 1}, // waits
			{Status: chain.Running, Completed: 3, Underway: []string{"b"}, Retries: 1},
			{Status: chain.Compensating, Completed: 3, Underway: []string{"p"}, Retries: 1},
			{Status: chain.Compensating, Completed: 1, Compensated: 1, Underway: []string{"a"}, Retries: 1},
		} {
			got := exec.Progress()
			want.Steps, want.Elapsed = 5, got.Elapsed
			require.Equal(t, want, got)
			require.Equal(t, 5*second, got.Elapsed%(10*second))
			time.Sleep(10 * second)
		}
		<-finished
		end := chain.Progress{Status: chain.Compensated, Steps: 5, Compensated: 2, Retries: 1, Elapsed: 80 * second}
		require.Equal(t, end, exec.Progress())
		time.Sleep(time.Hour)
		require.Equal(t, end, exec.Progress(), "time stands still after the end")

		doc, err := codec.Marshal(exec)
		require.NoError(t, err)
		back, err := codec.Unmarshal[int](doc)
		require.NoError(t, err)
		require.Equal(t, chain.Progress{Status: chain.Compensated, Compensated: 2}, back.Progress(), "of this process nothing has run")
	})
}

func TestProgressOfBranches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan := chain.New[int]().
			Parallel("p", chain.New[int]().
				Step("x", takes(10*time.Second, nil)).
				Step("y", takes(20*time.Second, nil)).
				Step("z", takes(30*time.Second, nil))).
			MustBuild()
		handle := runner.NewAsync(plan).Start(context.Background(), 0)
		time.Sleep(5 * time.Second)
		require.ElementsMatch(t, []string{"p/x", "p/y", "p/z"}, handle.Progress().Underway)
		time.Sleep(10 * time.Second)
		require.ElementsMatch(t, []string{"p/y", "p/z"}, handle.Progress().Underway)
		require.Equal(t, 1, handle.Progress().Completed)
		_, err := handle.Wait(context.Background())
		require.NoError(t, err)
	})
}

// Asked while the execution runs on, it is of one moment: whoever has completed so
// many steps is at the next one.
func TestProgressIsOfOneMoment(t *testing.T) {
	const steps = 5000
	plan := chain.New[int]()
	for i := range steps {
		plan = plan.Step(fmt.Sprint(i), add(1)).Builder
	}
	exec := chain.NewExecutionContext(0)
	var asking sync.WaitGroup
	asking.Go(func() {
		for {
			p := exec.Progress()
			switch {
			case p.Status.Ended():
				require.Equal(t, steps, p.Completed)
				require.Empty(t, p.Underway)
				return
			case len(p.Underway) > 0:
				require.Equal(t, []string{fmt.Sprint(p.Completed)}, p.Underway)
			}
		}
	})
	_, err := runner.NewSync(plan.MustBuild()).Resume(context.Background(), exec)
	require.NoError(t, err)
	asking.Wait()
}
