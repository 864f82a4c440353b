package chain_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/codec"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

type steps = builder.Builder[[]string]

func list() steps { return chain.New[[]string]() }

// word is a step that says its own path, with a "-" before it if it undoes.
func word(ctx context.Context, words *[]string) error {
	step, _ := chain.StepFrom(ctx)
	path := step.Path
	if step.Phase == chain.Compensation {
		path = "-" + path
	}
	*words = append(*words, path)
	return nil
}

func noWord(ctx context.Context, words *[]string) error {
	_ = word(ctx, words)
	return errNo
}

// through sends an execution through JSON, as another process would get it.
func through(t *testing.T, exec *chain.ExecutionContext[[]string]) *chain.ExecutionContext[[]string] {
	t.Helper()
	doc, err := codec.Marshal(exec)
	require.NoError(t, err)
	back, err := codec.Unmarshal[[]string](doc, codec.Strict())
	require.NoError(t, err)
	return back
}

// ranUntilStopped runs the plan until a step calls stop, and returns the
// execution as it was written down then.
func ranUntilStopped(t *testing.T, b steps, stop string) *chain.ExecutionContext[[]string] {
	t.Helper()
	plan, err := b.Build()
	require.NoError(t, err)
	var saved []byte
	runner.NewSync(plan, runner.WithObserver(func(ctx context.Context, e chain.Event) { //nolint:errcheck // thrown away
		if short(e) == stop {
			exec, _ := chain.FromContext[[]string](ctx)
			saved, _ = codec.Marshal(exec)
		}
	})).Run(context.Background(), nil)
	require.NotEmpty(t, saved, "no event %q", stop)
	exec, err := codec.Unmarshal[[]string](saved)
	require.NoError(t, err)
	return exec
}

func TestResumeUnderAPlanThatFits(t *testing.T) {
	recorded := list().Step("a", word).Compensate(word).
		Process("p", list().Step("x", word).Step("y", word)).
		Parallel("q", list().Step("x", word).Process("y", list().Step("z", word))).
		Step("b", noWord).Step("c", word)

	for name, test := range map[string]struct {
		now  buildable
		want string
	}{
		"the same":     {recorded.Builder, "b"},
		"another name": {recorded.Named("renamed"), "b"},
		"steps added behind": {
			list().Step("a", word).Compensate(word).
				Process("p", list().Step("x", word).Step("y", word)).
				Parallel("q", list().Step("x", word).Process("y", list().Step("z", word))).
				Step("b", word).Step("c", word).Step("d", word).Process("r", list().Step("x", word)), "b c d r/x",
		},
		"steps taken away behind": {
			list().Step("a", word).Compensate(word).
				Process("p", list().Step("x", word).Step("y", word)).
				Parallel("q", list().Step("x", word).Process("y", list().Step("z", word))), "",
		},
		"the failed one replaced": {
			list().Step("a", word).Compensate(word).
				Process("p", list().Step("x", word).Step("y", word)).
				Parallel("q", list().Step("x", word).Process("y", list().Step("z", word))).
				Step("better b", word), "better b",
		},
		"steps added inside what is completed": {
			list().Step("a", word).Compensate(word).
				Process("p", list().Step("new", word).Step("x", word).Step("newer", word).Step("y", word)).
				Parallel("q", list().Step("new", word).Step("x", word).Process("y", list().Step("z", word))).
				Step("b", word), "b",
		},
		"branches in another order": {
			list().Step("a", word).Compensate(word).
				Process("p", list().Step("x", word).Step("y", word)).
				Parallel("q", list().Process("y", list().Step("z", word)).Step("x", word)).
				Step("b", word), "b",
		},
		// It is the plan's strategy of today that decides about yesterday's failure.
		"continue":   {recorded.OnFailure(policy.Continue), "c"},
		"compensate": {recorded.OnFailure(policy.Compensate), "-a"},
	} {
		t.Run(name, func(t *testing.T) {
			exec := ranUntilStopped(t, recorded.Builder, "plan_ended ")
			before := len(exec.Data)
			out, err := runner.NewSync(must(test.now)).Resume(context.Background(), exec)
			require.NotErrorIs(t, err, chain.ErrPlanChanged)
			require.Equal(t, test.want, strings.Join(out.Context.Data[before:], " "))
		})
	}
}

