package runner_test

// One test for each rule of the design (§3), each run on every runner.

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/storetest"
)

// world is the data of the tests' plans: what was done, in order.
type world struct {
	mu   sync.Mutex
	Done []string
}

func (w *world) note(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.Done = append(w.Done, what)
}

type step = builder.StepFunc[*world]

var errBoom = errors.New("boom")

// do notes that the step ran.
func do(name string) step {
	return func(_ context.Context, w **world) error { (*w).note(name); return nil }
}

// fails notes it and fails.
func fails(name string, err error) step {
	return func(_ context.Context, w **world) error { (*w).note(name); return err }
}

// failsTimes fails the first n times.
func failsTimes(name string, n int, err error) step {
	return func(_ context.Context, w **world) error {
		(*w).note(name)
		if n--; n >= 0 {
			return err
		}
		return nil
	}
}

// steps is the begin of a plan or fragment.
func steps() builder.Builder[*world] { return chain.New[*world]() }

// kind is one of the runners that all rules hold for.
type kind struct {
	name     string
	make     func(*builder.Plan[*world], ...runner.Option) runner.Runner[*world]
	together bool // branches run at the same time
	inTest   bool // runs in the goroutine of the caller
}

var kinds = []kind{
	{"sync", func(p *builder.Plan[*world], o ...runner.Option) runner.Runner[*world] {
		return runner.NewSync(p, o...)
	}, false, true},
	{"async", func(p *builder.Plan[*world], o ...runner.Option) runner.Runner[*world] {
		return runner.NewAsync(p, o...)
	}, true, false},
	{"durable", func(p *builder.Plan[*world], o ...runner.Option) runner.Runner[*world] {
		return runner.NewDurable(p, storetest.NewMemory(), o...)
	}, false, false},
}

// onEach runs the test on each runner, in a bubble of its own: time passes only
// where everybody waits, and a goroutine that is left behind fails the test.
func onEach(t *testing.T, test func(t *testing.T, k kind)) {
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, k) })
		})
	}
}

type outcome = chain.Outcome[*world]

// run builds the plan and runs it on a fresh world.
func (k kind) run(t *testing.T, ctx context.Context, b builder.Builder[*world], opts ...runner.Option) (outcome, error) {
	t.Helper()
	plan, err := b.Build()
	require.NoError(t, err)
	out, err := k.make(plan, opts...).Run(ctx, &world{})
	require.Equal(t, out.Status == chain.Succeeded, err == nil, "the error is nil if and only if the status is succeeded")
	require.Equal(t, out.Status == chain.Stuck, len(out.CompensationFailures) > 0)
	return out, err
}

func done(out outcome) []string { return out.Context.Data.Done }

func paths(errs []*chain.StepError) []string {
	var all []string
	for _, err := range errs {
		all = append(all, err.Path)
	}
	return all
}

// tell is a trace as short text, times aside.
func tell(trace chain.Trace) []string {
	var lines []string
	for _, e := range trace {
		line := e.Kind.String()
		if e.Path != "" {
			line += " " + e.Path
		}
		if e.Attempt > 1 {
			line += fmt.Sprintf(" #%d", e.Attempt)
		}
		lines = append(lines, line)
	}
	return lines
}

func TestRule01_StepsRunInOrderAndWhatTheyChangeStays(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		out, err := k.run(t, t.Context(), steps().
			Step("a", do("a")).
			Step("b", failsTimes("b", 1, errBoom)).Retry(policy.Fixed(2, 0)).
			Process("p", steps().Step("c", do("c")).Step("d", do("d"))).
			Step("e", fails("e", errBoom)).Builder)
		require.ErrorIs(t, err, errBoom)
		require.Equal(t, []string{"a", "b", "b", "c", "d", "e"}, done(out), "failed attempts leave what they changed")
		require.Equal(t, []string{"a", "b", "p/c", "p/d"}, out.Context.Completed())
		require.Equal(t, chain.Aborted, out.Status)
	})
}

func TestRule02_RetriesAsThePolicySays(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		begin := time.Now()
		out, err := k.run(t, t.Context(), steps().
			Step("a", failsTimes("a", 3, errBoom)).Retry(policy.Exponential(4, time.Second)).Builder)
		require.NoError(t, err)
		require.Equal(t, 7*time.Second, time.Since(begin))
		require.Equal(t, 7*time.Second, out.Duration)
		require.Equal(t, []string{
			"plan_started", "started a", "retrying a", "started a #2", "retrying a #2", "started a #3", "retrying a #3",
			"started a #4", "succeeded a #4", "plan_ended",
		}, tell(out.Context.Trace()))

		_, err = k.run(t, t.Context(), steps().Step("a", failsTimes("a", 3, errBoom)).Retry(policy.Fixed(3, time.Second)).Builder)
		var failed *chain.StepError
		require.ErrorAs(t, err, &failed)
		require.Equal(t, 3, failed.Attempts)
		require.ErrorIs(t, err, errBoom)
	})
}

func TestRule02_WaitingEndsAtOnceWhenTheContextEnds(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		cause := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() { time.Sleep(3 * time.Second); cancel(cause) }()
		begin := time.Now()
		out, err := k.run(t, ctx, steps().Step("a", fails("a", errBoom)).Retry(policy.Fixed(3, time.Minute)).Builder)
		require.Equal(t, 3*time.Second, time.Since(begin))
		require.ErrorIs(t, err, cause)
		require.ErrorIs(t, err, errBoom, "the attempt's own error is not lost")
		require.Equal(t, []string{"a"}, done(out))
	})
}

func TestRule02_EachAttemptHasItsOwnTimeout(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		var deadlines []time.Time
		out, err := k.run(t, t.Context(), steps().
			Step("a", func(ctx context.Context, w **world) error {
				deadline, _ := ctx.Deadline()
				deadlines = append(deadlines, deadline)
				<-ctx.Done()
				require.ErrorIs(t, context.Cause(ctx), chain.ErrTimeout)
				return ctx.Err()
			}).Retry(policy.Fixed(2, time.Second)).Timeout(5*time.Second).Builder)
		require.ErrorIs(t, err, chain.ErrTimeout)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Len(t, deadlines, 2)
		require.Equal(t, 6*time.Second, deadlines[1].Sub(deadlines[0]))
		require.Equal(t, 2, out.Failures[0].Attempts)
	})
}

