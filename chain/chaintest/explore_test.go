package chaintest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/chain/chaintest"
	"github.com/taskchain-go/taskchain/policy"
)

func TestARightPlanPasses(t *testing.T) {
	r := explored(t, rightPlan)
	require.Empty(t, r.errors)
	require.Equal(t, []string{`chaintest: plan "checkout": 46 cases hold`}, r.logs)

	chaintest.ExploreWorld(t, rightPlan, newWorld, balance, chaintest.RequireAllCompensations()) // says so to go test, too
}

// casesOf is the names of all cases that came about, found by a check that
// breaks each of them.
func casesOf(t *testing.T, p plan, opts ...chaintest.Option) []string {
	t.Helper()
	var names []string
	chaintest.Cases(t, p, newWorld, &names, opts...)
	return names
}

func TestTheCasesOfAStep(t *testing.T) {
	require.Equal(t, []string{
		"none", "cancel",
		"a/fail", "a/lost", "a/panic", "a/panic-after",
		"a/cancel", "a/cancel-lost", "a/cancel-after",
		"a/repeat", "a/crash", "a/crash-after",
	}, casesOf(t, func(b *books) *builder.Plan[order] {
		return chain.New[order]().Step("a", b.take("a")).MustBuild()
	}))
	require.Equal(t, []string{
		"none", "cancel",
		"a/fail", "a/fail-once", "a/lost", "a/lost-once", "a/panic", "a/panic-after",
		"a/timeout", "a/timeout-once", "a/timeout-after", "a/timeout-after-once",
		"a/cancel", "a/cancel-lost", "a/cancel-after",
		"a/repeat", "a/crash", "a/crash-after", "a/crash-retry",
		"a/lost + undo a/fail", "a/lost + undo a/fail-once", "a/lost + undo a/lost", "a/lost + undo a/lost-once",
		"a/lost + undo a/panic", "a/lost + undo a/panic-after",
		"a/lost + undo a/timeout", "a/lost + undo a/timeout-once", "a/lost + undo a/timeout-after", "a/lost + undo a/timeout-after-once",
		"a/lost + undo a/cancel",
		"a/lost + undo a/repeat", "a/lost + undo a/crash", "a/lost + undo a/crash-after", "a/lost + undo a/crash-retry",
	}, casesOf(t, planOf(1)))
}

// The effect of a case at a step, as its world sees it: how often the function
// was called, on which data, and how it ended.
func TestWhatEachCaseDoes(t *testing.T) {
	type world struct{ calls []string }
	plan := func(w *world) *builder.Plan[int] {
		return chain.New[int]().
			Step("a", func(ctx context.Context, n *int) error {
				ended := ""
				if ctx.Err() != nil {
					ended = " ended"
				}
				w.calls = append(w.calls, fmt.Sprint(*n, ended))
				*n++
				return nil
			}).
			Retry(policy.Fixed(3, time.Hour)).Timeout(time.Hour).
			MustBuild()
	}
	for name, want := range map[string]string{
		"none":                 "[0] succeeded",
		"cancel":               "[] aborted: ctx cancelled",
		"a/fail":               "[] aborted: injected failure",
		"a/fail-once":          "[0] succeeded",
		"a/lost":               "[0 1 2] aborted: injected failure",
		"a/lost-once":          "[0 1] succeeded",
		"a/panic":              "[] aborted: panic: injected failure",
		"a/panic-after":        "[0] aborted: panic: injected failure",
		"a/timeout":            "[] aborted: timeout",
		"a/timeout-once":       "[0] succeeded",
		"a/timeout-after":      "[0 1 2] aborted: timeout",
		"a/timeout-after-once": "[0 1] succeeded",
		"a/cancel":             "[0 ended] succeeded",
		"a/cancel-lost":        "[0] aborted: ctx cancelled",
		"a/cancel-after":       "[0] succeeded",
		"a/repeat":             "[0 0] succeeded",
		"a/crash":              "[0] succeeded",
		"a/crash-after":        "[0 0] succeeded",
		"a/crash-retry":        "[0 1] succeeded",
	} {
		t.Setenv("CHAINTEST_CASE", name)
		got := ""
		chaintest.ExploreWorld(&recorder{TB: t}, plan, func() (*world, int) { return &world{}, 0 }, func(out chain.Outcome[int], w *world) error {
			got = fmt.Sprint(w.calls, " ", out.Status)
			for _, f := range out.Failures {
				got += fmt.Sprint(": ", f.Err)
				require.ErrorIs(t, f, chaintest.ErrInjected)
				require.Equal(t, strings.Contains(name, "timeout"), errors.Is(f, chain.ErrTimeout))
				require.Equal(t, strings.Contains(name, "timeout"), errors.Is(f, context.DeadlineExceeded))
			}
			return nil
		})
		require.Equal(t, want, got, name)
	}
}

