package runnertest_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/runnertest"
)

// oneByOne is a runner of our own: at most one execution at a time.
type oneByOne[T any] struct {
	mu   sync.Mutex
	sync *runner.Sync[T]
}

func newOneByOne[T any](plan *builder.Plan[T], opts ...runner.Option) runner.Runner[T] {
	return &oneByOne[T]{sync: runner.NewSync(plan, opts...)}
}

func (r *oneByOne[T]) Run(ctx context.Context, data T) (chain.Outcome[T], error) {
	r.mu.Lock()
	defer r.mu.Unlock() // deferred: a step may end the goroutine
	return r.sync.Run(ctx, data)
}

func (r *oneByOne[T]) Resume(ctx context.Context, exec *chain.ExecutionContext[T]) (chain.Outcome[T], error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.sync.Resume(ctx, exec)
}

// A runner of your own is proved by one test. This one resumes executions, runs
// no asynchronous steps and runs branches in order.
func TestOneByOne(t *testing.T) {
	runnertest.Run(t, newOneByOne[runnertest.State], runnertest.Resumes)
}

// The functions of the suite's plans note what they do in a State. A runner may
// copy it, or carry it as bytes; what was noted must be there in the end.
func ExampleState() {
	note := func(what string) builder.StepFunc[runnertest.State] {
		return func(_ context.Context, s *runnertest.State) error {
			s.Lanes[""].Notes = append(s.Lanes[""].Notes, what)
			return nil
		}
	}
	plan := chain.New[runnertest.State]().
		Step("pay", note("paid")).
		Step("ship", note("shipped")).
		MustBuild()
	out, err := newOneByOne(plan).Run(context.Background(), runnertest.State{Lanes: map[string]*runnertest.Lane{"": {}}})
	fmt.Println(out.Status, out.Context.Data.Lanes[""].Notes, err)
	// Output: succeeded [paid shipped] <nil>
}