func TestRule02_ATimeoutIsRetriedAndACancellationIsNot(t *testing.T) {
	wait := func(ctx context.Context, w **world) error { (*w).note("a"); <-ctx.Done(); return ctx.Err() }
	onEach(t, func(t *testing.T, k kind) {
		b := steps().Step("a", wait).Retry(policy.Fixed(3, 0)).Timeout(time.Minute).Builder
		out, _ := k.run(t, t.Context(), b)
		require.Equal(t, []string{"a", "a", "a"}, done(out))

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		out, err := k.run(t, ctx, b)
		require.Equal(t, []string{"a"}, done(out))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, chain.ErrTimeout, "it was the caller's deadline")
	})
}

func TestRule02_MaxElapsedCountsFromTheFirstAttempt(t *testing.T) {
	retry := policy.Fixed(10, time.Second).MaxElapsed(3 * time.Second)
	onEach(t, func(t *testing.T, k kind) {
		out, _ := k.run(t, t.Context(), steps().
			Step("a", func(context.Context, **world) error { time.Sleep(time.Minute); return nil }).
			Compensate(fails("undo a", errBoom)).RetryCompensation(retry).
			Step("b", do("b")).
			Compensate(func(context.Context, **world) error { time.Sleep(time.Minute); return nil }).
			Step("c", fails("c", errBoom)).Retry(retry).
			OnFailure(policy.Compensate))
		require.Equal(t, 4, out.Failures[0].Attempts)
		require.Equal(t, 4, out.CompensationFailures[0].Attempts)
		require.Equal(t, 2*time.Minute+6*time.Second, out.Duration)
	})
}

func TestRule03_ATimeoutWaitsForTheStep(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		begin := time.Now()
		out, err := k.run(t, t.Context(), steps().
			Step("late", func(ctx context.Context, w **world) error {
				time.Sleep(time.Minute)
				(*w).note("late")
				return nil
			}).Timeout(time.Second).
			Step("next", do("next")).Builder)
		require.NoError(t, err, "a step that returns nil after its deadline has succeeded")
		require.Equal(t, time.Minute, time.Since(begin))
		require.Equal(t, []string{"late", "next"}, done(out))
	})
}

func TestRule04_APanicIsAFailure(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		panics := func(_ context.Context, w **world) error { (*w).note("a"); panic(errBoom) }
		out, err := k.run(t, t.Context(), steps().
			Step("undo me", do("undo me")).Compensate(do("undone")).
			Step("a", panics).Retry(policy.Fixed(5, 0)).
			OnFailure(policy.Compensate))
		require.Equal(t, []string{"undo me", "a", "undone"}, done(out), "not retried unless RetryOn says so")
		var panicked *chain.PanicError
		require.ErrorAs(t, err, &panicked)
		require.Equal(t, errBoom, panicked.Value)
		require.Contains(t, string(panicked.Stack), "rules_test.go")
		require.ErrorIs(t, err, errBoom)

		isPanic := policy.As[*chain.PanicError]()
		out, _ = k.run(t, t.Context(), steps().Step("a", panics).Retry(policy.Fixed(3, 0).RetryOn(isPanic)).Builder)
		require.Equal(t, []string{"a", "a", "a"}, done(out))
	})
}

func TestRule04_APanicIsAFailureOfItsOwnMoment(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		out, err := k.run(t, t.Context(), steps().
			Step("a", do("a")).
			Step("b", func(context.Context, **world) error { time.Sleep(time.Minute); panic("late") }).Builder)
		require.ErrorContains(t, err, "late")
		require.Equal(t, time.Minute, out.Duration)
	})
}

func TestRule04_APanicIsAFailureWhereverTheUsersFunctionIs(t *testing.T) {
	panics := func() { panic("oops") }
	for name, b := range map[string]builder.Builder[*world]{
		"when":             steps().Step("a", do("a")).When(func(context.Context, **world) bool { panics(); return true }).Builder,
		"when of process":  steps().Process("a", steps().Step("b", do("b"))).When(func(context.Context, **world) bool { panics(); return true }).Builder,
		"match":            steps().Step("a", fails("a", errBoom)).Retry(policy.Fixed(3, 0).RetryOn(func(error) bool { panics(); return true })).Builder,
		"nil pointer":      steps().Step("a", func(_ context.Context, w **world) error { var nobody *world; nobody.Done = nil; return nil }).Builder,
		"error with panic": steps().Step("a", fails("a", badError{})).Builder,
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, k kind) {
				out, err := k.run(t, t.Context(), steps().Step("first", do("first")).Compensate(do("undone")).
					Process("rest", b).OnFailure(policy.Compensate))
				require.Error(t, err)
				require.NotEmpty(t, err.Error())
				require.Equal(t, chain.Compensated, out.Status)
				require.Contains(t, done(out), "undone")
				require.NotEmpty(t, paths(out.Failures))
				require.NotEmpty(t, out.Context.Trace().String())
			})
		})
	}
}

type badError struct{}

func (badError) Error() string   { panic("no text") }
func (badError) Is(error) bool   { panic("no comparison") }
func (badError) Unwrap() error   { panic("no cause") }
func (badError) Retryable() bool { panic("no answer") }

func TestRule04_AnErrorWhoseMethodsPanicIsAFailureLikeAnyOther(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		ctx, cancel := context.WithCancel(t.Context())
		out, _ := k.run(t, ctx, steps().
			Step("a", do("a")).Compensate(do("undo a")).
			Step("b", func(context.Context, **world) error { cancel(); return badError{} }).Retry(policy.Fixed(2, 0)).
			OnFailure(policy.Compensate))
		require.Equal(t, []string{"a", "undo a"}, done(out))
		require.Equal(t, []string{"b"}, paths(out.Failures))

		out, _ = k.run(t, t.Context(), steps().
			Step("a", do("a")).Compensate(do("undo a")).
			Step("b", func(ctx context.Context, _ **world) error { <-ctx.Done(); return badError{} }).
			Timeout(time.Second).Retry(policy.Fixed(2, 0)).
			OnFailure(policy.Compensate))
		require.Equal(t, []string{"a", "undo a"}, done(out))
		require.NotEmpty(t, out.Failures[0].Error())
	})
}

