package chain_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

// short is an event in a word or two.
func short(e chain.Event) string {
	if e.Kind == chain.KindLog {
		return "log " + e.Message
	}
	return e.Kind.String() + " " + e.Path
}

func shorts(trace chain.Trace) (words []string) {
	for _, e := range trace {
		words = append(words, short(e))
	}
	return words
}

// three is a plan that has events of most kinds.
func three() *chainPlan {
	return chain.New[int]().
		Step("a", add(1)).Compensate(add(-1)).
		Step("b", add(1)).When(func(context.Context, *int) bool { return false }).
		Step("c", fail).Retry(policy.Fixed(2, 0)).
		OnFailure(policy.Compensate).
		MustBuild()
}

// runAside runs in a goroutine of its own, which may be ended, and returns the
// execution when its end has been told.
func runAside(t *testing.T, plan *chainPlan, opts ...runner.Option) *chain.ExecutionContext[int] {
	t.Helper()
	exec := chain.NewExecutionContext(0)
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		runner.NewSync(plan, opts...).Resume(context.Background(), exec) //nolint:errcheck // the trace tells
	}()
	<-finished
	return exec
}

func TestObserversSeeEachEventOnceAndInOrder(t *testing.T) {
	var mu sync.Mutex
	seen := make([][]string, 3)
	observer := func(i int) runner.Option {
		return runner.WithObserver(func(_ context.Context, e chain.Event) {
			mu.Lock()
			defer mu.Unlock()
			seen[i] = append(seen[i], short(e))
		})
	}
	plan := chain.New[int]().
		Step("a", add(1)).Compensate(add(-1)).
		Step("b", chain.Do(func(_ context.Context, exec *chain.ExecutionContext[int]) error {
			var group sync.WaitGroup
			for i := range 16 {
				group.Go(func() {
					for n := range 32 {
						exec.Log(slog.LevelInfo, fmt.Sprint(i, " ", n))
					}
				})
			}
			group.Wait()
			return errNo
		})).
		OnFailure(policy.Compensate).
		MustBuild()
	out, err := runner.NewSync(plan, observer(0), observer(1), observer(2)).Run(context.Background(), 0)
	require.Error(t, err)

	want := shorts(out.Context.Trace())
	require.Len(t, want, 16*32+8)
	for _, got := range seen {
		require.Equal(t, want, got)
	}
	for i := range 16 { // each goroutine's own in its order
		n := 0
		for _, word := range want {
			if word == fmt.Sprintf("log %d %d", i, n) {
				n++
			}
		}
		require.Equal(t, 32, n)
	}
}

func TestObserverSeesTheTraceUpToItsEvent(t *testing.T) {
	var behind []string
	exec := runAside(t, three(), runner.WithObserver(func(ctx context.Context, e chain.Event) {
		exec, _ := chain.FromContext[int](ctx)
		if !slices.Contains(exec.Trace(), e) {
			behind = append(behind, short(e))
		}
	}))
	require.Empty(t, behind)
	require.Equal(t, chain.Compensated, exec.Status())
}

// What comes while another event is told is told before the execution goes on,
// too.
func TestWhatObserversAddIsToldAtOnce(t *testing.T) {
	var seen []string
	var before int
	plan := chain.New[int]().Step("a", func(context.Context, *int) error {
		before = len(seen)
		return nil
	}).MustBuild()
	exec := runAside(t, plan,
		runner.WithObserver(func(_ context.Context, e chain.Event) {
			if e.Kind == chain.KindStarted {
				panic("oh")
			}
		}),
		runner.WithObserver(func(_ context.Context, e chain.Event) { seen = append(seen, short(e)) }))
	require.Equal(t, []string{"plan_started ", "started a", "log an observer was dropped: panic: oh"}, seen[:before])
	require.Equal(t, shorts(exec.Trace()), seen)
}

