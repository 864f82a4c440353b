package chain_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

func TestZeroExecutionContextIsUsable(t *testing.T) {
	var exec chain.ExecutionContext[int]
	require.Equal(t, chain.Pending, exec.Status())
	require.Empty(t, exec.Trace())
	require.Empty(t, exec.Completed())
	require.Empty(t, exec.Compensated())
	require.Empty(t, exec.Marks())
	require.Nil(t, exec.Metadata())
	require.Zero(t, exec.Progress())
	_, ok := exec.Get("tenant")
	require.False(t, ok)

	exec.Set("tenant", "acme")
	exec.Log(slog.LevelInfo, "not begun")
	out, err := runner.NewSync(chain.New[int]().Step("a", add(1)).MustBuild()).Resume(context.Background(), &exec)
	require.NoError(t, err)
	require.Same(t, &exec, out.Context)
	require.Len(t, exec.ID, 26)
	require.Equal(t, 1, exec.Data)
	require.Equal(t, map[string]any{"tenant": "acme"}, exec.Metadata())
}

func add(n int) builder.StepFunc[int] {
	return func(_ context.Context, sum *int) error { *sum += n; return nil }
}

func fail(context.Context, *int) error { return errNo }

func TestNewExecutionContextOptions(t *testing.T) {
	metadata := map[string]any{"tenant": "acme"}
	exec := chain.NewExecutionContext(7, chain.WithID("o-1"), chain.WithMetadata(metadata), chain.WithMetadata(map[string]any{"n": 1}))
	metadata["tenant"] = "changed"
	require.Equal(t, "o-1", exec.ID)
	require.Equal(t, 7, exec.Data)
	require.Equal(t, map[string]any{"tenant": "acme", "n": 1}, exec.Metadata())

	copied := exec.Metadata()
	copied["tenant"] = "changed"
	tenant, ok := exec.Get("tenant")
	require.True(t, ok)
	require.Equal(t, "acme", tenant)

	require.Len(t, chain.NewExecutionContext(7, chain.WithID(""), chain.ContextOption{}).ID, 26)
	require.Equal(t, "o-2", chain.NewExecutionContext(7, chain.WithID("o-1"), chain.WithID("o-2")).ID)
}

func TestMetadataFromManyGoroutines(t *testing.T) {
	var exec chain.ExecutionContext[int]
	var group sync.WaitGroup
	for i := range 64 {
		group.Go(func() {
			mine := fmt.Sprint(i)
			for n := range 50 {
				exec.Set(mine, n)
				exec.Set("shared", n)
				got, ok := exec.Get(mine)
				if !ok || got != n {
					t.Errorf("%s: got %v", mine, got)
				}
				_ = exec.Metadata()
			}
		})
	}
	group.Wait()
	require.Len(t, exec.Metadata(), 65)
}

// logged is the log events of a trace, as text.
func logged(trace chain.Trace) (lines []string) {
	for _, e := range trace {
		if e.Kind == chain.KindLog {
			lines = append(lines, fmt.Sprintf("%s %s %s: %s", e.Phase, e.Path, e.Level, e.Message))
		}
	}
	return lines
}

func TestLogHasThePathOfTheStepAtWork(t *testing.T) {
	logs := func(message string) builder.StepFunc[int] {
		return chain.Do(func(_ context.Context, exec *chain.ExecutionContext[int]) error {
			exec.Log(slog.LevelWarn, message)
			exec.Log(slog.LevelInfo+1, message+" again")
			return nil
		})
	}
	var exec chain.ExecutionContext[int]
	exec.Log(slog.LevelDebug, "before")
	plan := chain.New[int]().
		Step("a", logs("work")).Compensate(logs("undo")).
		Process("p", chain.New[int]().Step("b", logs("inside"))).
		Parallel("q", chain.New[int]().Step("c", logs("which")).Process("d", chain.New[int]().Step("e", logs("which")))).
		Step("goroutine", chain.Do(func(_ context.Context, exec *chain.ExecutionContext[int]) error {
			var group sync.WaitGroup
			group.Go(func() { exec.Log(slog.LevelError, "beside") })
			group.Wait()
			return nil
		})).
		Step("f", fail).
		OnFailure(policy.Compensate).
		MustBuild()
	_, err := runner.NewSync(plan).Resume(context.Background(), &exec)
	require.ErrorIs(t, err, errNo)
	exec.Log(slog.LevelInfo, "after")

	require.Equal(t, []string{
		"forward  DEBUG: before",
		"forward a WARN: work", "forward a INFO+1: work again",
		"forward p/b WARN: inside", "forward p/b INFO+1: inside again",
		"forward  WARN: which", "forward  INFO+1: which again", "forward  WARN: which", "forward  INFO+1: which again",
		"forward goroutine ERROR: beside",
		"compensation a WARN: undo", "compensation a INFO+1: undo again",
		"forward  INFO: after",
	}, logged(exec.Trace()))
	require.Equal(t, chain.KindLog, exec.Trace()[0].Kind, "what was logged before the begin stands first")
	require.True(t, slices.IsSortedFunc(exec.Trace(), func(a, b chain.Event) int { return a.Time.Compare(b.Time) }))
	require.WithinDuration(t, time.Now(), exec.Trace()[0].Time, time.Minute)
}

func TestLogBeforeTheBeginSurvivesARefusedBegin(t *testing.T) {
	exec := chain.NewExecutionContext(0)
	exec.Log(slog.LevelInfo, "one")
	_, err := runner.NewSync[int](nil).Resume(context.Background(), exec)
	require.Error(t, err)
	exec.Log(slog.LevelInfo, "two")
	require.Equal(t, chain.Pending, exec.Status())
	require.Len(t, exec.Trace(), 2)
}

