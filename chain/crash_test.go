package chain_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/codec"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

// A process may die between any two events of an execution. What was written at
// the last one must be enough to bring it to the same end: these tests take a
// snapshot at every event, throw the rest away, resume in a new place, and
// compare with the run that nothing interrupted.

// hold is the data: what the execution believes to hold.
type hold struct{ Held map[string]bool }

// site is the world outside, which no crash takes back, and the functions that
// change it. A step's effect is known by the step's path, so having it twice is
// having it once: that is what idempotency keys are for.
type site struct {
	effects map[string]bool
}

type holdStep = builder.StepFunc[hold]

var errNo = errors.New("no")

func (s *site) do(ctx context.Context, h *hold) error {
	step, _ := chain.StepFrom(ctx)
	h.Held[step.Path], s.effects[step.Path] = true, true
	return nil
}

func (s *site) no(context.Context, *hold) error { return errNo }

// lost has its effect and then fails, as when the reply is lost.
func (s *site) lost(ctx context.Context, h *hold) error {
	_ = s.do(ctx, h)
	return errNo
}

func (s *site) panics(context.Context, *hold) error { panic("at the disco") }

// flaky fails at the first n attempts, of its own work or of its compensation.
func (s *site) flaky(n int) holdStep {
	return func(ctx context.Context, h *hold) error {
		switch step, _ := chain.StepFrom(ctx); {
		case step.Attempt <= n:
			return errNo
		case step.Phase == chain.Compensation:
			return s.undo(ctx, h)
		}
		return s.do(ctx, h)
	}
}

// undo takes back the effects of the step and of what is inside it.
func (s *site) undo(ctx context.Context, h *hold) error {
	step, _ := chain.StepFrom(ctx)
	if step.Cause == nil {
		return errors.New("a compensation without a cause")
	}
	for _, effects := range []map[string]bool{h.Held, s.effects} {
		maps.DeleteFunc(effects, func(path string, _ bool) bool {
			return path == step.Path || strings.HasPrefix(path, step.Path+"/")
		})
	}
	return nil
}

// holds is a condition of the data: something is held.
func holds(path string) func(context.Context, *hold) bool {
	return func(_ context.Context, h *hold) bool { return h.Held[path] }
}

func part() builder.Builder[hold] { return chain.New[hold]() }

// undoable is steps that succeed and can be undone.
func (s *site) undoable(names ...string) builder.Builder[hold] {
	b := part()
	for _, name := range names {
		b = b.Step(name, s.do).Compensate(s.undo).Builder
	}
	return b
}

var thrice = policy.Fixed(3, 0)