// buildable is a Builder or StepBuilder.
type buildable interface {
	MustBuild() *builder.Plan[[]string]
}

func must(b buildable) *builder.Plan[[]string] { return b.MustBuild() }

func TestResumeUnderAPlanThatHasChanged(t *testing.T) {
	recorded := list().Step("a", word).Compensate(word).
		Step("b", word).
		Process("p", list().Step("x", word).Step("y", word)).
		Parallel("q", list().Step("x", word).Step("y", word)).
		Process("r", list().Step("x", word).Step("y", noWord)).Builder
	// the same without a step, for the cases to put together
	p := list().Step("x", word).Step("y", word)
	q := list().Step("x", word).Step("y", word)
	r := list().Step("x", word).Step("y", noWord)

	for name, test := range map[string]struct {
		now  buildable
		want string
	}{
		"missing": {
			list().Step("b", word).Process("p", p).Parallel("q", q).Process("r", r).Builder,
			`step "a" was recorded and is not in the plan`,
		},
		"renamed": {
			list().Step("a", word).Compensate(word).Step("c", word).Process("p", p).Parallel("q", q).Process("r", r).Builder,
			`step "b" was recorded and is not in the plan`,
		},
		"missing inside": {
			list().Step("a", word).Compensate(word).Step("b", word).Process("p", list().Step("y", word)).Parallel("q", q).Process("r", r).Builder,
			`step "p/x" was recorded and is not in the plan`,
		},
		"moved into a process": {
			list().Step("a", word).Compensate(word).Process("p", list().Step("b", word)).Builder,
			`step "b" was recorded and is not in the plan`,
		},
		"inserted before": {
			list().Step("new", word).Step("a", word).Compensate(word).Step("b", word).Process("p", p).Parallel("q", q).Process("r", r).Builder,
			`step "new" was not recorded and comes before step "r", which was`,
		},
		"inserted between": {
			list().Step("a", word).Compensate(word).Process("new", p).Step("b", word).Process("p", p).Parallel("q", q).Process("r", r).Builder,
			`step "new" was not recorded and comes before step "r", which was`,
		},
		"inserted inside what is half done": {
			list().Step("a", word).Compensate(word).Step("b", word).Process("p", p).Parallel("q", q).
				Process("r", list().Step("new", word).Step("x", word).Step("y", word)).Builder,
			`step "r/new" was not recorded and comes before step "r/x", which was`,
		},
		"reordered": {
			list().Step("b", word).Step("a", word).Compensate(word).Process("p", p).Parallel("q", q).Process("r", r).Builder,
			`step "a" was recorded before step "b" and comes after it in the plan`,
		},
		"reordered inside": {
			list().Step("a", word).Compensate(word).Step("b", word).Process("p", list().Step("y", word).Step("x", word)).Parallel("q", q).Process("r", r).Builder,
			`step "p/x" was recorded before step "p/y" and comes after it in the plan`,
		},
		"a step is a process": {
			list().Step("a", word).Compensate(word).Process("b", p).Process("p", p).Parallel("q", q).Process("r", r).Builder,
			`step "b" was recorded as a step and is a process`,
		},
		"a process is a parallel": {
			list().Step("a", word).Compensate(word).Step("b", word).Parallel("p", p).Parallel("q", q).Process("r", r).Builder,
			`step "p" was recorded as a process and is a parallel`,
		},
		"a parallel is a process": {
			list().Step("a", word).Compensate(word).Step("b", word).Process("p", p).Process("q", q).Process("r", r).Builder,
			`step "q" was recorded as a parallel and is a process`,
		},
		"compensation taken away": {
			list().Step("a", word).Step("b", word).Process("p", p).Parallel("q", q).Process("r", r).Builder,
			`step "a" was recorded with a compensation and has none`,
		},
		"compensation added": {
			list().Step("a", word).Compensate(word).Step("b", word).Compensate(word).Process("p", p).Parallel("q", q).Process("r", r).Builder,
			`step "b" was recorded without a compensation and has one`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			live, err := runner.NewSync(must(recorded)).Run(context.Background(), nil)
			require.Error(t, err)
			for _, exec := range []*chain.ExecutionContext[[]string]{live.Context, through(t, live.Context)} {
				before := exec.Trace()
				out, err := runner.NewSync(must(test.now)).Resume(context.Background(), exec)
				require.ErrorIs(t, err, chain.ErrPlanChanged)
				require.EqualError(t, err, "chain: execution "+exec.ID+": the plan has changed: "+test.want)
				require.Equal(t, chain.Aborted, out.Status)
				require.Equal(t, before, exec.Trace(), "a refusal changes nothing")

				out, err = runner.NewSync(must(recorded)).Resume(context.Background(), exec)
				require.NotErrorIs(t, err, chain.ErrPlanChanged, "and the old plan still fits")
				require.Equal(t, "r/y", out.Context.Data[len(out.Context.Data)-1])
			}
		})
	}
}

