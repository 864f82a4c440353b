package runner_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

// One plan and one runner serve 64 goroutines, each of which gets its own right
// outcome.
func TestAPlanServesManyGoroutinesAtOnce(t *testing.T) {
	type job struct {
		N    int
		Text string
		sum  int
	}
	add := func(n int) func(context.Context, *job) error {
		return func(ctx context.Context, j *job) error {
			exec, ok := chain.FromContext[job](ctx)
			if !ok || exec.Data.N != j.N {
				return errors.New("somebody else's execution")
			}
			j.sum += n * j.N
			return nil
		}
	}
	plan := chain.New[job]().Named("shared").
		Step("one", add(1)).Compensate(add(-1)).
		Process("more", chain.New[job]().
			Step("ten", add(10)).Compensate(add(-10)).
			Parallel("par", chain.New[job]().Step("text", func(_ context.Context, j *job) error { j.Text = fmt.Sprint(j.N); return nil }))).
		Step("odd ones fail", func(_ context.Context, j *job) error {
			if j.N%2 == 1 {
				return fmt.Errorf("job %d is odd", j.N)
			}
			return nil
		}).Retry(policy.Fixed(2, 0)).
		OnFailure(policy.Compensate).MustBuild()
	for name, r := range map[string]runner.Runner[job]{"sync": runner.NewSync(plan), "async": runner.NewAsync(plan)} {
		var group sync.WaitGroup
		for g := range 64 {
			group.Go(func() {
				for i := range 50 {
					n := g*50 + i
					out, err := r.Run(t.Context(), job{N: n})
					j := out.Context.Data
					if n%2 == 0 {
						if err != nil || j.sum != 11*n || j.Text != fmt.Sprint(n) {
							t.Errorf("%s: job %d: %v, %+v", name, n, err, j)
						}
					} else if out.Status != chain.Compensated || j.sum != 0 || len(out.Failures) != 1 {
						t.Errorf("%s: job %d: %v, %+v", name, n, err, j)
					}
				}
			})
		}
		group.Wait()
	}
	require.Equal(t, "shared", plan.Name())
}