// A compensation fails after a failure that leaves it something to undo, and
// where most else is to be undone as well.
func TestTheFailureBeforeACompensation(t *testing.T) {
	three := func(cof bool) plan {
		return func(b *books) *builder.Plan[order] {
			all := chain.New[order]().OnFailure(policy.Compensate)
			for _, name := range []string{"a", "b", "c"} {
				s := all.Step(name, b.take(name)).Compensate(b.give(name))
				if all = s.Builder; cof {
					all = s.CompensateOnFailure().Builder
				}
			}
			return all.MustBuild()
		}
	}
	undoing := func(names []string) (before []string) {
		for _, name := range names {
			if first, undo, found := strings.Cut(name, " + "); found {
				before = append(before, first+" + "+undo[:len("undo a")])
			}
		}
		return slices.Compact(before)
	}
	require.Equal(t, []string{"c/fail + undo a", "c/fail + undo b"}, undoing(casesOf(t, three(false))))
	require.Equal(t, []string{"c/fail + undo a", "c/fail + undo b", "c/lost + undo c"}, undoing(casesOf(t, three(true))))
}

// A process that has died asks nothing any more, and the next one's time goes on
// from there.
func TestADeadProcessDoesNothing(t *testing.T) {
	asked := 0
	p := func(b *books) *builder.Plan[order] {
		return chain.New[order]().
			Step("a", chaintest.Flaky(1, nil, b.take("a"))).Retry(policy.Fixed(2, 30*time.Second)).
			Step("b", b.take("b")).
			Step("c", b.take("c")).When(func(context.Context, *order) bool { asked++; return true }).
			MustBuild()
	}
	t.Setenv("CHAINTEST_CASE", "b/crash-after")
	var times []time.Time
	chaintest.ExploreWorld(t, p, newWorld, func(out chain.Outcome[order], _ *books) error {
		for _, e := range out.Context.Trace() {
			times = append(times, e.Time)
		}
		return nil
	})
	require.Equal(t, 1, asked)
	require.True(t, slices.IsSortedFunc(times, time.Time.Compare))
	require.Equal(t, 30*time.Second, times[len(times)-1].Sub(times[0]), "and no time but the wait's")
}

// An error that the policy does not retry has no cases of a retry.
func TestThePolicyDecidesAboutInjectedErrors(t *testing.T) {
	declined, busy := errors.New("declined"), errors.New("busy")
	p := func(b *books) *builder.Plan[order] {
		return chain.New[order]().
			Step("a", b.take("a")).Retry(policy.Fixed(2, time.Hour).RetryOn(policy.Is(busy))).
			Step("b", b.take("b")).Retry(policy.Fixed(2, time.Hour).GiveUpOn(policy.Is(declined))).
			Step("c", b.take("c")).Retry(policy.Fixed(2, time.Hour)).
			MustBuild()
	}
	names := casesOf(t, p, chaintest.FailWith(busy, declined), chaintest.OnStep("c", chaintest.FailWith(declined)))
	retries := slices.DeleteFunc(names, func(name string) bool {
		return !slices.Contains([]string{"fail-once", "fail-once#1", "fail-once#2"}, name[2:])
	})
	require.Equal(t, []string{"a/fail-once#1", "b/fail-once#1", "c/fail-once"}, retries)
}