// How the work is awaited changes nothing in what was recorded of it.
func TestResumeUnderAPlanWithAsyncSteps(t *testing.T) {
	async := func(ctx context.Context, words *[]string) <-chan error {
		done := make(chan error, 1)
		done <- word(ctx, words)
		return done
	}
	out, err := runner.NewSync(must(list().Step("a", word).Compensate(word).Step("b", noWord).Builder)).Run(context.Background(), nil)
	require.Error(t, err)
	out, err = runner.NewAsync(must(list().AsyncStep("a", async).CompensateAsync(async).AsyncStep("b", async).Builder)).
		Resume(context.Background(), through(t, out.Context))
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b", "b"}, out.Context.Data)
}

// An undone step's compensation is no longer needed.
func TestResumeWithoutTheCompensationOfAnUndoneStep(t *testing.T) {
	plan := func(a builder.StepBuilder[[]string], undoB builder.StepFunc[[]string]) steps {
		return a.Step("b", word).Compensate(undoB).Step("c", word).Compensate(word).Step("d", noWord).OnFailure(policy.Compensate)
	}
	exec := ranUntilStopped(t, plan(list().Step("a", word).Compensate(word), noWord), "compensated a")
	require.Equal(t, chain.Compensating, exec.Status())
	out, err := runner.NewSync(must(plan(list().Step("a", word), word))).Resume(context.Background(), exec)
	require.Error(t, err)
	require.Equal(t, chain.Stuck, out.Status)
	require.Equal(t, []string{"c", "a"}, out.Context.Compensated())

	out, err = runner.NewSync(must(plan(list().Step("a", word), word))).Resume(context.Background(), through(t, out.Context))
	require.Error(t, err)
	require.Equal(t, chain.Compensated, out.Status)
	require.Equal(t, []string{"c", "a", "b"}, out.Context.Compensated())
	require.Equal(t, "a b c d -c -b -a -b", strings.Join(out.Context.Data, " "))
}

func TestResumeFinished(t *testing.T) {
	for want, b := range map[chain.Status]steps{
		chain.Succeeded:   list().Step("a", word).Builder,
		chain.Partial:     list().Step("a", noWord).OnFailure(policy.Continue),
		chain.Compensated: list().Step("a", word).Compensate(word).Step("b", noWord).OnFailure(policy.Compensate),
	} {
		exec := ranUntilStopped(t, b, "plan_ended ")
		out, err := runner.NewSync(must(b)).Resume(context.Background(), exec)
		require.ErrorIs(t, err, chain.ErrFinished)
		require.EqualError(t, err, "chain: execution "+exec.ID+" has "+want.String()+": the execution is finished")
		require.Equal(t, want, out.Status)
	}
}