func TestRule04_AGoexitNeitherHangsNorCrashes(t *testing.T) {
	exit := func(_ context.Context, w **world) error { (*w).note("exit"); runtime.Goexit(); return nil }
	onEach(t, func(t *testing.T, k kind) {
		plan := steps().
			Step("a", do("a")).Compensate(do("undo a")).
			Process("p", steps().
				Step("b", do("b")).Compensate(exit).
				Step("c", exit).Retry(policy.Fixed(3, 0))).
			Step("never", do("never")).
			OnFailure(policy.Compensate).MustBuild()
		exec := chain.NewExecutionContext(&world{})
		var out outcome
		var err error
		returned := false
		finished := make(chan struct{})
		go func() {
			defer close(finished)
			out, err = k.make(plan).Resume(t.Context(), exec)
			returned = true
		}()
		<-finished
		require.Equal(t, !k.inTest, returned, "the sync runner cannot return to a goroutine that has ended")
		require.Equal(t, []string{"a", "b", "exit", "exit", "undo a"}, exec.Data.Done)
		require.Equal(t, chain.Stuck, exec.Status())
		if returned {
			require.ErrorIs(t, err, chain.ErrGoexit)
			require.Equal(t, []string{"p/c"}, paths(out.Failures))
			require.Equal(t, []string{"p/b"}, paths(out.CompensationFailures))
		}
	})
}

// A panic in a function that is deferred during a Goexit is recovered from like any
// other, and the goroutine ends all the same.
func TestRule04_AGoexitWithAPanicIsAFailure(t *testing.T) {
	exit := func(_ context.Context, w **world) error {
		(*w).note("exit")
		defer panic("on the way out")
		runtime.Goexit()
		return nil
	}
	boom := func(context.Context, **world) error { return errBoom }
	for name, tt := range map[string]struct {
		rest builder.Fragment[*world]
		want chain.Status
	}{
		"step":         {steps().Step("b", do("b")).Step("c", exit).Retry(policy.Fixed(3, 0)), chain.Compensated},
		"first step":   {steps().Step("c", exit).Retry(policy.Fixed(3, 0)), chain.Compensated},
		"with timeout": {steps().Step("c", exit).Timeout(time.Second), chain.Compensated},
		"compensation": {steps().Step("b", do("b")).Compensate(exit).Step("c", boom), chain.Stuck},
		"further compensation": {
			steps().Step("b", do("b")).Compensate(exit).Step("c", do("c")).Compensate(do("undo c")).Step("d", boom), chain.Stuck,
		},
		"when": {
			steps().Step("b", do("b")).When(func(ctx context.Context, w **world) bool { return exit(ctx, w) == nil }), chain.Compensated,
		},
		"match": {
			steps().Step("b", func(_ context.Context, w **world) error { (*w).note("b"); return errBoom }).
				Retry(policy.Fixed(3, 0).RetryOn(func(error) bool { defer panic("on the way out"); runtime.Goexit(); return true })),
			chain.Compensated,
		},
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, k kind) {
				plan := steps().Step("a", do("a")).Compensate(do("undo a")).Process("p", tt.rest).
					OnFailure(policy.Compensate).MustBuild()
				exec := chain.NewExecutionContext(&world{})
				finished := make(chan struct{})
				go func() { defer close(finished); k.make(plan).Resume(t.Context(), exec) }()
				<-finished
				require.Equal(t, tt.want, exec.Status())
				done := exec.Data.Done
				require.Equal(t, "undo a", done[len(done)-1])
				slices.Sort(done)
				require.Equal(t, slices.Compact(slices.Clone(done)), done, "each once")
				require.Contains(t, exec.Trace().String(), "on the way out")
			})
		})
	}
}

// What ends the goroutine later has nothing to do with a panic that was recovered from.
func TestRule04_APanicIsAnsweredForOnce(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		calls := 0
		plan := steps().Step("a", do("a")).Step("b", func(context.Context, **world) error {
			if calls++; calls == 1 {
				panic("once")
			}
			return nil
		}).Retry(policy.Fixed(3, 0).RetryOn(policy.As[*chain.PanicError]())).MustBuild()
		var retries int
		exec := chain.NewExecutionContext(&world{})
		r := k.make(plan,
			runner.WithObserver(func(_ context.Context, e chain.Event) {
				if e.Kind == chain.KindRetrying {
					retries++
				}
			}),
			runner.WithObserver(func(_ context.Context, e chain.Event) {
				if e.Attempt == 2 {
					runtime.Goexit()
				}
			}))
		finished := make(chan struct{})
		go func() { defer close(finished); r.Resume(t.Context(), exec) }()
		<-finished
		require.Equal(t, chain.Succeeded, exec.Status())
		require.Equal(t, 1, retries, exec.Trace())
	})
}

func TestRule04_AGoexitInABranchEndsOnlyTheBranch(t *testing.T) {
	exit := func(context.Context, **world) error { runtime.Goexit(); return nil }
	onEach(t, func(t *testing.T, k kind) {
		plan := steps().
			Parallel("par", steps().
				Step("x", do("x")).Compensate(do("undo x")).
				Step("y", exit).
				Process("z", steps().Step("z1", do("z1")).Compensate(do("undo z1")).Step("z2", do("z2")))).
			Step("after", do("after")).
			OnFailure(policy.Continue).MustBuild()
		exec := chain.NewExecutionContext(&world{})
		finished := make(chan struct{})
		go func() { defer close(finished); k.make(plan).Resume(t.Context(), exec) }()
		<-finished
		require.Equal(t, chain.Partial, exec.Status())
		require.ElementsMatch(t, []string{"x", "z1", "z2", "after"}, exec.Data.Done, "each once")
	})
}

func TestRule05_Abort(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		out, err := k.run(t, t.Context(), steps().
			Step("a", do("a")).Compensate(do("undo a")).
			Step("b", fails("b", errBoom)).
			Step("c", do("c")).Builder)
		require.ErrorIs(t, err, errBoom)
		require.Equal(t, chain.Aborted, out.Status)
		require.Equal(t, []string{"a", "b"}, done(out))
	})
}