// shapes are plans with all that a plan can have, going wrong in the ways that
// the data does not change.
var shapes = []struct {
	name string
	plan func(s *site) builder.Builder[hold]
	want chain.Status
}{
	{"success", func(s *site) builder.Builder[hold] { return s.undoable("a", "b", "c") }, chain.Succeeded},
	{"success after retries", func(s *site) builder.Builder[hold] {
		return part().Step("a", s.flaky(2)).Retry(thrice).Step("b", s.flaky(1)).Retry(thrice).Builder
	}, chain.Succeeded},
	{"abort", func(s *site) builder.Builder[hold] {
		return s.undoable("a").Step("b", s.no).Step("c", s.do).Builder
	}, chain.Aborted},
	{"abort after retries", func(s *site) builder.Builder[hold] {
		return s.undoable("a").Step("b", s.no).Retry(thrice).Step("c", s.do).Builder
	}, chain.Aborted},
	{"continue", func(s *site) builder.Builder[hold] {
		return s.undoable("a").Step("b", s.no).Step("c", s.do).Step("d", s.no).Step("e", s.do).OnFailure(policy.Continue)
	}, chain.Partial},
	{"compensate", func(s *site) builder.Builder[hold] {
		return s.undoable("a", "b").Step("plain", s.do).Step("c", s.do).Compensate(s.undo).
			Step("d", s.no).Compensate(s.undo).
			Step("e", s.do).OnFailure(policy.Compensate)
	}, chain.Compensated},
	{"compensate with retries", func(s *site) builder.Builder[hold] {
		return s.undoable("a").Step("b", s.do).Compensate(s.flaky(2)).RetryCompensation(thrice).
			Step("c", s.do).Compensate(s.flaky(1)).RetryCompensation(thrice).
			Step("d", s.no).Retry(thrice).OnFailure(policy.Compensate)
	}, chain.Compensated},
	{"compensate the failed one", func(s *site) builder.Builder[hold] {
		return s.undoable("a").Step("b", s.lost).Compensate(s.undo).CompensateOnFailure().OnFailure(policy.Compensate)
	}, chain.Compensated},
	{"stuck", func(s *site) builder.Builder[hold] {
		return s.undoable("a").Step("b", s.do).Compensate(s.no).Step("c", s.do).Compensate(s.undo).
			Step("d", s.do).Compensate(s.panics).
			Step("e", s.no).OnFailure(policy.Compensate)
	}, chain.Stuck},
	{"panic", func(s *site) builder.Builder[hold] {
		return s.undoable("a").Step("b", s.panics).OnFailure(policy.Compensate)
	}, chain.Compensated},
	{"when", func(s *site) builder.Builder[hold] {
		return s.undoable("a").Step("b", s.do).Compensate(s.undo).When(holds("a")).
			Step("c", s.do).When(holds("nothing")).
			Process("p", s.undoable("x")).When(holds("nothing")).
			Process("q", s.undoable("x", "y")).When(holds("b")).
			Step("d", s.no).OnFailure(policy.Compensate)
	}, chain.Compensated},
	{"when that the process itself makes false", func(s *site) builder.Builder[hold] {
		return s.undoable("a").Process("p", s.undoable("x", "y", "z")).
			When(func(_ context.Context, h *hold) bool { return !h.Held["p/x"] }).Builder
	}, chain.Succeeded},
	{"process", func(s *site) builder.Builder[hold] {
		return s.undoable("a").Process("p", s.undoable("x", "y")).Process("q", part().Process("r", s.undoable("x", "y"))).
			Step("b", s.do).Builder
	}, chain.Succeeded},
	{"process fails, abort", func(s *site) builder.Builder[hold] {
		return s.undoable("a").Process("p", s.undoable("x").Step("y", s.no).Step("z", s.do)).Step("b", s.do).Builder
	}, chain.Aborted},
	{"process fails, continue", func(s *site) builder.Builder[hold] {
		return s.undoable("a").Process("p", s.undoable("x").Step("y", s.no).Step("z", s.do)).Step("b", s.do).
			OnFailure(policy.Continue)
	}, chain.Partial},
	{"process fails, compensate", func(s *site) builder.Builder[hold] {
		return s.undoable("a").Process("p", s.undoable("x").Step("y", s.no).Step("z", s.do)).OnFailure(policy.Compensate)
	}, chain.Compensated},
	{"process undone as one", func(s *site) builder.Builder[hold] {
		return s.undoable("a").Process("p", s.undoable("x", "y")).Compensate(s.undo).Step("b", s.no).OnFailure(policy.Compensate)
	}, chain.Compensated},
	{"process that can't be undone", func(s *site) builder.Builder[hold] {
		return s.undoable("a").Process("p", s.undoable("x", "y")).Compensate(s.no).Step("b", s.no).OnFailure(policy.Compensate)
	}, chain.Stuck},
	{"process half done, with a compensation of its own", func(s *site) builder.Builder[hold] {
		return s.undoable("a").Process("p", s.undoable("x").Step("y", s.no)).Compensate(s.undo).OnFailure(policy.Compensate)
	}, chain.Compensated},
	{"process half done, compensated on failure", func(s *site) builder.Builder[hold] {
		return s.undoable("a").Process("p", s.undoable("x").Step("y", s.lost)).Compensate(s.undo).CompensateOnFailure().
			OnFailure(policy.Compensate)
	}, chain.Compensated},
	{"compensate inside abort", func(s *site) builder.Builder[hold] {
		return s.undoable("a").
			Process("p", s.undoable("x").Step("plain", s.do).Step("y", s.do).Compensate(s.undo).Step("z", s.no).OnFailure(policy.Compensate)).
			Step("b", s.do).Builder
	}, chain.Aborted},
	{"compensate inside continue", func(s *site) builder.Builder[hold] {
		return s.undoable("a").
			Process("p", s.undoable("x", "y").Step("z", s.no).OnFailure(policy.Compensate)).
			Step("b", s.do).OnFailure(policy.Continue)
	}, chain.Partial},
	{"compensate inside compensate", func(s *site) builder.Builder[hold] {
		return s.undoable("a").
			Process("p", s.undoable("x", "y").Step("z", s.lost).Compensate(s.undo).CompensateOnFailure().OnFailure(policy.Compensate)).
			Step("b", s.do).OnFailure(policy.Compensate)
	}, chain.Compensated},
	{"stuck inside abort", func(s *site) builder.Builder[hold] {
		return s.undoable("a").
			Process("p", s.undoable("x").Step("y", s.do).Compensate(s.no).Step("z", s.no).OnFailure(policy.Compensate)).
			Step("b", s.do).Builder
	}, chain.Stuck},
	{"stuck inside continue", func(s *site) builder.Builder[hold] {
		return s.undoable("a").
			Process("p", s.undoable("x").Step("y", s.do).Compensate(s.no).Step("z", s.no).OnFailure(policy.Compensate)).
			Step("b", s.do).OnFailure(policy.Continue)
	}, chain.Stuck},
	{"undone as one inside what will run again", func(s *site) builder.Builder[hold] {
		return s.undoable("a").
			Process("p", part().
				Process("q", s.undoable("x", "y").Step("skipped", s.do).When(holds("nothing"))).Compensate(s.undo).
				Step("z", s.no).OnFailure(policy.Compensate)).Builder
	}, chain.Aborted},
	{"continue inside abort", func(s *site) builder.Builder[hold] {
		return s.undoable("a").Process("p", part().Step("x", s.no).Step("y", s.do).OnFailure(policy.Continue)).
			Step("b", s.do).Builder
	}, chain.Partial},
	{"continue inside abort, then abort", func(s *site) builder.Builder[hold] {
		return s.undoable("a").Process("p", part().Step("x", s.no).Step("y", s.do).OnFailure(policy.Continue)).
			Step("b", s.no).Step("c", s.do).Builder
	}, chain.Aborted},
	{"continue inside compensate", func(s *site) builder.Builder[hold] {
		return s.undoable("a").
			Process("p", s.undoable("x").Step("y", s.no).Step("z", s.do).Compensate(s.undo).OnFailure(policy.Continue)).
			Step("b", s.no).OnFailure(policy.Compensate)
	}, chain.Compensated},
	{"abort inside continue inside compensate", func(s *site) builder.Builder[hold] {
		return s.undoable("a").
			Process("p", part().
				Process("q", s.undoable("x").Step("y", s.no).Step("z", s.do).OnFailure(policy.Abort)).
				Step("r", s.do).Compensate(s.undo).OnFailure(policy.Continue)).
			Step("b", s.no).OnFailure(policy.Compensate)
	}, chain.Compensated},
	{"compensate inside continue inside abort", func(s *site) builder.Builder[hold] {
		return s.undoable("a").
			Process("p", part().
				Process("q", s.undoable("x", "y").Step("z", s.no).OnFailure(policy.Compensate)).
				Process("r", s.undoable("x").Step("y", s.no)).
				Step("s", s.do).OnFailure(policy.Continue)).
			Step("b", s.no).Builder
	}, chain.Aborted},
	{"compensate twice over", func(s *site) builder.Builder[hold] {
		return part().Process("p", s.undoable("u").
			Process("q", s.undoable("x", "y").Step("z", s.no).OnFailure(policy.Compensate)).OnFailure(policy.Compensate)).Builder
	}, chain.Aborted},
	{"parallel", func(s *site) builder.Builder[hold] {
		return s.undoable("a").Parallel("p", s.undoable("x").Process("y", s.undoable("1", "2")).Step("z", s.do)).
			Step("b", s.do).Builder
	}, chain.Succeeded},
	{"parallel fails, abort", func(s *site) builder.Builder[hold] {
		return s.undoable("a").Parallel("p", s.undoable("x").Process("y", s.undoable("1").Step("2", s.no)).Step("z", s.do)).Builder
	}, chain.Aborted},
	{"parallel fails, compensate", func(s *site) builder.Builder[hold] {
		return s.undoable("a").
			Parallel("p", s.undoable("x").Process("y", s.undoable("1").Step("2", s.no)).Step("z", s.do).Compensate(s.undo)).
			OnFailure(policy.Compensate)
	}, chain.Compensated},
	{"parallel fails, continue", func(s *site) builder.Builder[hold] {
		return s.undoable("a").Parallel("p", part().Step("x", s.no).Step("y", s.do).Process("z", s.undoable("1").Step("2", s.no))).
			Step("b", s.do).OnFailure(policy.Continue)
	}, chain.Partial},
	{"parallel continues, plan compensates", func(s *site) builder.Builder[hold] {
		return s.undoable("a").
			Parallel("p", s.undoable("w").Step("x", s.no).Step("y", s.do).Compensate(s.undo).OnFailure(policy.Continue)).
			Step("b", s.no).OnFailure(policy.Compensate)
	}, chain.Compensated},
	{"parallel compensates, plan continues", func(s *site) builder.Builder[hold] {
		return s.undoable("a").
			Parallel("p", s.undoable("w", "x").Process("y", s.undoable("1").Step("2", s.lost).Compensate(s.undo).CompensateOnFailure()).
				OnFailure(policy.Compensate)).
			Step("b", s.do).OnFailure(policy.Continue)
	}, chain.Partial},
	{"parallel undone as one", func(s *site) builder.Builder[hold] {
		return s.undoable("a").Parallel("p", s.undoable("x", "y")).Compensate(s.undo).Step("b", s.no).OnFailure(policy.Compensate)
	}, chain.Compensated},
	{"branch undoes itself, the others go on", func(s *site) builder.Builder[hold] {
		return part().Parallel("p", part().
			Process("x", s.undoable("1", "2").Step("3", s.no).OnFailure(policy.Compensate)).
			Process("y", s.undoable("1", "2"))).OnFailure(policy.Continue)
	}, chain.Partial},
}

