package engine_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/engine"
)

// interrupted is an execution of plan whose process died at its n-th write, as
// the one before that left it.
func interrupted(t *testing.T, plan *builder.Plan[state], n int) *chain.ExecutionContext[state] {
	t.Helper()
	_, h, err := run(t, plan, chain.NewExecutionContext(state{}, chain.WithID("x")), n, &ledger{})
	require.ErrorIs(t, err, errCrash)
	return h.restored()
}

// A step that was in flight when its process died may have had its effect: it
// has begun, also where it may not run again.
func TestAStepInFlightAtACrashIsUndoneWhereItMayNotRunAgain(t *testing.T) {
	plan := chain.New[state]().
		Step("a", ok).Compensate(note("undo a")).
		Step("b", ok).Compensate(note("undo b")).CompensateOnFailure().
		Step("c", ok).Compensate(note("undo c")).CompensateOnFailure().
		OnFailure(policy.Compensate).MustBuild()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	out, err := runner.NewSync(plan).Resume(ended, interrupted(t, plan, 2)) // a is completed, b has begun
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, []string{"undo b", "undo a"}, out.Context.Data.Steps)
	require.Equal(t, "b", out.Failures[0].Path)
	require.Equal(t, 1, out.Failures[0].Attempts, "the one of the earlier run")
}

func TestAProcessInFlightAtACrashIsUndoneWhereItMayNotRunAgain(t *testing.T) {
	plan := chain.New[state]().
		Process("p", chain.New[state]().Step("a", ok)).Compensate(note("undo p")).CompensateOnFailure().
		OnFailure(policy.Compensate).MustBuild()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	out, err := runner.NewSync(plan).Resume(ended, interrupted(t, plan, 1))
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, []string{"undo p"}, out.Context.Data.Steps)
}

func TestTheConditionOfAStepInFlightAtACrashIsNotAskedAgain(t *testing.T) {
	asked := 0
	plan := chain.New[state]().
		Step("a", note("a")).When(func(context.Context, *state) bool { asked++; return asked == 1 }).MustBuild()
	out, err := runner.NewSync(plan).Resume(t.Context(), interrupted(t, plan, 1))
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, out.Context.Data.Steps)
	require.Equal(t, 1, asked)
}

func TestAStepInFlightAtACrashMustBeInThePlan(t *testing.T) {
	base := chain.New[state]().Step("a", ok)
	exec := func() *chain.ExecutionContext[state] { return interrupted(t, base.Step("b", ok).MustBuild(), 2) }

	_, err := runner.NewSync(base.Step("c", ok).MustBuild()).Resume(t.Context(), exec())
	require.ErrorIs(t, err, chain.ErrPlanChanged)
	require.ErrorContains(t, err, `step "b" was in flight and is not in the plan`)

	_, err = runner.NewSync(base.Step("new", ok).Step("b", ok).MustBuild()).Resume(t.Context(), exec())
	require.ErrorIs(t, err, chain.ErrPlanChanged)
	require.ErrorContains(t, err, `step "new" was not recorded and comes before step "b", which was`)

	_, err = runner.NewSync(base.Step("b", ok).Step("new", ok).MustBuild()).Resume(t.Context(), exec())
	require.NoError(t, err)
}