func TestObserverThatPanicsIsDropped(t *testing.T) {
	var first, last []string
	calls := 0
	exec := runAside(t, three(),
		runner.WithObserver(func(_ context.Context, e chain.Event) { first = append(first, short(e)) }),
		runner.WithObserver(func(_ context.Context, e chain.Event) {
			if calls++; calls == 2 {
				panic(errors.New("oh"))
			}
		}),
		runner.WithObserver(func(_ context.Context, e chain.Event) { last = append(last, short(e)) }))

	want := shorts(exec.Trace())
	require.Contains(t, want, "log an observer was dropped: panic: oh")
	require.Equal(t, 2, calls)
	require.Equal(t, want, first)
	require.Equal(t, want, last)
	require.Equal(t, chain.Compensated, exec.Status())
	i := slices.Index(want, "log an observer was dropped: panic: oh")
	require.Equal(t, slog.LevelError, exec.Trace()[i].Level)
}

func TestObserverThatEndsTheGoroutineIsDropped(t *testing.T) {
	for _, at := range []string{"plan_started ", "started a", "succeeded a", "retrying c", "failed c", "compensated a", "plan_ended "} {
		t.Run(at, func(t *testing.T) {
			var first, last []string
			calls := 0
			exec := runAside(t, three(),
				runner.WithObserver(func(_ context.Context, e chain.Event) { first = append(first, short(e)) }),
				runner.WithObserver(func(_ context.Context, e chain.Event) {
					if short(e) == at {
						calls++
						runtime.Goexit()
					}
				}),
				runner.WithObserver(func(_ context.Context, e chain.Event) { last = append(last, short(e)) }))

			want := shorts(exec.Trace())
			require.Equal(t, 1, calls)
			require.Contains(t, want, "log an observer was dropped: it called runtime.Goexit")
			require.Equal(t, want, first)
			require.Equal(t, want, last)
			require.Equal(t, chain.Compensated, exec.Status())
			require.Equal(t, []string{"a"}, exec.Compensated())
		})
	}
}

func TestObserversThatAllPanic(t *testing.T) {
	oh := runner.WithObserver(func(context.Context, chain.Event) { panic("oh") })
	exec := runAside(t, three(), oh, oh, oh)
	require.Equal(t, chain.Compensated, exec.Status())
	require.Len(t, logged(exec.Trace()), 3)
}

// What an observer logs is in the trace, in its place, and is shown to nobody:
// an observer that logs each event would never come to an end, nor would two
// that answer each other.
func TestObserverThatLogsEachEvent(t *testing.T) {
	var seen []string
	echo := runner.WithObserver(func(ctx context.Context, e chain.Event) {
		seen = append(seen, short(e))
		exec, _ := chain.FromContext[int](ctx)
		deep(100, func() { exec.Log(slog.LevelInfo, "saw "+short(e)) })
	})
	exec := runAside(t, three(), echo, echo)

	var told, echoes []string
	for _, word := range shorts(exec.Trace()) {
		if word[:4] == "log " {
			echoes = append(echoes, word)
		} else {
			told = append(told, word, word)
		}
	}
	require.Equal(t, told, seen)
	require.Len(t, echoes, len(seen))
	require.Equal(t, chain.Compensated, exec.Status())
}

// deep calls f from far down.
func deep(n int, f func()) {
	if n > 0 {
		deep(n-1, f)
		return
	}
	f()
}

func TestStepThatLogsWhileAnObserverLooksIsTold(t *testing.T) {
	looking, logging := make(chan struct{}), make(chan struct{})
	var (
		beside sync.WaitGroup
		seen   []string
	)
	plan := chain.New[int]().
		Step("a", chain.Do(func(_ context.Context, exec *chain.ExecutionContext[int]) error {
			beside.Go(func() { exec.Log(slog.LevelInfo, "one") })
			<-looking
			exec.Log(slog.LevelInfo, "two") // does not wait for the observer of "one"
			close(logging)
			return nil
		})).
		MustBuild()
	out, err := runner.NewSync(plan, runner.WithObserver(func(_ context.Context, e chain.Event) {
		seen = append(seen, short(e))
		if e.Message == "one" {
			close(looking)
			<-logging
		}
	})).Run(context.Background(), 0)
	beside.Wait()
	require.NoError(t, err)
	require.Contains(t, seen, "log two")
	require.Equal(t, shorts(out.Context.Trace()), seen)
}