func TestRule05_Continue(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		out, err := k.run(t, t.Context(), steps().
			Step("a", fails("a", errBoom)).
			Process("p", steps().Step("b", fails("b", errBoom)).Step("c", do("c"))).
			Step("d", do("d")).
			OnFailure(policy.Continue))
		require.ErrorIs(t, err, errBoom)
		require.Equal(t, chain.Partial, out.Status)
		require.Equal(t, []string{"a", "b", "d"}, done(out), "a failed process's own remaining steps do not run")
		require.Equal(t, []string{"a", "p/b"}, paths(out.Failures))
		require.Equal(t, []string{"d"}, out.Context.Completed())
	})
}

func TestRule05_CompensateUndoesNewestFirst(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		out, err := k.run(t, t.Context(), steps().
			Step("a", do("a")).Compensate(do("undo a")).
			Step("b", do("b")).
			Process("p", steps().
				Step("c", do("c")).Compensate(do("undo c")).
				Process("q", steps().
					Step("d", do("d")).Compensate(do("undo d")).
					Step("e", do("e")).Compensate(do("undo e")).When(func(context.Context, **world) bool { return false }).
					Step("f", fails("f", errBoom)).Compensate(do("undo f")))).
			OnFailure(policy.Compensate))
		require.ErrorIs(t, err, errBoom)
		require.Equal(t, chain.Compensated, out.Status)
		require.Equal(t, []string{"a", "b", "c", "d", "f", "undo d", "undo c", "undo a"}, done(out))
		require.Equal(t, []string{"p/q/d", "p/c", "a"}, out.Context.Compensated())
		require.Equal(t, []string{"b"}, out.Context.Completed(), "what is undone is not completed")
		require.Equal(t, []string{"p/q/f"}, paths(out.Failures))
	})
}

func TestRule05_CompensateOnFailureUndoesTheFailedStep(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		b := steps().
			Step("a", do("a")).Compensate(do("undo a")).
			Step("b", fails("b", errBoom)).Compensate(do("undo b")).CompensateOnFailure().
			Step("c", do("c")).Compensate(do("undo c")).CompensateOnFailure().
			OnFailure(policy.Compensate)
		out, _ := k.run(t, t.Context(), b)
		require.Equal(t, []string{"a", "b", "undo b", "undo a"}, done(out))

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		out, err := k.run(t, ctx, b)
		require.ErrorIs(t, err, context.Canceled)
		require.Empty(t, done(out), "a step that never began is not undone")
		require.Equal(t, 0, out.Failures[0].Attempts)
	})
}

func TestRule05_AProcessThatBeganBehindNothingWasAttempted(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		out, _ := k.run(t, t.Context(), steps().
			Process("p", steps().
				Process("q", steps().Step("x", do("x")).When(func(context.Context, **world) bool { return false })).
				Step("s", fails("s", errBoom))).
			Compensate(do("undo p")).CompensateOnFailure().
			OnFailure(policy.Compensate))
		require.Equal(t, []string{"s", "undo p"}, done(out))
	})
}

func TestRule06_AProcessesOwnCompensationStandsForItsSteps(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		part := func(last step) builder.Builder[*world] {
			return steps().
				Process("p", steps().
					Step("a", do("a")).Compensate(do("undo a")).
					Step("b", last).Compensate(do("undo b"))).
				Compensate(do("undo p")).
				Step("c", fails("c", errBoom)).
				OnFailure(policy.Compensate)
		}
		out, _ := k.run(t, t.Context(), part(do("b")))
		require.Equal(t, []string{"a", "b", "c", "undo p"}, done(out))
		require.Equal(t, []string{"p"}, out.Context.Compensated())

		out, err := k.run(t, t.Context(), part(fails("b", errBoom)))
		require.Equal(t, []string{"a", "b", "undo a"}, done(out), "a half-done process is undone step by step")
		require.ErrorContains(t, err, `step "p/b" failed`)
	})
}

func TestRule06_AHalfDoneProcessWithCompensateOnFailureIsUndoneAsOne(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		out, _ := k.run(t, t.Context(), steps().
			Process("p", steps().
				Step("a", do("a")).Compensate(do("undo a")).
				Step("b", fails("b", errBoom))).
			Compensate(do("undo p")).CompensateOnFailure().
			OnFailure(policy.Compensate))
		require.Equal(t, []string{"a", "b", "undo p"}, done(out))
	})
}

func TestRule06_AFragmentHandlesItsOwnFailuresFirst(t *testing.T) {
	fragment := func(f policy.Failure) builder.Builder[*world] {
		return steps().
			Step("a", do("a")).Compensate(do("undo a")).
			Step("b", fails("b", errBoom)).
			Step("c", do("c")).Compensate(do("undo c")).
			OnFailure(f)
	}
	for _, tt := range []struct {
		inner, outer policy.Failure
		status       chain.Status
		done         []string
	}{
		{policy.Abort, policy.Abort, chain.Aborted, []string{"z", "a", "b"}},
		{policy.Abort, policy.Continue, chain.Partial, []string{"z", "a", "b", "y"}},
		{policy.Abort, policy.Compensate, chain.Compensated, []string{"z", "a", "b", "undo a", "undo z"}},
		{policy.Continue, policy.Abort, chain.Partial, []string{"z", "a", "b", "c", "y"}},
		{policy.Continue, policy.Continue, chain.Partial, []string{"z", "a", "b", "c", "y"}},
		{policy.Continue, policy.Compensate, chain.Partial, []string{"z", "a", "b", "c", "y"}},
		{policy.Compensate, policy.Abort, chain.Aborted, []string{"z", "a", "b", "undo a"}},
		{policy.Compensate, policy.Continue, chain.Partial, []string{"z", "a", "b", "undo a", "y"}},
		{policy.Compensate, policy.Compensate, chain.Compensated, []string{"z", "a", "b", "undo a", "undo z"}},
	} {
		t.Run(tt.inner.String()+" in "+tt.outer.String(), func(t *testing.T) {
			onEach(t, func(t *testing.T, k kind) {
				out, err := k.run(t, t.Context(), steps().
					Step("z", do("z")).Compensate(do("undo z")).
					Process("p", fragment(tt.inner)).
					Step("y", do("y")).
					OnFailure(tt.outer))
				require.ErrorIs(t, err, errBoom)
				require.Equal(t, tt.status, out.Status)
				require.Equal(t, tt.done, done(out))
				require.Equal(t, []string{"p/b"}, paths(out.Failures))
			})
		})
	}
}