// end is what must be the same however often an execution was interrupted.
type end struct {
	status                 chain.Status
	failures, stuck        []string
	completed, compensated []string
	held, effects          map[string]bool
	states                 map[string]builder.State
}

func endOf(out chain.Outcome[hold], s *site) end {
	texts := func(errs []*chain.StepError) (texts []string) {
		for _, err := range errs {
			texts = append(texts, err.Error())
		}
		return texts
	}
	states := map[string]builder.State{}
	for path, mark := range out.Context.Marks() {
		states[path] = mark.State
	}
	return end{
		out.Status, texts(out.Failures), texts(out.CompensationFailures),
		out.Context.Completed(), out.Context.Compensated(), out.Context.Data.Held, s.effects, states,
	}
}

// moment is the execution as it was written at an event, and the world then.
type moment struct {
	event   chain.Event
	doc     []byte
	effects map[string]bool
}

// film runs an execution, from a moment on, and keeps those of its moments that
// are wanted.
func film(t *testing.T, b func(*site) builder.Builder[hold], from *moment, wanted func(n int) bool) (end, chain.Trace, []moment) {
	t.Helper()
	var (
		moments []moment
		outside map[string]bool
	)
	got, trace := play(t, b, from, func(s *site) runner.Option {
		outside = s.effects
		return runner.WithObserver(func(ctx context.Context, e chain.Event) {
			exec, ok := chain.FromContext[hold](ctx)
			if !ok {
				panic("an observer without its execution")
			}
			var doc []byte
			if wanted(len(moments)) {
				var err error
				if doc, err = codec.Marshal(exec); err != nil {
					panic(err)
				}
			}
			moments = append(moments, moment{e, doc, maps.Clone(outside)})
		})
	})
	require.Len(t, moments, len(trace)-len(pastOf(t, from)), "an event was not told, or told twice")
	return got, trace, moments
}

