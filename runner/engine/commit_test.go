package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/codec"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner/engine"
)

// A ledger is the world outside of the execution: it survives a crash.
type ledger struct{ effects []string }

type state struct{ Steps []string }

// crashing is a Host that writes each execution down as JSON, step by step, and
// dies at the n-th write.
type crashing struct {
	engine.Local
	t     *testing.T
	plan  *builder.Plan[state]
	exec  *chain.ExecutionContext[state]
	safe  []chain.Snapshot[state]
	read  chain.Position
	left  int
	world *ledger
}

var errCrash = errors.New("crash")

func (h *crashing) Commit() error {
	if h.left--; h.left < 0 {
		return errCrash
	}
	var part chain.Snapshot[state]
	read := h.exec.SnapshotSince(h.read, &part)
	doc, err := codec.JSON[state]().Encode(part)
	require.NoError(h.t, err)
	part, err = codec.JSON[state](codec.Strict()).Decode(doc)
	require.NoError(h.t, err)
	h.safe, h.read = append(h.safe, part), read

	want, err := codec.Marshal(h.exec)
	require.NoError(h.t, err)
	got, err := codec.Marshal(h.restored())
	require.NoError(h.t, err)
	require.Equal(h.t, string(want), string(got), "the parts are the whole")
	return nil
}

// restored is the execution as a new process finds it.
func (h *crashing) restored() *chain.ExecutionContext[state] {
	if h.safe == nil {
		return chain.NewExecutionContext(state{}, chain.WithID("x"))
	}
	whole, err := chain.JoinSnapshots(h.safe...)
	require.NoError(h.t, err)
	exec, err := chain.Restore(whole)
	require.NoError(h.t, err)
	return exec
}

func (h *crashing) Attempt(ctx context.Context, s *builder.Step, phase chain.Phase) error {
	f := h.plan.Funcs(s.Index)
	if phase == chain.Compensation {
		h.world.effects = append(h.world.effects, "undo "+s.Path)
		return f.Undo(ctx, &h.exec.Data)
	}
	h.world.effects = append(h.world.effects, s.Path)
	return f.Do(ctx, &h.exec.Data)
}

func (h *crashing) Condition(ctx context.Context, s *builder.Step) bool {
	return h.plan.Funcs(s.Index).When(ctx, &h.exec.Data)
}

func (h *crashing) Sleep(context.Context, time.Duration) error { return nil }

// run drives exec with a host that dies at the n-th write.
func run(t *testing.T, plan *builder.Plan[state], exec *chain.ExecutionContext[state], n int, world *ledger) (chain.Outcome[state], *crashing, error) {
	t.Helper()
	h := &crashing{t: t, Local: engine.Local{Start: time.Now()}, plan: plan, exec: exec, left: n, world: world}
	x, err := engine.Begin(t.Context(), engine.Compile(plan, engine.Options{}), exec, h, h.Start)
	require.NoError(t, err)
	x.Drive()
	out, err := engine.Outcome(x, exec)
	return out, h, err
}

func ok(_ context.Context, s *state) error { return nil }

// An execution that stops where it stands does so when the observers have been told
// everything, though it is a goroutine left behind by a step that is at it.
func TestAHaltWaitsUntilAllIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looking := make(chan struct{})
		plan := chain.New[state]().
			Step("a", chain.Do(func(_ context.Context, exec *chain.ExecutionContext[state]) error {
				go exec.Log(slog.LevelInfo, "hello")
				<-looking
				return nil
			})).
			Step("b", ok).
			MustBuild()
		told := 0
		observe := func(_ context.Context, e chain.Event) {
			if told++; e.Kind == chain.KindLog {
				close(looking)
				time.Sleep(time.Hour)
			}
		}
		exec := chain.NewExecutionContext(state{})
		h := &crashing{t: t, Local: engine.Local{Start: time.Now()}, plan: plan, exec: exec, left: 1, world: new(ledger)}
		program := engine.Compile(plan, engine.Options{Observers: []func(context.Context, chain.Event){observe}})
		x, err := engine.Begin(t.Context(), program, exec, h, h.Start)
		require.NoError(t, err)
		x.Drive()
		require.Len(t, exec.Trace(), 5, "the begin of b is not safe, but it is recorded")
		require.Equal(t, 5, told)
	})
}