// A delay before the next attempt, of a step or of a compensation, is waited out
// by whichever process is there by then.
func TestARetryDelaySurvivesACrash(t *testing.T) {
	fails := func(context.Context, *state) error { return errors.New("fails") }
	for name, c := range map[string]struct {
		b      builder.Builder[state]
		writes int // until the one of the wait
		path   string
	}{
		"step":         {chain.New[state]().Step("a", fails).Retry(policy.Fixed(2, time.Minute)).Builder, 2, "a"},
		"compensation": {chain.New[state]().Step("a", ok).Compensate(fails).RetryCompensation(policy.Fixed(2, time.Minute)).Step("b", fails).OnFailure(policy.Compensate), 4, "a"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				plan := c.b.MustBuild()
				h := &waiting{crashing: crashing{t: t, plan: plan, exec: chain.NewExecutionContext(state{}, chain.WithID("x")), left: c.writes, world: &ledger{}}}
				out, err := h.drive(t)
				require.ErrorIs(t, err, errCrash)
				due := lastOf(t, out, chain.KindRetrying).Time.Add(time.Minute)

				time.Sleep(20 * time.Second) // until there is a process again
				h = &waiting{crashing: crashing{t: t, plan: plan, exec: h.restored(), left: 1 << 30, world: &ledger{}}}
				out, err = h.drive(t)
				require.Error(t, err)
				again := out.Context.Trace()
				for i, e := range again {
					if e.Kind == chain.KindRetrying {
						for _, later := range again[i+1:] {
							if later.Path == c.path {
								require.True(t, due.Equal(later.Time), "began at %v instead of %v", later.Time, due)
								return
							}
						}
					}
				}
				t.Fatal("no retry")
			})
		})
	}
}

// waiting is a host that waits as any other, and dies in the middle of the delay
// after its last write.
type waiting struct{ crashing }

func (h *waiting) Sleep(ctx context.Context, d time.Duration) error {
	if h.left == 0 {
		return &engine.Halt{Err: errCrash}
	}
	return h.Local.Sleep(ctx, d)
}

func (h *waiting) drive(t *testing.T) (chain.Outcome[state], error) {
	t.Helper()
	h.Start = time.Now()
	x, err := engine.Begin(t.Context(), engine.Compile(h.plan, engine.Options{}), h.exec, h, h.Start)
	require.NoError(t, err)
	x.Drive()
	return engine.Outcome(x, h.exec)
}

func lastOf(t *testing.T, out chain.Outcome[state], kind chain.Kind) chain.Event {
	t.Helper()
	var last chain.Event
	for _, e := range out.Context.Trace() {
		if e.Kind == kind {
			last = e
		}
	}
	require.Equal(t, kind, last.Kind)
	return last
}

// The runner that resumes may not write down, as the sync one; then retries are
// fresh and nothing is waited for.
func TestARunnerThatDoesNotWriteDownWaitsForNoEarlierDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tries := 0
		plan := chain.New[state]().Step("a", func(context.Context, *state) error {
			if tries++; tries == 1 {
				return errors.New("fails")
			}
			return nil
		}).Retry(policy.Fixed(2, time.Minute)).MustBuild()
		h := &waiting{crashing: crashing{t: t, plan: plan, exec: chain.NewExecutionContext(state{}, chain.WithID("x")), left: 2, world: &ledger{}}}
		_, err := h.drive(t)
		require.ErrorIs(t, err, errCrash)
		begun := time.Now()
		_, err = runner.NewSync(plan).Resume(t.Context(), h.restored())
		require.NoError(t, err)
		require.Zero(t, time.Since(begun))
	})
}

func note(text string) builder.StepFunc[state] {
	return func(_ context.Context, s *state) error { s.Steps = append(s.Steps, text); return nil }
}

func TestADelayIsNotMadeLongerByAClockThatIsPutBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		fails := func(context.Context, *state) error { return errors.New("fails") }
		plan := chain.New[state]().Step("a", fails).Retry(policy.Fixed(2, time.Minute)).MustBuild()
		h := &waiting{crashing: crashing{t: t, plan: plan, exec: chain.NewExecutionContext(state{}, chain.WithID("x")), left: 2, world: &ledger{}}}
		_, err := h.drive(t)
		require.ErrorIs(t, err, errCrash)
		snapshot := h.restored().Snapshot()
		for i := range snapshot.Trace {
			snapshot.Trace[i].Time = snapshot.Trace[i].Time.Add(24 * time.Hour)
		}
		exec, err := chain.Restore(snapshot)
		require.NoError(t, err)
		begun := time.Now()
		h = &waiting{crashing: crashing{t: t, plan: plan, exec: exec, left: 1 << 30, world: &ledger{}}}
		_, err = h.drive(t)
		require.Error(t, err)
		require.Equal(t, 2*time.Minute, time.Since(begun), "the rest of the delay, and that of the fresh retry")
	})
}