func TestTheInjectedErrorIsWhatTheUserSaysAndRecognisable(t *testing.T) {
	declined := errors.New("declined")
	seen := 0
	chaintest.ExploreWorld(t, rightPlan, newWorld, func(out chain.Outcome[order], _ *books) error {
		for _, f := range out.Failures {
			if !errors.Is(f, declined) {
				continue
			}
			seen++
			if f.Path != "charge" || !errors.Is(f, chaintest.ErrInjected) || f.Err.Error() != "declined" {
				return f
			}
		}
		return nil
	}, chaintest.OnStep("charge", chaintest.FailWith(declined)))
	require.NotZero(t, seen)

	r := explored(t, reserveOnly, chaintest.FailWith(declined))
	require.Contains(t, r.errors[0], "reserve: effect happened, reply lost (declined); then aborted, but: stock holds 30")
}

func reserveOnly(b *books) *builder.Plan[order] {
	return chain.New[order]().Step("reserve", b.take("stock")).MustBuild()
}

// Nothing waits: the delays of the retries are hours.
func TestAWaitTakesNoTimeButCounts(t *testing.T) {
	p := func(b *books) *builder.Plan[order] {
		return chain.New[order]().
			Step("a", b.take("a")).Retry(policy.Fixed(9, 40*time.Minute).MaxDelay(time.Hour).MaxElapsed(2 * time.Hour)).
			MustBuild()
	}
	var waited []int
	chaintest.ExploreWorld(t, p, newWorld, func(out chain.Outcome[order], _ *books) error {
		for _, f := range out.Failures {
			waited = append(waited, f.Attempts)
		}
		return nil
	})
	require.Equal(t, 4, slices.Max(waited), "the first attempt and one each 40 minutes within two hours")
}

func TestAsyncStepsProcessesAndParallels(t *testing.T) {
	async := func(f builder.StepFunc[order]) builder.AsyncFunc[order] {
		return func(ctx context.Context, o *order) <-chan error {
			done := make(chan error, 1)
			go func() { done <- f(ctx, o) }()
			return done
		}
	}
	p := func(b *books) *builder.Plan[order] {
		new := chain.New[order]
		return new().Named("everything").
			AsyncStep("a", async(b.take("a"))).CompensateAsync(async(b.give("a"))).CompensateOnFailure().
			Parallel("both", new().
				Step("b", b.take("b")).Compensate(b.give("b")).CompensateOnFailure().
				Process("c", new().
					Step("d", b.take("d")).Compensate(b.give("d")).CompensateOnFailure().
					Step("e", b.take("e")).Compensate(b.give("e")).CompensateOnFailure())).
			Process("f", new().
				Step("g", b.take("g")).Compensate(b.give("g")).CompensateOnFailure()).
			Compensate(b.give("g")).
			Step("h", b.take("h")).Compensate(b.give("h")).CompensateOnFailure().
			OnFailure(policy.Compensate).
			MustBuild()
	}
	r := explored(t, p)
	require.Empty(t, r.errors)
	require.Equal(t, []string{`chaintest: plan "everything": 118 cases hold`}, r.logs)
	require.Contains(t, casesOf(t, p), "h/fail + undo f/crash-after")
	require.Contains(t, casesOf(t, p), "both/c/e/crash-after")
}

// What runs only after a failure has its cases after that failure.
func TestStepsThatRunOnlyAfterAFailureAreFound(t *testing.T) {
	p := func(b *books) *builder.Plan[order] {
		failed := func(_ context.Context, o *order) bool { return len(o.Receipts) == 0 }
		return chain.New[order]().OnFailure(policy.Continue).
			Step("a", b.take("a")).
			Step("apologise", chaintest.Nothing[order]()).When(failed).
			Step("never", chaintest.Nothing[order]()).When(func(context.Context, *order) bool { return false }).
			MustBuild()
	}
	require.Contains(t, casesOf(t, p), "a/fail + apologise/crash")
	r := &recorder{TB: t}
	chaintest.ExploreWorld(r, p, newWorld, func(chain.Outcome[order], *books) error { return nil })
	require.Equal(t, []string{"chaintest: 22 cases hold\nsteps that never ran in any case: never"}, r.logs)
}