// shapes are plans whose functions behave the same in every process.
func shapes() map[string]builder.Builder[state] {
	new := chain.New[state]
	fail := func(ctx context.Context, s *state) error {
		info, _ := chain.StepFrom(ctx)
		return fmt.Errorf("%s fails", info.Path)
	}
	third := func(ctx context.Context, s *state) error {
		if info, _ := chain.StepFrom(ctx); info.Attempt < 3 {
			return errors.New("not yet")
		}
		return nil
	}
	never := func(context.Context, *state) bool { return false }
	base := new().Step("a", ok).Compensate(ok).Step("b", ok).Step("c", third).Retry(policy.Fixed(3, time.Second)).Compensate(third).RetryCompensation(policy.Fixed(3, time.Second))
	inner := new().Step("x", ok).Compensate(ok).Step("skip", ok).Compensate(ok).When(never).Step("y", fail).Compensate(ok).CompensateOnFailure().Step("z", ok)
	return map[string]builder.Builder[state]{
		"success":              base.Process("p", new().Step("x", ok).Step("y", ok)).Parallel("q", new().Step("x", ok).Step("y", ok)).Builder,
		"abort":                base.Process("p", inner).Step("end", ok).Builder,
		"continue":             base.Process("p", inner).Step("end", ok).OnFailure(policy.Continue),
		"compensate":           base.Process("p", inner).Step("end", ok).OnFailure(policy.Compensate),
		"stuck":                base.Step("s", ok).Compensate(fail).Step("f", fail).OnFailure(policy.Compensate),
		"process as one":       base.Process("p", new().Step("x", ok).Compensate(ok).Step("y", ok)).Compensate(ok).Step("f", fail).OnFailure(policy.Compensate),
		"half process as one":  base.Process("p", inner).Compensate(ok).CompensateOnFailure().OnFailure(policy.Compensate),
		"compensate inside":    base.Process("p", inner.OnFailure(policy.Compensate)).Step("end", ok).Compensate(ok).OnFailure(policy.Continue),
		"compensate, then all": base.Process("p", inner.OnFailure(policy.Compensate)).Step("end", ok).OnFailure(policy.Compensate),
		"inside, then stuck":   base.Process("p", new().Step("x", ok).Compensate(fail).Step("y", fail).OnFailure(policy.Compensate)).Step("end", ok).OnFailure(policy.Continue),
		"continue inside":      base.Process("p", inner.OnFailure(policy.Continue)).Step("f", fail).OnFailure(policy.Compensate),
		"parallel":             base.Parallel("q", new().Step("x", ok).Compensate(ok).Process("p", inner).Step("never", ok)).OnFailure(policy.Compensate),
		"parallel goes on":     base.Parallel("q", new().Step("x", fail).Process("p", inner).Step("y", ok).Compensate(ok)).Step("end", fail).OnFailure(policy.Continue),
		"parallel inside":      base.Parallel("q", new().Process("p", inner.OnFailure(policy.Compensate)).Step("y", ok)).Step("end", ok).OnFailure(policy.Continue),
	}
}

// An execution that dies at any write, once or at every write of the way, comes
// to the same end as one that does not, and nothing that was safe runs again.
func TestACrashAtAnyWriteChangesNothingOfTheEnd(t *testing.T) {
	for name, b := range shapes() {
		t.Run(name, func(t *testing.T) {
			plan := b.MustBuild()
			want, _, wantErr := run(t, plan, chain.NewExecutionContext(state{}, chain.WithID("x")), 1<<30, &ledger{})
			for n := 1; ; n++ {
				for _, again := range []int{1 << 30, 7} { // the writes of each later run; fewer than 7 would not do for the three attempts of c
					out, crashes, err := drive(t, plan, n, again)
					require.Equal(t, wantErr == nil, err == nil)
					require.Equal(t, summary(want), summary(out), "dying at write %d, then each %d", n, again)
					if crashes == 0 {
						return
					}
				}
			}
		})
	}
}