func pastOf(t *testing.T, from *moment) chain.Trace {
	t.Helper()
	if from == nil {
		return nil
	}
	exec, err := codec.Unmarshal[hold](from.doc)
	require.NoError(t, err)
	return exec.Trace()
}

// play runs an execution from a moment on.
func play(t *testing.T, b func(*site) builder.Builder[hold], from *moment, opts ...func(*site) runner.Option) (end, chain.Trace) {
	t.Helper()
	s := &site{map[string]bool{}}
	exec := chain.NewExecutionContext(hold{map[string]bool{}})
	if from != nil {
		s.effects = maps.Clone(from.effects)
		var err error
		exec, err = codec.Unmarshal[hold](from.doc)
		require.NoError(t, err)
	}
	plan, err := b(s).Build()
	require.NoError(t, err)

	var options []runner.Option
	for _, opt := range opts {
		options = append(options, opt(s))
	}
	out, err := runner.NewSync(plan, options...).Resume(context.Background(), exec)
	require.Equal(t, out.Status == chain.Succeeded, err == nil)
	require.NotErrorIs(t, err, chain.ErrPlanChanged)
	require.NotErrorIs(t, err, chain.ErrFinished)
	return endOf(out, s), exec.Trace()
}

// crashes are the moments from which an execution may have to go on: what was
// written at an event, with the world as it was then, or as it was just before
// the next event could be written.
func crashes(moments []moment) []moment {
	var all []moment
	for i, m := range moments {
		if i == len(moments)-1 && slices.Contains([]string{"succeeded", "partial", "compensated"}, m.event.Message) {
			break // finished
		}
		if m.doc == nil {
			continue
		}
		all = append(all, m)
		if i+1 < len(moments) {
			later := moments[i+1]
			all = append(all, moment{m.event, m.doc, later.effects})
		}
	}
	return all
}