func TestCompletedAndCompensatedInTheirOrders(t *testing.T) {
	undoFails := func(context.Context, *int) error { return errNo }
	plan := chain.New[int]().
		Step("a", add(1)).Compensate(add(-1)).
		Step("plain", add(1)).
		Process("p", chain.New[int]().Step("x", add(1)).Compensate(add(-1)).Step("y", add(1))).
		Process("q", chain.New[int]().Step("x", add(1)).Compensate(add(-1)).Step("y", add(1))).Compensate(add(-2)).
		Step("skipped", add(1)).When(func(context.Context, *int) bool { return false }).
		Step("stuck", add(1)).Compensate(undoFails).
		Step("z", fail).
		OnFailure(policy.Compensate).
		MustBuild()

	var before []string
	out, err := runner.NewSync(plan, runner.WithObserver(func(ctx context.Context, e chain.Event) {
		if e.Kind == chain.KindFailed {
			exec, _ := chain.FromContext[int](ctx)
			before = exec.Completed()
		}
	})).Run(context.Background(), 0)
	require.Error(t, err)
	require.Equal(t, chain.Stuck, out.Status)
	require.Equal(t, []string{"a", "plain", "p/x", "p/y", "q/x", "q/y", "q", "stuck"}, before)
	require.Equal(t, []string{"q", "p/x", "a"}, out.Context.Compensated())
	require.Equal(t, []string{"plain", "p/y", "stuck"}, out.Context.Completed(),
		"what is inside a Process that was undone as one is undone")
	require.Equal(t, builder.Compensated, out.Context.Marks()["q/x"].State)
	require.Equal(t, 3, out.Context.Data)
}

func TestMarks(t *testing.T) {
	plan := chain.New[int]().
		Step("a", add(1)).Compensate(add(-1)).
		Step("b", func(ctx context.Context, _ *int) error {
			if step, _ := chain.StepFrom(ctx); step.Attempt < 3 {
				return errNo
			}
			return nil
		}).Retry(policy.Fixed(3, 0)).
		Step("c", add(1)).Compensate(fail).
		Step("d", add(1)).When(func(context.Context, *int) bool { return false }).
		Step("e", fail).
		Step("f", add(1)).
		OnFailure(policy.Compensate).
		MustBuild()
	var under map[string]builder.Mark
	out, err := runner.NewSync(plan, runner.WithObserver(func(ctx context.Context, e chain.Event) {
		if e.Kind == chain.KindStarted && e.Path == "e" {
			exec, _ := chain.FromContext[int](ctx)
			under = exec.Marks()
		}
	})).Run(context.Background(), 0)
	require.Error(t, err)
	states := map[string]builder.State{}
	for path, mark := range out.Context.Marks() {
		states[path] = mark.State
	}
	require.Equal(t, map[string]builder.State{
		"a": builder.Compensated, "b": builder.Completed, "c": builder.CompensationFailed,
		"d": builder.Skipped, "e": builder.Failed,
	}, states)
	require.True(t, strings.HasPrefix(out.Context.Marks()["b"].Note, "3 attempts"))
	require.Equal(t, builder.Underway, under["e"].State)
	require.NotContains(t, under, "f")
}

func TestReadingFromManyGoroutinesWhileItRuns(t *testing.T) {
	names := make([]string, 40)
	b := chain.New[int]()
	for i := range names {
		names[i] = fmt.Sprint("s", i)
		b = b.Step(names[i], chain.Do(func(_ context.Context, exec *chain.ExecutionContext[int]) error {
			exec.Data++
			exec.Log(slog.LevelInfo, "working")
			exec.Set("last", exec.Data)
			if exec.Data%3 == 0 {
				return errNo
			}
			return nil
		})).Retry(policy.Fixed(2, 0)).Compensate(add(-1)).Builder
	}
	plan := b.Step("z", fail).OnFailure(policy.Compensate).MustBuild()

	exec := chain.NewExecutionContext(0)
	stop := make(chan struct{})
	var group sync.WaitGroup
	for range 64 {
		group.Go(func() {
			for {
				trace := exec.Trace()
				for i := range trace[min(1, len(trace)):] {
					if trace[i+1].Kind == chain.KindPlanStarted {
						t.Error("the begin stands inside")
					}
				}
				if done := len(exec.Completed()); done > len(names) {
					t.Error("too many are completed", done)
				}
				if p := exec.Progress(); p.Completed+p.Compensated > len(names) || p.Elapsed < 0 {
					t.Error("progress beyond the plan", p)
				}
				_, _, _, _, _ = exec.Compensated(), exec.Marks(), exec.Metadata(), exec.Status(), trace.String()
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	out, err := runner.NewSync(plan).Resume(context.Background(), exec)
	close(stop)
	group.Wait()
	require.Error(t, err)
	require.Equal(t, chain.Compensated, out.Status)
	require.Len(t, exec.Compensated(), len(names))
}

func TestNewIDs(t *testing.T) {
	ids := map[string]bool{}
	for range 2_000 {
		id := chain.NewExecutionContext(0).ID
		require.Len(t, id, 26)
		require.Regexp(t, "^[0-7][0-9A-HJKMNP-TV-Z]{25}$", id)
		ids[id] = true
	}
	require.Len(t, ids, 2_000, "unique")
}
