package runnertest

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

// resume goes on with what became of a run.
func (k *kit) resume(b builder.Builder[State], exec *chain.ExecutionContext[State], opts ...runner.Option) result {
	out, err := k.newRunner(b.MustBuild(), opts...).Resume(background(), exec)
	return k.sound(result{out, err})
}

// interrupted runs the plan, and returns the execution as a process leaves it
// that dies at the first such event.
func (k *kit) interrupted(ctx context.Context, b builder.Builder[State], kind chain.Kind, path string) *chain.ExecutionContext[State] {
	var doc []byte
	k.runIn(ctx, b, runner.WithObserver(func(ctx context.Context, e chain.Event) {
		if exec, ok := chain.FromContext[State](ctx); ok && doc == nil && e.Kind == kind && e.Path == path {
			doc, _ = json.Marshal(exec)
		}
	}))
	exec := &chain.ExecutionContext[State]{}
	k.NoError(json.Unmarshal(doc, exec), "the execution, read back as it was at %v of %s", kind, path)
	return exec
}

var resumeCases = []ruleCase{{
	rule: 11,
	name: "ResumeIsRefused",
	why:  "what a runner can't do it says, and does not do half",
	not:  Resumes,
	run: func(k *kit) {
		b := steps().Step("a", does("a")).Step("b", fails("b", errBoom)).Builder
		r := k.run(b)
		events := len(r.Context.Trace())
		_, err := k.newRunner(b.MustBuild()).Resume(background(), r.Context)
		k.Error(err)
		k.Equal([]string{"a", "b"}, r.done())
		k.Len(r.Context.Trace(), events)
	},
}, {
	rule:  11,
	name:  "ItRunsWhatIsNotCompleted",
	why:   "what has happened must not happen twice, and a namesake is another step",
	needs: Resumes,
	run: func(k *kit) {
		b := steps().
			Step("a", does("a")).
			Process("p", steps().
				Step("a", does("p/a")).
				Step("b", failsFirst(2, "p/b", errBoom)).Retry(policy.Fixed(2, 0)).
				Step("c", does("p/c"))).
			Step("b", does("b")).Builder
		r := k.run(b)
		k.Equal([]string{"a", "p/a", "p/b", "p/b"}, r.done())
		k.status(chain.Aborted, r.Status)
		r = k.resume(b, r.Context)
		k.Equal([]string{"a", "p/a", "p/b", "p/b", "p/b", "p/c", "b"}, r.done(), "with retries fresh")
		k.status(chain.Succeeded, r.Status)
		k.Empty(r.Failures, "what has succeeded since is no failure")
		k.Equal([]string{"a", "p/a", "p/b", "p/c", "b"}, r.Context.Completed())
	},
}, {
	rule:  11,
	name:  "TheIdempotencyKeyStays",
	why:   "a service that knows the key does not do the work a second time",
	needs: Resumes,
	run: func(k *kit) {
		key := func(lane string, do step) step {
			return func(ctx context.Context, s *State) error {
				info, _ := chain.StepFrom(ctx)
				s.note(lane, info.IdempotencyKey())
				return do(ctx, s)
			}
		}
		b := steps().
			Step("a", key("x", failsFirst(3, "a", errBoom))).Retry(policy.Fixed(2, 0)).Compensate(key("y", does("undo a"))).
			Process("p", steps().Step("a", key("z", does("p/a")))).
			Step("b", failsFirst(1, "b", errBoom)).Builder
		r := k.run(b)
		r = k.resume(b, r.Context)
		r = k.resume(b.OnFailure(policy.Compensate), r.Context)
		lanes := r.Context.Data
		k.Len(lanes.notes("x"), 4)
		k.Len(slices.Compact(lanes.notes("x")), 1, "one key for all attempts at a step")
		k.NotEmpty(lanes.notes("x")[0])
		k.NotEqual(lanes.notes("x")[0], lanes.notes("z")[0], "and another for its namesake")
	},
}, {
	rule:  11,
	name:  "APendingExecutionBegins",
	why:   "an execution with an ID of the user's is begun by Resume",
	needs: Resumes,
	run: func(k *kit) {
		exec := chain.NewExecutionContext(caseState(), chain.WithID("order-7"))
		r := k.resume(steps().Step("a", func(ctx context.Context, s *State) error {
			info, _ := chain.StepFrom(ctx)
			s.note("", info.ExecutionID)
			return nil
		}).Builder, exec)
		k.Equal([]string{"order-7"}, r.done())
		k.status(chain.Succeeded, r.Status)
	},
}, {
	rule:  11,
	name:  "AFinishedOneIsRefused",
	why:   "a second delivery of the same message must not run the plan again",
	needs: Resumes,
	run: func(k *kit) {
		for _, b := range []builder.Builder[State]{
			steps().Step("a", does("a")).Builder,
			steps().Step("a", fails("a", errBoom)).OnFailure(policy.Continue),
			steps().Step("a", fails("a", errBoom)).OnFailure(policy.Compensate),
		} {
			r := k.run(b)
			events := len(r.Context.Trace())
			_, err := k.newRunner(b.MustBuild()).Resume(background(), r.Context)
			k.is(err, chain.ErrFinished)
			k.Equal([]string{"a"}, r.done(), r.Status)
			k.Len(r.Context.Trace(), events, r.Status)
		}
	},
}, {
	rule:  11,
	name:  "AStuckOneTriesItsUndosAgain",
	why:   "after a person has looked, the rest is undone, and nothing else",
	needs: Resumes,
	run: func(k *kit) {
		b := steps().
			Step("a", does("a")).Compensate(does("undo a")).
			Process("p", steps().
				Step("b", does("b")).Compensate(failsFirst(1, "undo b", errBust)).
				Step("c", fails("c", errBoom)).
				OnFailure(policy.Compensate)).
			OnFailure(policy.Compensate)
		r := k.run(b)
		k.status(chain.Stuck, r.Status)
		r = k.resume(b, r.Context)
		k.Equal([]string{"a", "b", "c", "undo b", "undo a", "undo b"}, r.done())
		k.status(chain.Compensated, r.Status)
		k.Equal([]string{"p/c"}, paths(r.Failures), "why it was undone is not forgotten")
	},
}, {
	rule:  11,
	name:  "AnInterruptedCompensationGoesOn",
	why:   "a process that dies while it undoes must not leave the other half standing, nor go forward again",
	needs: Resumes,
	not:   Remote,
	run: func(k *kit) {
		b := steps().
			Step("a", does("a")).Compensate(does("undo a")).
			Step("b", does("b")).Compensate(does("undo b")).
			Step("c", fails("c", errBoom)).
			OnFailure(policy.Compensate)
		exec := k.interrupted(background(), b, chain.KindCompensated, "b")
		k.status(chain.Compensating, exec.Status())
		r := k.resume(b, exec)
		k.Equal([]string{"a", "b", "c", "undo b", "undo a"}, r.done())
		k.status(chain.Compensated, r.Status)
		k.Equal([]string{"b", "a"}, r.Context.Compensated())
		k.ErrorContains(r.err, "boom")
	},
}, {
	rule:  11,
	name:  "AProcessThatWasUndoingItselfGoesOn",
	why:   "half of a Process undone and the other half tried again is neither",
	needs: Resumes,
	not:   Remote,
	run: func(k *kit) {
		b := steps().Process("p", steps().
			Step("a", does("a")).Compensate(does("undo a")).
			Step("b", does("b")).Compensate(does("undo b")).
			Step("c", failsFirst(1, "c", errBoom)).
			OnFailure(policy.Compensate)).Builder
		exec := k.interrupted(background(), b, chain.KindCompensated, "p/b")
		r := k.resume(b, exec)
		k.Equal([]string{"a", "b", "c", "undo b", "undo a"}, r.done())
		k.status(chain.Aborted, r.Status)
	},
}, {
	rule:  11,
	name:  "ACancellationIsOneAfterACrashAsWell",
	why:   "the plan must not go on past it because it is read from a record",
	needs: Resumes,
	not:   Remote,
	run: func(k *kit) {
		ctx, cancel := context.WithCancelCause(background())
		b := steps().
			Step("a", does("a")).Compensate(does("undo a")).
			Process("p", steps().
				Step("b", thenCancels(cancel, fails("b", errBoom))).
				Step("c", does("c")).
				OnFailure(policy.Continue)).
			OnFailure(policy.Compensate)
		exec := k.interrupted(ctx, b, chain.KindCompensating, "a")
		r := k.resume(b, exec)
		k.Equal([]string{"a", "b", "undo a"}, r.done())
		k.status(chain.Compensated, r.Status)
	},
}, {
	rule:  11,
	name:  "ABranchDoesNotBeginBesideOneThatHasFailed",
	why:   "what one branch's failure had ended before the crash must not run on after it",
	needs: Resumes | Together,
	not:   Remote,
	run: func(k *kit) {
		atWork := make(signal)
		b := func(x step) builder.Builder[State] {
			return steps().
				Step("a", does("a")).Compensate(does("undo a")).
				Parallel("par", steps().
					Step("x", x).
					Step("y", atWork.before(fails("y:y", errBoom)))).
				OnFailure(policy.Compensate)
		}
		exec := k.interrupted(background(), b(func(ctx context.Context, s *State) error {
			put(s, "x:x")
			close(atWork)
			return ended(ctx)
		}), chain.KindFailed, "par/y")
		r := k.resume(b(does("x:again")), exec)
		k.Equal([]string{"x"}, exec.Data.notes("x"))
		k.Equal([]string{"a", "undo a"}, r.done())
		k.Equal([]string{"par/y"}, paths(r.Failures))
	},
}, {
	rule:  11,
	name:  "WhatAProcessUndidRunsAgain",
	why:   "what was undone is not completed, and a plan must not succeed without it",
	needs: Resumes,
	run: func(k *kit) {
		inside := steps().Step("a", does("a")).Compensate(does("undo a"))
		for name, tt := range map[string]struct {
			first builder.Builder[State]
			done  []string
		}{
			"a step":           {inside.Builder, []string{"a", "b", "undo a", "a", "b", "c"}},
			"a Process as one": {steps().Process("q", inside).Compensate(does("undo q")).Builder, []string{"a", "b", "undo q", "a", "b", "c"}},
		} {
			b := steps().
				Process("p", tt.first.Step("b", failsFirst(1, "b", errBoom)).OnFailure(policy.Compensate)).
				Step("c", does("c")).Builder
			r := k.run(b)
			k.status(chain.Aborted, r.Status, name)
			r = k.resume(b, r.Context)
			k.Equal(tt.done, r.done(), name)
			k.status(chain.Succeeded, r.Status, name)
		}
	},
}, {
	rule:  11,
	name:  "AChangedPlanIsRefused",
	why:   "a plan whose recorded steps are others now would undo or repeat the wrong thing",
	needs: Resumes,
	run: func(k *kit) {
		broken := fails("c", errBoom)
		before := steps().Step("a", does("a")).Step("b", does("b")).Compensate(does("undo b")).Step("c", broken).Builder
		for name, tt := range map[string]struct {
			after builder.Builder[State]
			step  string // that differs
		}{
			"renamed":           {steps().Step("A", does("a")).Step("b", does("b")).Compensate(does("undo b")).Step("c", broken).Builder, `"a"`},
			"removed":           {steps().Step("b", does("b")).Compensate(does("undo b")).Step("c", broken).Builder, `"a"`},
			"inserted":          {steps().Step("a", does("a")).Step("new", does("new")).Step("b", does("b")).Compensate(does("undo b")).Step("c", broken).Builder, `"new"`},
			"swapped":           {steps().Step("b", does("b")).Compensate(does("undo b")).Step("a", does("a")).Step("c", broken).Builder, `"b"`},
			"compensation gone": {steps().Step("a", does("a")).Step("b", does("b")).Step("c", broken).Builder, `"b"`},
			"another kind":      {steps().Process("a", steps().Step("x", does("x"))).Step("b", does("b")).Compensate(does("undo b")).Builder, `"a"`},
		} {
			r := k.run(before)
			events := len(r.Context.Trace())
			_, err := k.newRunner(tt.after.MustBuild()).Resume(background(), r.Context)
			k.is(err, chain.ErrPlanChanged)
			k.ErrorContains(err, "step "+tt.step, name)
			k.status(chain.Aborted, r.Context.Status(), name)
			k.Len(r.Context.Trace(), events, name)
			k.Equal([]string{"a", "b", "c"}, r.done(), name)
		}
	},
}, {
	rule:  11,
	name:  "StepsAddedBehindFit",
	why:   "plans grow while executions are in flight",
	needs: Resumes,
	run: func(k *kit) {
		b := steps().Step("a", does("a")).Step("b", failsFirst(1, "b", errBoom)).Builder
		r := k.run(b)
		r = k.resume(b.Step("c", does("c")).Builder, r.Context)
		k.Equal([]string{"a", "b", "b", "c"}, r.done())
	},
}}