func TestResumeARunningOne(t *testing.T) {
	plan := must(list().Step("a", chain.Do(func(ctx context.Context, exec *chain.ExecutionContext[[]string]) error {
		_, err := runner.NewSync(must(list().Step("b", word).Builder)).Resume(ctx, exec)
		return err
	})).Builder)
	out, err := runner.NewSync(plan).Run(context.Background(), nil)
	require.ErrorContains(t, err, "chain: execution "+out.Context.ID+" is already running")
}

// stops is a step that says its path and ends the run's context.
func stops(cancel context.CancelCauseFunc, err error) builder.StepFunc[[]string] {
	return func(ctx context.Context, words *[]string) error {
		_ = word(ctx, words)
		cancel(errStopped)
		return err
	}
}

var errStopped = errors.New("stopped")

// What a cancelled execution goes on with, by strategy: the steps that failed by
// the cancellation run again, unless the plan undoes because of it.
func TestResumeAfterACancellation(t *testing.T) {
	type plan func(stop builder.StepFunc[[]string]) steps
	for name, test := range map[string]struct {
		plan    plan
		err     error // of the step that stops
		first   chain.Status
		said    string
		then    chain.Status
		resumed string
	}{
		"abort": {
			func(stop builder.StepFunc[[]string]) steps {
				return list().Step("a", word).Step("b", stop).Step("c", word).Builder
			}, nil, chain.Aborted, "a b", chain.Succeeded, "c",
		},
		"abort, the step gives up": {
			func(stop builder.StepFunc[[]string]) steps {
				return list().Step("a", word).Step("b", stop).Step("c", word).Builder
			}, context.Canceled, chain.Aborted, "a b", chain.Succeeded, "b c",
		},
		"continue does not go on past it": {
			func(stop builder.StepFunc[[]string]) steps {
				return list().Step("a", noWord).Step("b", stop).Step("c", word).OnFailure(policy.Continue)
			}, context.Canceled, chain.Aborted, "a b", chain.Partial, "b c",
		},
		"compensate": {
			func(stop builder.StepFunc[[]string]) steps {
				return list().Step("a", word).Compensate(word).Step("b", stop).Compensate(word).Step("c", word).OnFailure(policy.Compensate)
			}, nil, chain.Compensated, "a b -b -a", 0, "",
		},
		"compensate inside abort runs again": {
			func(stop builder.StepFunc[[]string]) steps {
				return list().Step("a", word).Compensate(word).
					Process("p", list().Step("x", word).Compensate(word).Step("plain", word).Step("y", stop).OnFailure(policy.Compensate)).
					Step("b", word).Builder
			}, context.Canceled, chain.Aborted, "a p/x p/plain p/y -p/x", chain.Succeeded, "p/x p/y b",
		},
		"compensate inside continue runs again": {
			func(stop builder.StepFunc[[]string]) steps {
				return list().
					Process("p", list().Step("x", word).Compensate(word).Step("y", stop).OnFailure(policy.Compensate)).
					Step("b", word).OnFailure(policy.Continue)
			}, context.Canceled, chain.Aborted, "p/x p/y -p/x", chain.Succeeded, "p/x p/y b",
		},
		"continue inside abort keeps what it went on past": {
			func(stop builder.StepFunc[[]string]) steps {
				return list().
					Process("p", list().Step("x", noWord).Step("y", stop).Step("z", word).OnFailure(policy.Continue)).
					Step("b", word).Builder
			}, context.Canceled, chain.Aborted, "p/x p/y", chain.Partial, "p/y p/z b",
		},
		"a process undone as one inside what runs again": {
			func(stop builder.StepFunc[[]string]) steps {
				return list().
					Process("p", list().
						Process("q", list().Step("x", word).Step("y", word)).Compensate(word).
						Step("z", stop).OnFailure(policy.Compensate)).Builder
			}, context.Canceled, chain.Aborted, "p/q/x p/q/y p/z -p/q", chain.Succeeded, "p/q/x p/q/y p/z",
		},
		"branches": {
			func(stop builder.StepFunc[[]string]) steps {
				return list().
					Parallel("p", list().Step("x", word).Process("y", list().Step("1", word).Step("2", stop)).Step("z", word)).
					Step("b", word).Builder
			}, context.Canceled, chain.Aborted, "p/x p/y/1 p/y/2", chain.Succeeded, "p/y/2 p/z b",
		},
		"stuck tries the failed undo again, and then is aborted": {
			func(stop builder.StepFunc[[]string]) steps {
				tries := 0
				return list().
					Process("p", list().
						Step("x", word).Compensate(func(ctx context.Context, words *[]string) error {
						if tries++; tries == 1 {
							return noWord(ctx, words)
						}
						return word(ctx, words)
					}).
						Step("y", word).Compensate(word).
						Step("z", stop).OnFailure(policy.Compensate)).
					Step("b", word).Builder
			}, context.Canceled, chain.Stuck, "p/x p/y p/z -p/y -p/x", chain.Aborted, "-p/x",
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(context.Background())
			resumed := false
			plan := must(test.plan(func(ctx context.Context, words *[]string) error {
				if resumed {
					return word(ctx, words)
				}
				return stops(cancel, test.err)(ctx, words)
			}))
			out, err := runner.NewSync(plan).Run(ctx, nil)
			require.ErrorIs(t, err, errStopped)
			require.Equal(t, test.first, out.Status)
			require.Equal(t, test.said, strings.Join(out.Context.Data, " "))

			exec := through(t, out.Context)
			require.Equal(t, out.Context.Completed(), exec.Completed())
			require.Equal(t, out.Context.Compensated(), exec.Compensated())
			require.Equal(t, out.Context.Trace().String(), exec.Trace().String())
			before := len(exec.Data)
			resumed = true
			out, err = runner.NewSync(plan).Resume(context.Background(), exec)
			if test.then == 0 {
				require.ErrorIs(t, err, chain.ErrFinished)
				return
			}
			require.Equal(t, test.then, out.Status, err)
			require.Equal(t, test.resumed, strings.Join(out.Context.Data[before:], " "))
		})
	}
}