func TestRule06_WhatAFragmentHasUndoneIsNotUndoneAgain(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		out, _ := k.run(t, t.Context(), steps().
			Step("a", do("a")).Compensate(do("undo a")).
			Process("p", steps().
				Step("b", do("b")).Compensate(do("undo b")).
				Step("c", fails("c", errBoom)).
				OnFailure(policy.Compensate)).
			Compensate(do("undo p")).CompensateOnFailure().
			OnFailure(policy.Compensate))
		require.Equal(t, []string{"a", "b", "c", "undo b", "undo a"}, done(out))
	})
}

func TestRule07_CancellationIsAFailure(t *testing.T) {
	type key struct{}
	for _, strategy := range []policy.Failure{policy.Abort, policy.Continue, policy.Compensate} {
		t.Run(strategy.String(), func(t *testing.T) {
			onEach(t, func(t *testing.T, k kind) {
				cause := errors.New("the user went away")
				ctx, cancel := context.WithCancelCause(context.WithValue(t.Context(), key{}, "value"))
				out, err := k.run(t, ctx, steps().
					Step("a", do("a")).Compensate(func(ctx context.Context, w **world) error {
					require.NoError(t, ctx.Err(), "a compensation is not cancelled")
					_, limited := ctx.Deadline()
					require.False(t, limited)
					require.Equal(t, "value", ctx.Value(key{}))
					info, ok := chain.StepFrom(ctx)
					require.True(t, ok)
					require.ErrorIs(t, info.Cause, cause)
					require.Equal(t, chain.Compensation, info.Phase)
					(*w).note("undo a")
					return nil
				}).
					Step("b", func(ctx context.Context, w **world) error {
						(*w).note("b")
						cancel(cause)
						return ctx.Err()
					}).Retry(policy.Fixed(3, 0)).
					Step("c", do("c")).
					OnFailure(strategy))
				require.ErrorIs(t, err, cause)
				require.ErrorIs(t, err, context.Canceled)
				require.Equal(t, []string{"b"}, paths(out.Failures))
				if strategy == policy.Compensate {
					require.Equal(t, chain.Compensated, out.Status)
					require.Equal(t, []string{"a", "b", "undo a"}, done(out))
				} else {
					require.Equal(t, chain.Aborted, out.Status, "never retried and never continued")
					require.Equal(t, []string{"a", "b"}, done(out))
				}
			})
		})
	}
}

func TestRule07_ACancellationBetweenStepsNamesTheNext(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		ctx, cancel := context.WithCancel(t.Context())
		out, err := k.run(t, ctx, steps().
			Step("a", func(context.Context, **world) error { cancel(); return nil }).
			Process("p", steps().Step("b", do("b"))).Builder)
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, []string{"a"}, out.Context.Completed(), "what returned nil has succeeded")
		require.Equal(t, []string{"p/b"}, paths(out.Failures))
		require.ErrorContains(t, err, `step "p/b" did not begin`)

		ctx, cancel = context.WithCancel(t.Context())
		_, err = k.run(t, ctx, steps().Step("last", func(context.Context, **world) error { cancel(); return nil }).Builder)
		require.NoError(t, err, "everything was done")
	})
}

func TestRule07_WithinIsADeadlineOfTheForwardRun(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		begin := time.Now()
		out, err := k.run(t, t.Context(), steps().
			Step("a", do("a")).Compensate(func(ctx context.Context, w **world) error {
			time.Sleep(time.Hour)
			(*w).note("undo a")
			return ctx.Err()
		}).
			Step("b", fails("b", errBoom)).Retry(policy.Fixed(100, time.Second)).
			Within(10*time.Second).
			OnFailure(policy.Compensate))
		require.ErrorIs(t, err, chain.ErrTimeout)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, errBoom)
		require.Equal(t, 10*time.Second+time.Hour, time.Since(begin))
		require.Equal(t, chain.Compensated, out.Status)
	})
}

func TestRule07_WithinOfAProcessIsItsOwn(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		wait := func(ctx context.Context, w **world) error { (*w).note("wait"); <-ctx.Done(); return ctx.Err() }
		out, err := k.run(t, t.Context(), steps().
			Process("p", steps().Step("a", wait).Step("b", do("b")).OnFailure(policy.Continue).Within(time.Second)).
			Parallel("q", steps().Step("a", wait).Step("b", wait).Within(time.Second)).
			Step("c", do("c")).
			OnFailure(policy.Continue))
		require.ErrorIs(t, err, chain.ErrTimeout)
		require.Equal(t, []string{"wait", "wait"}, done(out)[:2])
		require.Equal(t, "c", done(out)[len(done(out))-1])
		require.NotContains(t, done(out), "b", "within the process it is never continued")
	})
}

func TestRule08_AFailedCompensationDoesNotStopTheOthers(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		errUndo := errors.New("cannot undo")
		out, err := k.run(t, t.Context(), steps().
			Step("a", do("a")).Compensate(do("undo a")).
			Step("b", do("b")).Compensate(fails("undo b", errUndo)).RetryCompensation(policy.Fixed(2, time.Second)).
			Step("c", do("c")).Compensate(func(context.Context, **world) error { panic("undo c") }).
			Step("d", do("d")).Compensate(failsTimes("undo d", 1, errUndo)).RetryCompensation(policy.Fixed(2, time.Second)).
			Step("e", fails("e", errBoom)).
			OnFailure(policy.Compensate))
		require.Equal(t, chain.Stuck, out.Status)
		require.ErrorIs(t, err, errBoom, "the first error is not hidden")
		require.ErrorIs(t, err, errUndo)
		require.Equal(t, []string{"a", "b", "c", "d", "e", "undo d", "undo d", "undo b", "undo b", "undo a"}, done(out))
		require.Equal(t, []string{"b", "c"}, paths(out.CompensationFailures))
		require.Equal(t, 2, out.CompensationFailures[0].Attempts)
		require.Equal(t, chain.Compensation, out.CompensationFailures[0].Phase)
		require.Equal(t, []string{"d", "a"}, out.Context.Compensated())
		require.Equal(t, []string{"b", "c"}, out.Context.Completed())
	})
}