func TestErrorTextThatPanics(t *testing.T) {
	plan := chain.New[int]().Step("a", fail).MustBuild()
	var told []string
	out, err := runner.NewSync(plan,
		runner.WithErrorText(func(error) string { panic("oh") }),
		runner.WithObserver(func(_ context.Context, e chain.Event) { told = append(told, e.Error) }),
	).Run(context.Background(), 0)
	require.ErrorIs(t, err, errNo)
	want := "*errors.errorString, of which the function of WithErrorText panicked: oh"
	require.Equal(t, want, out.Context.Trace()[2].Error)
	require.Equal(t, []string{"", "", want, ""}, told)
}

func TestErrorTextSeesWhatTheStepsReturned(t *testing.T) {
	two := fmt.Errorf("charge: %w and %w", errDeclined, errNo)
	inner := chain.New[int]().Named("inner").Step("x", func(context.Context, *int) error { return errDeclined }).MustBuild()
	var whole *chain.ExecutionError
	plan := chain.New[int]().
		Parallel("p", chain.New[int]().
			Step("a", func(context.Context, *int) error { return two }).
			Step("b", func(ctx context.Context, n *int) error {
				_, err := runner.NewSync(inner).Resume(ctx, chain.NewExecutionContext(*n, chain.WithID("i-1")))
				if !errors.As(err, &whole) {
					return nil
				}
				return err
			}).
			Step("c", func(context.Context, *int) error { return rude{} })).
		OnFailure(policy.Compensate).
		MustBuild()
	// On the sync runner a failing branch ends the others, unless they go on.
	goesOn := chain.New[int]().Process("all", chain.New[int]().
		Parallel("p", chain.New[int]().
			Step("a", func(context.Context, *int) error { return two }).
			Step("b", func(context.Context, *int) error { return errNo })).
		OnFailure(policy.Continue)).MustBuild()

	text := func(plan *chainPlan, opts ...runner.Option) map[string]string {
		out, _ := runner.NewSync(plan, opts...).Run(context.Background(), 0)
		texts := map[string]string{}
		for _, e := range out.Context.Trace() {
			if e.Kind == chain.KindFailed {
				texts[e.Path] = e.Error
			}
		}
		return texts
	}
	require.Equal(t, map[string]string{"p/a": "charge: declined and no", "p": "charge: declined and no"}, text(plan))
	require.Equal(t, map[string]string{
		"all/p/a": "charge: declined and no", "all/p/b": "no", "all/p": "charge: declined and no; no",
	}, text(goesOn))

	redacted := runner.WithErrorText(func(err error) string { return fmt.Sprintf("%T", err) })
	require.Equal(t, map[string]string{
		"all/p/a": "*fmt.wrapErrors", "all/p/b": "*errors.errorString", "all/p": "*fmt.wrapErrors; *errors.errorString",
	}, text(goesOn, redacted))

	nested := chain.New[int]().Step("b", func(ctx context.Context, n *int) error {
		_, err := runner.NewSync(inner).Resume(ctx, chain.NewExecutionContext(*n, chain.WithID("i-1")))
		return err
	}).MustBuild()
	require.Equal(t, map[string]string{
		"b": `taskchain: plan "inner": execution i-1 aborted: step "x" failed: declined`,
	}, text(nested))
	require.Equal(t, map[string]string{"b": "*chain.ExecutionError"}, text(nested, redacted))
}

// leavesBehind is a step that leaves a goroutine behind, which logs, and returns
// when an observer looks at that.
func leavesBehind(message string, looking <-chan struct{}) builder.StepFunc[int] {
	return chain.Do(func(_ context.Context, exec *chain.ExecutionContext[int]) error {
		go exec.Log(slog.LevelInfo, message)
		<-looking
		return nil
	})
}