func TestResumeStuckThenAbortedThenToItsEnd(t *testing.T) {
	fix := 0
	plan := must(list().
		Process("p", list().
			Step("x", word).Compensate(func(ctx context.Context, words *[]string) error {
			if fix == 0 {
				return noWord(ctx, words)
			}
			return word(ctx, words)
		}).
			Step("y", func(ctx context.Context, words *[]string) error {
				if fix < 2 {
					return noWord(ctx, words)
				}
				return word(ctx, words)
			}).OnFailure(policy.Compensate)).
		Step("b", word).Builder)
	out, _ := runner.NewSync(plan).Run(context.Background(), nil)
	require.Equal(t, chain.Stuck, out.Status)
	for want := range strings.SplitSeq("aborted succeeded", " ") {
		fix++
		out, _ = runner.NewSync(plan).Resume(context.Background(), through(t, out.Context))
		require.Equal(t, want, out.Status.String())
	}
	require.Equal(t, "p/x p/y -p/x -p/x p/x p/y b", strings.Join(out.Context.Data, " "))
	require.Empty(t, out.Context.Compensated())
	require.Equal(t, []string{"p/x", "p/y", "b"}, out.Context.Completed())
}

// Whatever a stored document says, so long as it is valid: resuming it comes to
// an end, and nothing panics but the user's own functions.
func TestResumeOfAnyValidSnapshot(t *testing.T) {
	plan := must(list().
		Step("a", word).Compensate(word).
		Process("p", list().
			Step("x", word).Compensate(word).
			Process("q", list().Step("y", noWord).Step("z", word).Compensate(noWord).CompensateOnFailure()).Compensate(word).
			OnFailure(policy.Compensate)).
		Parallel("r", list().Step("x", word).Process("y", list().Step("z", noWord)).OnFailure(policy.Continue)).
		Step("b", word).When(func(_ context.Context, words *[]string) bool { return len(*words)%2 == 0 }).
		OnFailure(policy.Compensate))

	random := rand.New(rand.NewPCG(1, 2))
	one := func(values ...chain.Kind) chain.Kind { return values[random.IntN(len(values))] }
	resumed := 0
	for range 5000 {
		s := chain.Snapshot[[]string]{
			Version: 1, ID: "o", Status: chain.Status(1 + random.IntN(7)), Fingerprint: plan.Fingerprint(),
		}
		var all []builder.Step
		for step := range plan.Steps() {
			all = append(all, step)
		}
		random.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
		if random.IntN(4) == 0 {
			s.Fingerprint = "another"
		}
		for i, step := range all[:random.IntN(len(all)+1)] {
			state := chain.StepState{
				Path: step.Path, Kind: step.Kind.String(), Compensation: step.HasCompensation,
				State: one(chain.KindSucceeded, chain.KindSucceeded, chain.KindSkipped, chain.KindFailed), Attempts: 1,
			}
			if state.State == chain.KindFailed {
				state.Error, state.Ending = &chain.StoredError{Text: "no"}, chain.Ending(random.IntN(3))
			}
			if state.Compensation && state.State != chain.KindSkipped && random.IntN(2) == 0 {
				state.Undo, state.UndoOrder = one(chain.KindCompensated, chain.KindCompensationFailed), i+1
				if state.Undo == chain.KindCompensationFailed {
					state.UndoError = &chain.StoredError{Text: "no"}
				}
			}
			s.Steps = append(s.Steps, state)
		}
		exec, err := chain.Restore(s)
		require.NoError(t, err)
		out, err := runner.NewSync(plan).Resume(context.Background(), exec)
		if errors.Is(err, chain.ErrFinished) || errors.Is(err, chain.ErrPlanChanged) {
			require.Equal(t, s.Status, exec.Status())
			continue
		}
		resumed++
		require.True(t, out.Status.Ended())
		_, _, _ = exec.Marks(), exec.Progress(), exec.Trace().String()
		_, err = codec.Marshal(exec)
		require.NoError(t, err)
	}
	require.Greater(t, resumed, 1000)
}