func TestRule08_CompensationTimeout(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		out, err := k.run(t, t.Context(), steps().
			Step("a", do("a")).Compensate(func(ctx context.Context, w **world) error { <-ctx.Done(); return ctx.Err() }).
			CompensationTimeout(time.Second).RetryCompensation(policy.Fixed(3, time.Second)).
			Step("b", do("b")).Compensate(do("undo b")).
			Step("c", fails("c", errBoom)).
			OnFailure(policy.Compensate))
		require.Equal(t, chain.Stuck, out.Status)
		require.ErrorIs(t, err, chain.ErrTimeout)
		require.Equal(t, 5*time.Second, out.Duration)
	})
}

func started(send func(chan<- error)) builder.AsyncFunc[*world] {
	return func(_ context.Context, w **world) <-chan error {
		result := make(chan error, 2)
		go send(result)
		return result
	}
}

func TestRule09_ASyncRunnerRefusesAsyncWork(t *testing.T) {
	async := started(func(c chan<- error) { close(c) })
	for name, b := range map[string]builder.Builder[*world]{
		"step":         steps().Step("first", do("first")).Process("p", steps().AsyncStep("a", async)).Builder,
		"compensation": steps().Step("first", do("first")).Process("p", steps().Step("a", do("a")).CompensateAsync(async)).Builder,
	} {
		w := &world{}
		plan := b.MustBuild()
		require.True(t, plan.Async())
		out, err := runner.NewSync(plan).Run(t.Context(), w)
		require.ErrorIs(t, err, chain.ErrAsync, name)
		require.ErrorContains(t, err, `step "p/a"`)
		require.Empty(t, w.Done, "before anything runs")
		require.Equal(t, chain.Pending, out.Status)

		_, err = runner.NewAsync(plan).Run(t.Context(), w)
		require.NoError(t, err)
	}
}

func TestRule09_AsyncResults(t *testing.T) {
	late := errors.New("second value")
	for _, tt := range []struct {
		name  string
		async builder.AsyncFunc[*world]
		want  error
		text  string
	}{
		{"nil result", started(func(c chan<- error) { c <- nil }), nil, ""},
		{"error", started(func(c chan<- error) { c <- errBoom }), errBoom, ""},
		{"closed", started(func(c chan<- error) { close(c) }), nil, ""},
		{"second value", started(func(c chan<- error) { c <- nil; c <- late }), nil, ""},
		{"nil channel", func(context.Context, **world) <-chan error { return nil }, nil, "nil channel"},
		{"panic", func(context.Context, **world) <-chan error { panic(errBoom) }, errBoom, "panic"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, err := runner.NewAsync(steps().AsyncStep("a", tt.async).MustBuild()).Run(t.Context(), &world{})
				switch {
				case tt.want != nil:
					require.ErrorIs(t, err, tt.want)
				case tt.text != "":
					require.ErrorContains(t, err, tt.text)
				default:
					require.NoError(t, err)
				}
			})
		})
	}
}

func TestRule09_AnAsyncStepIsAwaitedPastItsTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		_, err := runner.NewAsync(steps().
			AsyncStep("a", started(func(c chan<- error) { time.Sleep(time.Minute); c <- errBoom })).Timeout(time.Second).
			MustBuild()).Run(t.Context(), &world{})
		require.Equal(t, time.Minute, time.Since(begin))
		require.ErrorIs(t, err, chain.ErrTimeout)
		require.ErrorIs(t, err, errBoom)
	})
}

func TestRule10_BranchesRunTogetherOrInOrderWithEqualOutcomes(t *testing.T) {
	slow := func(name string, d time.Duration) step {
		return func(_ context.Context, w **world) error { time.Sleep(d); (*w).note(name); return nil }
	}
	onEach(t, func(t *testing.T, k kind) {
		b := steps().
			Parallel("par", steps().
				Step("x", slow("x", 3*time.Second)).Compensate(do("undo x")).
				Step("y", slow("y", 2*time.Second)).Compensate(do("undo y")).
				Process("z", steps().
					Step("z1", slow("z1", time.Second)).Compensate(do("undo z1")).
					Step("z2", slow("z2", 3*time.Second)).Compensate(do("undo z2"))))
		begin := time.Now()
		out, err := k.run(t, t.Context(), b.Builder)
		require.NoError(t, err)
		took, completed := 9*time.Second, []string{"par/x", "par/y", "par/z/z1", "par/z/z2"}
		if k.together {
			took, completed = 4*time.Second, []string{"par/z/z1", "par/y", "par/x", "par/z/z2"}
		}
		require.Equal(t, took, time.Since(begin))
		require.ElementsMatch(t, []string{"par/x", "par/y", "par/z/z1", "par/z/z2"}, out.Context.Completed())

		out, _ = k.run(t, t.Context(), b.Step("last", fails("last", errBoom)).OnFailure(policy.Compensate))
		slices.Reverse(completed)
		require.Equal(t, completed, out.Context.Compensated(), "newest completion first")
	})
}

func TestRule10_TheFirstFailureCancelsTheSiblings(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		wait := func(ctx context.Context, w **world) error {
			select {
			case <-ctx.Done():
				require.ErrorIs(t, context.Cause(ctx), errBoom)
				return ctx.Err()
			case <-time.After(time.Hour):
				(*w).note("waited")
				return nil
			}
		}
		out, err := k.run(t, t.Context(), steps().
			Step("a", do("a")).Compensate(do("undo a")).
			Parallel("par", steps().
				Step("x", do("x")).Compensate(do("undo x")).
				Step("y", func(context.Context, **world) error { time.Sleep(time.Second); return errBoom }).
				Step("z", wait).Compensate(do("undo z")).Retry(policy.Fixed(9, 0)).
				Process("q", steps().Step("q1", wait).Step("q2", do("q2")))).
			OnFailure(policy.Compensate))
		require.ErrorIs(t, err, errBoom)
		require.Equal(t, chain.Compensated, out.Status)
		require.Equal(t, []string{"a", "x", "undo x", "undo a"}, done(out))
		require.Equal(t, []string{"par/y"}, paths(out.Failures), "a cancelled sibling is not a failure of its own")
	})
}

func TestRule10_ASiblingsOwnFailureIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		other := errors.New("cleanup failed")
		out, err := runner.NewAsync(steps().
			Parallel("par", steps().
				Step("x", func(ctx context.Context, _ **world) error { <-ctx.Done(); return other }).
				Step("y", func(context.Context, **world) error { time.Sleep(time.Second); return errBoom })).MustBuild()).Run(t.Context(), &world{})
		require.ErrorIs(t, err, errBoom)
		require.ErrorIs(t, err, other)
		require.ElementsMatch(t, []string{"par/x", "par/y"}, paths(out.Failures))
	})
}

func TestRule10_UnderContinueTheSiblingsGoOn(t *testing.T) {
	branches := steps().
		Step("x", fails("x", errBoom)).
		Step("y", func(ctx context.Context, w **world) error {
			time.Sleep(time.Second)
			(*w).note("y")
			return ctx.Err()
		})
	onEach(t, func(t *testing.T, k kind) {
		for name, b := range map[string]builder.Builder[*world]{
			"of the parallel": steps().Parallel("par", branches.OnFailure(policy.Continue)).Step("after", do("after")).Builder,
			"around it":       steps().Parallel("par", branches).Step("after", do("after")).OnFailure(policy.Continue),
		} {
			out, err := k.run(t, t.Context(), b)
			require.ErrorIs(t, err, errBoom, name)
			require.Equal(t, chain.Partial, out.Status, name)
			require.Equal(t, []string{"x", "y", "after"}, done(out), name)
			require.Equal(t, []string{"par/x"}, paths(out.Failures), name)
		}
	})
}

func TestRule10_AParallelsOwnCompensationStandsForItsBranches(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		out, _ := k.run(t, t.Context(), steps().
			Parallel("par", steps().Step("x", do("x")).Compensate(do("undo x")).Step("y", do("x"))).
			Compensate(do("undo par")).
			Step("z", fails("z", errBoom)).
			OnFailure(policy.Compensate))
		require.Equal(t, []string{"x", "x", "z", "undo par"}, done(out))
	})
}

func TestRule11_ResumeRunsWhatIsNotCompleted(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		healthy := false
		var keys []string
		flaky := func(ctx context.Context, w **world) error {
			info, _ := chain.StepFrom(ctx)
			keys = append(keys, info.IdempotencyKey())
			(*w).note("b")
			if !healthy {
				return errBoom
			}
			return nil
		}
		plan := steps().
			Step("a", do("a")).Compensate(do("undo a")).
			Process("p", steps().
				Step("a", do("p/a")).
				Step("b", flaky).Retry(policy.Fixed(2, 0)).
				Step("c", do("c"))).
			Step("b", do("last b")).MustBuild()
		r := k.make(plan)
		out, err := r.Run(t.Context(), &world{})
		require.ErrorIs(t, err, errBoom)
		require.Equal(t, []string{"a", "p/a", "b", "b"}, done(out))

		healthy = true
		exec := out.Context
		out, err = r.Resume(t.Context(), exec)
		require.NoError(t, err)
		require.Equal(t, chain.Succeeded, out.Status)
		require.Empty(t, out.Failures)
		require.Equal(t, []string{"a", "p/a", "b", "b", "b", "c", "last b"}, done(out), "a namesake is another step")
		require.Len(t, slices.Compact(keys), 1, "the key is the same for each attempt and resume")

		_, err = r.Resume(t.Context(), exec)
		require.ErrorIs(t, err, chain.ErrFinished)
	})
}

func TestRule11_ResumeOfAnInterruptedCompensationGoesOnCompensating(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		var at *chain.Snapshot[*world] // as a process that dies leaves it
		plan := steps().
			Step("a", do("a")).Compensate(do("undo a")).
			Step("b", do("b")).Compensate(do("undo b")).
			Step("c", fails("c", errBoom)).
			OnFailure(policy.Compensate).MustBuild()
		_, err := k.make(plan, runner.WithObserver(func(ctx context.Context, e chain.Event) {
			if e.Kind == chain.KindCompensated && e.Path == "b" {
				exec, _ := chain.FromContext[*world](ctx)
				s := exec.Snapshot()
				at = &s
			}
		})).Run(t.Context(), &world{})
		require.ErrorIs(t, err, errBoom)
		at.Data = &world{}
		exec, err := chain.Restore(*at)
		require.NoError(t, err)
		require.Equal(t, chain.Compensating, exec.Status())
		out, err := k.make(plan).Resume(t.Context(), exec)
		require.Equal(t, []string{"undo a"}, done(out))
		require.Equal(t, chain.Compensated, out.Status)
		require.ErrorContains(t, err, "boom")
		require.Equal(t, []string{"b", "a"}, out.Context.Compensated())
		require.Equal(t, []string{"c"}, paths(out.Failures))
	})
}

func TestRule11_AStuckExecutionTriesItsUndosAgain(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		r := k.make(steps().
			Step("a", do("a")).Compensate(do("undo a")).
			Process("p", steps().
				Step("b", do("b")).Compensate(failsTimes("undo b", 1, errBoom)).
				Step("c", fails("c", errBoom)).
				OnFailure(policy.Compensate)).
			OnFailure(policy.Compensate).MustBuild())
		out, _ := r.Run(t.Context(), &world{})
		require.Equal(t, chain.Stuck, out.Status)
		out, err := r.Resume(t.Context(), out.Context)
		require.Equal(t, chain.Compensated, out.Status)
		require.ErrorIs(t, err, errBoom)
		require.Equal(t, []string{"a", "b", "c", "undo b", "undo a", "undo b"}, done(out))
	})
}