// When Run returns, all has been told, though a goroutine that a step has left
// behind is at it, and in the order of the trace.
func TestRunReturnsWhenAllIsTold(t *testing.T) {
	for name, ends := range map[string]func(){
		"returns": func() {}, "panics": func() { panic("oh") }, "ends its goroutine": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				looking := make(chan struct{})
				plan := chain.New[int]().
					Step("a", leavesBehind("hello", looking)).Compensate(add(-1)).
					Step("b", fail).Retry(policy.Fixed(2, 0)).
					OnFailure(policy.Compensate).
					MustBuild()
				var seen []string
				out, err := runner.NewSync(plan,
					runner.WithObserver(func(_ context.Context, e chain.Event) {
						if e.Message == "hello" {
							close(looking)
							time.Sleep(time.Hour)
							ends()
						}
					}),
					runner.WithObserver(func(_ context.Context, e chain.Event) { seen = append(seen, short(e)) }),
				).Run(context.Background(), 0)
				require.ErrorIs(t, err, errNo)
				require.Contains(t, seen, "plan_ended ")
				require.Equal(t, shorts(out.Context.Trace()), seen)
			})
		})
	}
}

// What a goroutine that a step has left behind logs has its place in the trace, and
// is told there.
func TestObserversAreToldInTheOrderOfTheTrace(t *testing.T) {
	const steps = 2000
	ended := make(chan struct{})
	var beside sync.WaitGroup
	plan := chain.New[int]().Step("first", chain.Do(func(_ context.Context, exec *chain.ExecutionContext[int]) error {
		beside.Go(func() {
			for {
				select {
				case <-ended:
					return
				default:
					exec.Log(slog.LevelInfo, "")
				}
			}
		})
		return nil
	})).Builder
	for i := range steps {
		plan = plan.Step(fmt.Sprint(i), add(1)).Builder
	}
	var seen []string
	out, err := runner.NewSync(plan.MustBuild(), runner.WithObserver(func(_ context.Context, e chain.Event) {
		if e.Kind == chain.KindPlanEnded {
			close(ended)
		}
		seen = append(seen, short(e))
	})).Run(context.Background(), 0)
	require.NoError(t, err)
	beside.Wait()
	require.Equal(t, shorts(out.Context.Trace()), seen)
}

// The function of WithErrorText may end the goroutine that tells of an error,
// before the end of the run waits for that one or after.
func TestErrorTextThatEndsTheGoroutine(t *testing.T) {
	for name, last := range map[string]time.Duration{"before": 10 * time.Hour, "after": 90 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				looking := make(chan struct{})
				plan := chain.New[int]().
					Step("a", leavesBehind("hello", looking)).
					Step("b", fail).
					Step("c", takes(last, nil)).
					OnFailure(policy.Continue).
					MustBuild()
				exec := runAside(t, plan,
					runner.WithErrorText(func(error) string { runtime.Goexit(); return "" }),
					runner.WithObserver(func(_ context.Context, e chain.Event) {
						if e.Message == "hello" {
							close(looking)
						}
						time.Sleep(time.Hour)
					}))
				require.Equal(t, chain.Partial, exec.Status())
				require.Equal(t, []string{"a", "c"}, exec.Completed())
			})
		})
	}
}

// What another goroutine logs while an observer looks is told before the execution
// goes on.
func TestWhatIsLoggedMeanwhileIsToldAtOnce(t *testing.T) {
	var seen []string
	plan := chain.New[int]().Step("a", func(context.Context, *int) error {
		require.Equal(t, []string{"plan_started ", "started a", "log hello"}, seen)
		return nil
	}).MustBuild()
	_, err := runner.NewSync(plan, runner.WithObserver(func(ctx context.Context, e chain.Event) {
		if seen = append(seen, short(e)); e.Kind == chain.KindStarted {
			exec, _ := chain.FromContext[int](ctx)
			var beside sync.WaitGroup
			beside.Go(func() { exec.Log(slog.LevelInfo, "hello") })
			beside.Wait()
		}
	})).Run(context.Background(), 0)
	require.NoError(t, err)
}
