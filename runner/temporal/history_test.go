package temporal_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/runnertest"
	"github.com/taskchain-go/taskchain/runner/temporal"
)

// start has a worker of its own execute a plan, and returns the plan's Runner.
func start[T any](t testing.TB, c client.Client, plan *builder.Plan[T], opts ...temporal.Option) *temporal.Runner[T] {
	t.Helper()
	name := newName()
	work(t, c, name, plan)
	opts = append([]temporal.Option{temporal.Name(name), temporal.Heartbeat(time.Second)}, opts...)
	return temporal.NewRunner(c, plan, opts...)
}

// work starts a worker for a plan. The queue is the plan's name.
func work[T any](t testing.TB, c client.Client, name string, plan *builder.Plan[T], opts ...temporal.Option) {
	t.Helper()
	w := worker.New(c, name, temporal.Recommended(worker.Options{
		WorkflowPanicPolicy: worker.FailWorkflow,
		WorkerStopTimeout:   time.Second,
	}))
	require.NoError(t, temporal.Register(w, plan, append([]temporal.Option{temporal.Name(name)}, opts...)...))
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
}

// The rules hold where the history begins anew before almost every step, those of
// branches included.
func TestRulesAcrossHistories(t *testing.T) {
	p := &pool{client: dial(t), opts: []temporal.Option{temporal.MaxHistory(5)}}
	defer p.stop()
	runnertest.Run(t, p.new, runnertest.AsyncSteps, runnertest.Together, runnertest.Resumes, runnertest.Returns, runnertest.Remote)
	t.Logf("%d histories were left within a Parallel", p.inside.seen.Load())
	require.Positive(t, p.inside.seen.Load())
}

type book struct {
	Lines []string
	Text  string
}

func writes(line string) builder.StepFunc[book] {
	return func(_ context.Context, b *book) error { b.Lines = append(b.Lines, line); return nil }
}

// A deadline is the same one in every history.
func TestWithinGoesOnInANewHistory(t *testing.T) {
	slow := func(_ context.Context, b *book) error { time.Sleep(100 * time.Millisecond); return nil }
	inside := chain.New[book]()
	for i := range 20 {
		inside = inside.Step(fmt.Sprint(i), slow).Builder
	}
	plan := inside.Within(time.Second).MustBuild()
	out, err := start(t, dial(t), plan, temporal.MaxHistory(5)).Run(t.Context(), book{})
	require.ErrorIs(t, err, chain.ErrTimeout)
	require.Equal(t, chain.Aborted, out.Status)
}

// A plan of many steps, the undoing included, goes through as many histories as
// it takes. TEMPORAL_TEST_STEPS makes it longer.
func TestALongPlan(t *testing.T) {
	steps := number(t, "TEMPORAL_TEST_STEPS", 150)
	b := chain.New[book]()
	for i := range steps {
		b = b.Step(fmt.Sprint(i), writes(fmt.Sprint(i))).Compensate(writes(fmt.Sprint("undo ", i))).Builder
	}
	plan := b.Step("last", func(context.Context, *book) error { return errors.New("boom") }).OnFailure(policy.Compensate).MustBuild()
	out, err := start(t, dial(t), plan, temporal.MaxHistory(2*steps)).Run(t.Context(), book{Text: strings.Repeat("x", 10<<10)})
	require.ErrorContains(t, err, "boom")
	require.Equal(t, chain.Compensated, out.Status)
	require.Len(t, out.Context.Data.Lines, 2*steps)
	require.Len(t, out.Context.Compensated(), steps)
	local, _ := runner.NewSync(plan).Run(t.Context(), book{Text: out.Context.Data.Text})
	require.Equal(t, local.Context.Data, out.Context.Data)
	require.Len(t, out.Context.Trace(), len(local.Context.Trace()), "nothing is told twice")
}