// drive runs the plan to its end through as many processes as it takes.
func drive(t *testing.T, plan *builder.Plan[state], n, again int) (out chain.Outcome[state], crashes int, err error) {
	t.Helper()
	world := &ledger{}
	exec := chain.NewExecutionContext(state{}, chain.WithID("x"))
	for ; ; crashes++ {
		require.Less(t, crashes, 1000, "no progress")
		before := settledBefore(exec)
		begun := len(world.effects)
		var h *crashing
		out, h, err = run(t, plan, exec, n, world)
		for _, effect := range world.effects[begun:] {
			require.NotContains(t, before, effect, "was safe and ran again")
		}
		if !errors.Is(err, errCrash) {
			return out, crashes, err
		}
		if crashes == 0 {
			require.NotEqual(t, chain.Succeeded, out.Status)
		}
		n, exec = again, h.restored()
		if exec.Status().Ended() {
			return out, crashes, err
		}
	}
}

// settledBefore is what must not run again.
func settledBefore(exec *chain.ExecutionContext[state]) []string {
	var effects []string
	for _, s := range exec.Snapshot().Steps {
		if s.State == chain.KindSucceeded {
			effects = append(effects, s.Path)
		}
		if s.Undo == chain.KindCompensated {
			effects = append(effects, "undo "+s.Path)
		}
	}
	return effects
}

// summary is an outcome without times, attempts and texts.
func summary(out chain.Outcome[state]) string {
	var failures []string
	for _, f := range slices.Concat(out.Failures, out.CompensationFailures) {
		failures = append(failures, f.Error())
	}
	doc, _ := json.Marshal([]any{out.Status, out.Context.Completed(), out.Context.Compensated(), failures})
	return string(doc)
}

// A branch that can't write down stops the execution, and its siblings are left
// as they are: not cancelled, not undone.
func TestAWriteThatFailsInABranchStopsEverything(t *testing.T) {
	b := chain.New[state]().
		Parallel("q", chain.New[state]().
			Process("p", chain.New[state]().Step("x", ok).Compensate(ok).Step("y", ok).OnFailure(policy.Compensate)).
			Step("z", ok)).
		OnFailure(policy.Compensate)
	plan := b.MustBuild()
	out, h, err := run(t, plan, chain.NewExecutionContext(state{}), 1, &ledger{})
	require.ErrorIs(t, err, errCrash)
	require.Equal(t, chain.Running, out.Status)
	require.Equal(t, []string{"q/p/x"}, h.world.effects)
	require.Equal(t, []string{"q/p/x"}, out.Context.Completed())

	out, h, err = run(t, plan, out.Context, 1<<30, h.world) // the same execution, still in memory
	require.NoError(t, err)
	require.Equal(t, []string{"q/p/x", "q/p/y", "q/z"}, h.world.effects)
	require.Equal(t, chain.Succeeded, out.Status)
}

func TestAWriteThatFailsWhileUndoingInsideStopsEverything(t *testing.T) {
	fail := func(context.Context, *state) error { return errors.New("fails") }
	plan := chain.New[state]().
		Process("p", chain.New[state]().Step("x", ok).Compensate(ok).Step("y", fail).OnFailure(policy.Compensate)).
		Step("z", ok).
		OnFailure(policy.Continue).MustBuild()
	out, h, err := run(t, plan, chain.NewExecutionContext(state{}), 2, &ledger{})
	require.ErrorIs(t, err, errCrash)
	require.Equal(t, chain.Compensating, out.Status)

	out, h, err = run(t, plan, out.Context, 1<<30, h.world)
	require.ErrorContains(t, err, "fails")
	require.Equal(t, chain.Partial, out.Status)
	require.Equal(t, []string{"p/x", "p/y", "undo p/x", "z"}, h.world.effects)
}