func TestRule11_AChangedPlanIsRefused(t *testing.T) {
	broken := fails("c", errBoom)
	before := steps().Step("a", do("a")).Step("b", do("b")).Compensate(do("undo b")).Step("c", broken).Builder
	for _, tt := range []struct {
		name  string
		after builder.Builder[*world]
		step  string // that differs; empty if it fits
	}{
		{"the same", before, ""},
		{"added behind", before.Step("d", do("d")).Builder, ""},
		{"the unrecorded replaced", steps().Step("a", do("a")).Step("b", do("b")).Compensate(do("undo b")).Step("x", do("x")).Builder, ""},
		{"renamed", steps().Step("A", do("a")).Step("b", do("b")).Compensate(do("undo b")).Step("c", broken).Builder, `"a"`},
		{"removed", steps().Step("b", do("b")).Compensate(do("undo b")).Step("c", broken).Builder, `"a"`},
		{"inserted", steps().Step("a", do("a")).Step("new", do("new")).Step("b", do("b")).Compensate(do("undo b")).Step("c", broken).Builder, `"new"`},
		{"swapped", steps().Step("b", do("b")).Compensate(do("undo b")).Step("a", do("a")).Step("c", broken).Builder, `"b"`},
		{"compensation gone", steps().Step("a", do("a")).Step("b", do("b")).Step("c", broken).Builder, `"b"`},
		{"another kind", steps().Process("a", steps().Step("x", do("x"))).Step("b", do("b")).Compensate(do("undo b")).Builder, `"a"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onEach(t, func(t *testing.T, k kind) {
				out, err := k.run(t, t.Context(), before)
				require.ErrorIs(t, err, errBoom)
				traced := len(out.Context.Trace())
				out, err = k.make(tt.after.MustBuild()).Resume(t.Context(), out.Context)
				if tt.step == "" {
					require.NotErrorIs(t, err, chain.ErrPlanChanged)
					return
				}
				require.ErrorIs(t, err, chain.ErrPlanChanged)
				require.ErrorContains(t, err, "step "+tt.step)
				require.Equal(t, chain.Aborted, out.Status)
				require.Len(t, out.Context.Trace(), traced, "untouched")
			})
		})
	}
}

func TestRule12_TheTraceTellsEverythingAndObserversSeeItOnce(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		var seen []chain.Event
		out, _ := k.run(t, t.Context(), steps().
			Step("a", do("a")).Compensate(do("undo a")).
			Step("b", do("b")).When(func(context.Context, **world) bool { return false }).
			Process("p", steps().
				Step("c", chain.Do(func(ctx context.Context, exec *chain.ExecutionContext[*world]) error {
					exec.Log(4, "careful")
					return nil
				})).
				Step("d", fails("d", errBoom)).Retry(policy.Fixed(2, time.Second))).
			OnFailure(policy.Compensate),
			runner.WithObserver(func(_ context.Context, e chain.Event) { seen = append(seen, e) }),
			runner.WithObserver(func(context.Context, chain.Event) {}))
		require.Equal(t, []string{
			"plan_started",
			"started a", "succeeded a",
			"skipped b",
			"started p",
			"started p/c", "log p/c", "succeeded p/c",
			"started p/d", "retrying p/d", "started p/d #2", "failed p/d #2",
			"failed p",
			"compensating a", "compensated a",
			"plan_ended",
		}, tell(out.Context.Trace()))
		require.Equal(t, []chain.Event(out.Context.Trace()), seen)
	})
}

func TestRule12_NothingOfTheUsersLosesAnEvent(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		var seen []string
		calls := 0
		out, err := k.run(t, t.Context(), steps().Step("a", do("a")).Step("b", do("b")).Builder,
			runner.WithObserver(func(context.Context, chain.Event) { calls++; panic("observer") }),
			runner.WithObserver(func(_ context.Context, e chain.Event) { seen = append(seen, e.Kind.String()) }),
			runner.WithInterceptor(func(ctx context.Context, _ chain.StepInfo, next func(context.Context) error) error { return next(ctx) }))
		require.NoError(t, err)
		require.Equal(t, 1, calls)
		require.Len(t, seen, len(out.Context.Trace()))
		require.Contains(t, out.Context.Trace().String(), "an observer was dropped")
		require.Equal(t, []string{"a", "b"}, done(out))
	})
}

func TestRule12_AnObserverThatEndsItsGoroutine(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		var seen []string
		exec := chain.NewExecutionContext(&world{})
		r := k.make(steps().Step("a", do("a")).Step("b", do("b")).MustBuild(),
			runner.WithObserver(func(_ context.Context, e chain.Event) {
				if e.Path == "a" {
					runtime.Goexit()
				}
			}),
			runner.WithObserver(func(_ context.Context, e chain.Event) { seen = append(seen, e.Kind.String()) }))
		finished := make(chan struct{})
		go func() { defer close(finished); r.Resume(t.Context(), exec) }()
		<-finished
		require.Equal(t, chain.Succeeded, exec.Status())
		require.Equal(t, []string{"a", "b"}, exec.Data.Done)
		require.Len(t, seen, len(exec.Trace()))
	})
}

func TestRule13_EqualOnEveryRunner(t *testing.T) {
	b := steps().
		Step("a", do("a")).Compensate(do("undo a")).
		Process("p", steps().
			Step("b", failsTimes("b", 0, nil)).Compensate(fails("undo b", errBoom)).
			Step("c", fails("c", errBoom)).Retry(policy.Fixed(2, 0)).
			OnFailure(policy.Continue)).
		Parallel("q", steps().Step("d", do("d")).Compensate(do("undo d"))).
		Step("e", func(context.Context, **world) error { panic("e") }).
		OnFailure(policy.Compensate)
	var told []string
	onEach(t, func(t *testing.T, k kind) {
		out, _ := k.run(t, t.Context(), b)
		all := strings.Join(append(tell(out.Context.Trace()), fmt.Sprint(out.Status, done(out), out.Context.Completed(),
			out.Context.Compensated(), paths(out.Failures), paths(out.CompensationFailures))), "\n")
		told = append(told, all)
		require.Equal(t, chain.Stuck, out.Status)
	})
	require.Len(t, told, len(kinds))
	require.Equal(t, told[0], told[1])
}