func TestPairs(t *testing.T) {
	p := func(b *books) *builder.Plan[order] {
		return chain.New[order]().OnFailure(policy.Compensate).
			Step("a", b.take("a")).Compensate(b.give("a")).CompensateOnFailure().
			Step("b", b.take("b")).Compensate(b.give("b")).CompensateOnFailure().
			MustBuild()
	}
	alone, pairs := casesOf(t, p), casesOf(t, p, chaintest.Pairs())
	require.Len(t, alone, 38)
	require.Len(t, pairs, 204)
	require.Equal(t, alone, pairs[:len(alone)])
	require.Subset(t, pairs, []string{"a/crash-after + b/lost", "a/repeat + b/crash", "b/panic + undo a/lost", "a/lost + undo a/crash-after"})
	require.Empty(t, explored(t, p, chaintest.Pairs()).errors)
}

func TestStepsThatMustNotBeRepeatedAreToldApart(t *testing.T) {
	p := func(b *books) *builder.Plan[order] {
		return reservation(b).Step("charge", b.takeAgain("money")).Compensate(b.give("money")).CompensateOnFailure().MustBuild()
	}
	r := explored(t, p, chaintest.NotRepeatable("charge", "undo reserve"))
	require.Empty(t, r.errors)
	require.Equal(t, []string{"chaintest: plan \"checkout\": 34 cases hold\nnot repeated, as told: undo reserve, charge"}, r.logs)
}

func TestCompensationsThatNeverRan(t *testing.T) {
	p := func(b *books) *builder.Plan[order] {
		return chain.New[order]().OnFailure(policy.Compensate).
			Step("a", chaintest.Nothing[order]()).Compensate(b.give("a")).
			Step("b", chaintest.Nothing[order]()).Compensate(b.give("b")).
			MustBuild()
	}
	r := explored(t, p)
	require.Empty(t, r.errors)
	require.Equal(t, []string{"chaintest: 30 cases hold\ncompensations that never ran in any case: b"}, r.logs)

	r = explored(t, p, chaintest.RequireAllCompensations())
	require.Equal(t, []string{"chaintest: compensations that never ran in any case: b"}, r.errors)
}

func TestInterceptorsStandAroundWhatIsInjected(t *testing.T) {
	var rec chaintest.Record
	patient := func(ctx context.Context, step chain.StepInfo, next func(context.Context) error) error {
		return policy.Permanent(next(ctx))
	}
	p := func(b *books) *builder.Plan[order] {
		return chain.New[order]().Step("a", b.take("a")).Retry(policy.Fixed(2, 0)).MustBuild()
	}
	names := casesOf(t, p, chaintest.WithInterceptor(rec.Note), chaintest.WithInterceptor(patient))
	require.NotContains(t, names, "a/fail-once")
	require.Contains(t, rec.Names(), "a")
}

// lent is a context with the end of one and the values of another before its own.
type lent struct {
	context.Context
	values context.Context
}

func (c lent) Value(key any) any {
	if value := c.values.Value(key); value != nil {
		return value
	}
	return c.Context.Value(key)
}

// An interceptor that gives a compensation the end of the caller's ctx undoes what
// the engine has done for it.
func TestACompensationWithTheCancelledContextIsAnError(t *testing.T) {
	var first context.Context
	keep := func(ctx context.Context, step chain.StepInfo, next func(context.Context) error) error {
		if step.Phase == chain.Compensation {
			return next(lent{first, ctx})
		}
		first = ctx
		return next(ctx)
	}
	r := explored(t, rightPlan, chaintest.WithInterceptor(keep))
	require.Contains(t, r.errors[0], "charge: ctx cancelled as it began; then stuck, but: undo charge was given the ctx that was cancelled")
}

type closing struct {
	*books
	closed *int
	err    error
}

func (c closing) Close() error { *c.closed++; return c.err }

func TestAWorldIsClosedAfterItsCase(t *testing.T) {
	closed := 0
	var world io.Closer = closing{newBooks(), &closed, nil}
	require.NotNil(t, world)
	explore := func(err error) *recorder {
		r := &recorder{TB: t}
		chaintest.ExploreWorld(r,
			func(c closing) *builder.Plan[order] { return reserveOnly(c.books) },
			func() (closing, order) { return closing{newBooks(), &closed, err}, order{} },
			func(_ chain.Outcome[order], c closing) error { return nil })
		return r
	}
	r := explore(nil)
	require.Equal(t, []string{"chaintest: 12 cases hold"}, r.logs)
	require.Equal(t, 12+1, closed, "one world is for a look at the plan")

	r = explore(errors.New("stuck tap"))
	require.Equal(t, []string{"chaintest: the world can't be closed: stuck tap"}, r.errors)
}