func TestCrashAtAnyMomentEndsTheSame(t *testing.T) {
	for _, shape := range shapes {
		t.Run(shape.name, func(t *testing.T) {
			t.Parallel()
			want, _, moments := film(t, shape.plan, nil, func(int) bool { return true })
			require.Equal(t, shape.want, want.status, "the plan is not what the test means")

			for i, first := range crashes(moments) {
				// Over all first crashes, each second one has its turn; where the first
				// run had ended, stuck or aborted, all have.
				got, trace, again := film(t, shape.plan, &first, func(n int) bool {
					return first.event.Kind == chain.KindPlanEnded || (i+n)%9 == 0
				})
				require.Equal(t, want, got, "after a crash at %s %s", first.event.Kind, first.event.Path)
				requireNothingTwice(t, first, trace)

				for _, second := range crashes(again) {
					got, trace := play(t, shape.plan, &second)
					require.Equal(t, want, got, "after crashes at %s %s and at %s %s",
						first.event.Kind, first.event.Path, second.event.Kind, second.event.Path)
					requireNothingTwice(t, second, trace)
				}
			}
		})
	}
}

// requireNothingTwice checks that the execution that went on from m kept what
// was recorded and did nothing again that was done.
func requireNothingTwice(t *testing.T, m moment, trace chain.Trace) {
	t.Helper()
	exec, err := codec.Unmarshal[hold](m.doc)
	require.NoError(t, err)
	past := exec.Trace()
	require.Greater(t, len(trace), len(past))
	require.Equal(t, past.String(), trace[:len(past)].String())

	done := map[string]bool{}
	for _, path := range exec.Completed() {
		done[path] = true
	}
	undone := map[string]bool{}
	for _, path := range exec.Compensated() {
		undone[path] = true
	}
	for _, e := range trace[len(past):] {
		switch e.Kind {
		case chain.KindStarted:
			require.False(t, done[e.Path], "step %s was completed and ran again", e.Path)
			delete(undone, e.Path) // of a Process that runs again
		case chain.KindCompensating:
			require.False(t, undone[e.Path], "step %s was undone twice", e.Path)
		}
	}
}