// A branch that ended because of its sibling is for the sibling's failure to
// decide about: it runs again if that does, and stands if that stands. Of such a
// moment only an asynchronous execution can be written down.
func TestResumeOfABranchThatEndedBecauseOfItsSibling(t *testing.T) {
	parallel := func(failure policy.Failure) buildable {
		return list().
			Parallel("p", list().
				Process("handled", list().Step("x", noWord).OnFailure(policy.Continue)).
				Step("failed", word).
				Step("ended", word).Compensate(word).CompensateOnFailure().
				OnFailure(failure)).
			OnFailure(policy.Continue)
	}
	step := func(path string, ending chain.Ending) chain.StepState {
		return chain.StepState{
			Path: path, Kind: "step", State: chain.KindFailed, Attempts: 1, Ending: ending, Error: &chain.StoredError{Text: "no"},
			Compensation: path == "p/ended",
		}
	}
	handled := []chain.StepState{step("p/handled/x", chain.ByItself), {Path: "p/handled", Kind: "process", State: chain.KindSucceeded}}
	for name, test := range map[string]struct {
		plan  buildable
		steps []chain.StepState
		want  string
		end   chain.Status
	}{
		"the failure stands": {
			parallel(policy.Compensate), append(handled, step("p/failed", chain.ByItself), step("p/ended", chain.BySibling)), "-p/ended", chain.Partial,
		},
		"the failure stands, nothing is undone": {
			parallel(policy.Abort), append(handled, step("p/failed", chain.ByItself), step("p/ended", chain.BySibling)), "", chain.Partial,
		},
		"the failure was the context's": {
			parallel(policy.Compensate), append(handled, step("p/failed", chain.ByContext), step("p/ended", chain.BySibling)), "p/failed p/ended", chain.Partial,
		},
		"the failure that stands was handled": {
			parallel(policy.Compensate), append(handled, step("p/ended", chain.BySibling)), "p/failed p/ended", chain.Partial,
		},
		"nobody failed that we know": {
			parallel(policy.Compensate), []chain.StepState{step("p/ended", chain.BySibling)}, "p/handled/x p/failed p/ended", chain.Partial,
		},
	} {
		t.Run(name, func(t *testing.T) {
			plan := must(test.plan)
			exec, err := chain.Restore(chain.Snapshot[[]string]{
				Version: 1, ID: "o", Status: chain.Running, Fingerprint: plan.Fingerprint(), Steps: test.steps,
			})
			require.NoError(t, err)
			out, err := runner.NewSync(plan).Resume(context.Background(), exec)
			require.Error(t, err)
			require.Equal(t, test.want, strings.Join(out.Context.Data, " "))
			require.Equal(t, test.end, out.Status)
		})
	}
}