func TestWrongUse(t *testing.T) {
	for want, opt := range map[string]chaintest.Option{
		`OnStep: the plan has no "pay"`:             chaintest.OnStep("pay", chaintest.FailWith(io.EOF)),
		`NotRepeatable: the plan has no "undo pay"`: chaintest.NotRepeatable("undo pay"),
		`FailWith: no error`:                        chaintest.FailWith(),
		`WithInterceptor: nil func`:                 chaintest.WithInterceptor(nil),
		`Rebind: it is about func(*int, *int), and the data is a chaintest_test.order`: chaintest.Rebind(func(_, _ *int) {}),
	} {
		r := explored(t, rightPlan, opt, nil)
		require.Equal(t, []string{"chaintest: " + want}, r.errors)
		require.Empty(t, r.logs)
	}
	r := explored(t, func(*books) *builder.Plan[order] { return nil })
	require.Equal(t, []string{"chaintest: the plan is nil"}, r.errors)
}

func TestAPlanThatIsNotTheSameInEachProcess(t *testing.T) {
	made := 0
	p := func(b *books) *builder.Plan[order] {
		made++
		return chain.New[order]().Step("a", b.take("a")).Step(fmt.Sprint("b", made%2), b.take("b")).Step("c", b.take("c")).MustBuild()
	}
	r := explored(t, p)
	require.Contains(t, r.errors[0], `it can't go on: chain: execution <id>: the plan has changed: step "b`)
}

func TestACheckThatPanics(t *testing.T) {
	r := &recorder{TB: t}
	chaintest.ExploreWorld(r, reserveOnly, newWorld, func(chain.Outcome[order], *books) error {
		return error(nil).(interface{ Unwrap() error }).Unwrap()
	})
	require.Contains(t, lineNumber.ReplaceAllString(r.errors[0], ".go:NN"),
		"no failure; then succeeded, but: check panicked at explore_test.go:NN: interface conversion: interface is nil, not interface { Unwrap() error }")
}

// A check may use the test itself, as testify's require does; the case is named
// all the same.
func TestACheckThatEndsTheTest(t *testing.T) {
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		calls := 0
		chaintest.ExploreWorld(r, reserveOnly, newWorld, func(chain.Outcome[order], *books) error {
			if calls++; calls == 3 {
				runtime.Goexit()
			}
			return nil
		})
	}()
	<-done
	require.Equal(t, []string{`chaintest: the test was ended in the case "reserve/fail" (reserve: failed, no effect)
    run this case alone with: CHAINTEST_CASE='reserve/fail' go test -run '^TestPlan$'`}, r.logs)
}

func TestExploreOfAPlanWhoseWorldIsItsData(t *testing.T) {
	type account struct{ Reserved, Charged int }
	plan := chain.New[account]().OnFailure(policy.Compensate).
		Step("reserve", func(_ context.Context, a *account) error { a.Reserved = 1; return nil }).
		Compensate(func(_ context.Context, a *account) error { a.Reserved = 0; return nil }).CompensateOnFailure().
		Step("charge", func(_ context.Context, a *account) error { a.Charged = 1; return nil }).
		MustBuild()
	check := func(out chain.Outcome[account]) error {
		if a := out.Context.Data; a.Reserved != a.Charged && out.Status != chain.Stuck {
			return fmt.Errorf("reserved %d, charged %d", a.Reserved, a.Charged)
		}
		return nil
	}
	r := &recorder{TB: t, name: "TestA/b c"}
	chaintest.Explore(r, plan, func() account { return account{} }, check)
	require.Equal(t, []string{`chaintest: 3 of 30 cases broken
charge: effect happened, reply lost; then compensated, but: reserved 0, charged 1
    run this case alone with: CHAINTEST_CASE='charge/lost' go test -run '^TestA$/^b c$'
    the same in 2 other cases: charge/panic-after, charge/cancel-lost`}, r.errors)
}