// The deadline of a Process is its own failure, to those around it.
func TestResumeAfterADeadlineThatWasGoneOnPast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(context.Background())
		late := func(ctx context.Context, words *[]string) error {
			_ = word(ctx, words)
			<-ctx.Done()
			return ctx.Err()
		}
		plan := must(list().
			Process("p", list().Step("x", late).Step("y", word).Within(time.Second)).
			Step("b", stops(cancel, nil)).
			Step("c", word).
			OnFailure(policy.Continue))
		out, err := runner.NewSync(plan).Run(ctx, nil)
		require.ErrorIs(t, err, errStopped)
		require.ErrorIs(t, err, chain.ErrTimeout)
		require.Equal(t, chain.Aborted, out.Status)

		out, err = runner.NewSync(plan).Resume(context.Background(), through(t, out.Context))
		require.ErrorIs(t, err, chain.ErrTimeout)
		require.Equal(t, chain.Partial, out.Status)
		require.Equal(t, "p/x b c", strings.Join(out.Context.Data, " "))
		require.Len(t, out.Failures, 1)
		require.Equal(t, "p/x", out.Failures[0].Path, "and is known by the step that it stopped")
		require.Equal(t, builder.Failed, out.Context.Marks()["p/x"].State)
	})
}

// A resumed stuck one is on the way to undoing from its first event on: another
// crash must not send it forward.
func TestResumeStuckCrashResume(t *testing.T) {
	healed := false
	plan := must(list().
		Process("p", list().
			Step("x", word).Compensate(word).
			Step("y", word).Compensate(func(ctx context.Context, words *[]string) error {
			if !healed {
				return noWord(ctx, words)
			}
			return word(ctx, words)
		}).
			Step("z", noWord).OnFailure(policy.Compensate)))
	out, err := runner.NewSync(plan).Run(context.Background(), nil)
	require.Error(t, err)
	require.Equal(t, chain.Stuck, out.Status)

	healed = true
	var saved []byte
	stuck := through(t, out.Context)
	_, err = runner.NewSync(plan, runner.WithObserver(func(ctx context.Context, e chain.Event) {
		if saved == nil {
			exec, _ := chain.FromContext[[]string](ctx)
			saved, _ = codec.Marshal(exec)
		}
	})).Resume(context.Background(), stuck)
	require.Error(t, err)

	exec, err := codec.Unmarshal[[]string](saved)
	require.NoError(t, err)
	require.Equal(t, chain.Compensating, exec.Status())
	before := len(exec.Data)
	out, err = runner.NewSync(plan).Resume(context.Background(), exec)
	require.Error(t, err)
	require.Equal(t, chain.Aborted, out.Status)
	require.Equal(t, "-p/y", strings.Join(out.Context.Data[before:], " "))
	require.Equal(t, []string{"p/x", "p/y"}, out.Context.Compensated())
}
