package runnertest

import (
	"context"
	"errors"
	"time"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
)

var cancelCases = []ruleCase{{
	rule: 7,
	name: "ACancellationIsAFailure",
	why:  "a user who goes away leaves no half-done saga behind, and gets no further attempts",
	run: func(k *kit) {
		for strategy, want := range map[policy.Failure][]string{
			policy.Abort:      {"a", "b"},
			policy.Continue:   {"a", "b"},
			policy.Compensate: {"a", "b", "undo a"},
		} {
			ctx, cancel := context.WithCancelCause(background())
			r := k.runIn(ctx, steps().
				Step("a", does("a")).Compensate(does("undo a")).
				Step("b", thenCancels(cancel, fails("b", errBoom))).Retry(policy.Fixed(3, 0)).
				Step("c", does("c")).
				OnFailure(strategy))
			k.Equal(want, r.done(), "never retried and never continued: %v", strategy)
			k.Equal([]string{"b"}, paths(r.Failures), strategy)
			k.is(r.err, errCancelled)
			k.is(r.err, errBoom)
			status := chain.Aborted
			if strategy == policy.Compensate {
				status = chain.Compensated
			}
			k.status(status, r.Status, strategy)
		}
	},
}, {
	rule: 7,
	name: "BetweenStepsItNamesTheNext",
	why:  "what returned nil has succeeded, and what did not begin has had no effect",
	run: func(k *kit) {
		ctx, cancel := context.WithCancelCause(background())
		r := k.runIn(ctx, steps().
			Step("a", thenCancels(cancel, does("a"))).
			Process("p", steps().Step("b", does("b")).Compensate(does("undo b")).CompensateOnFailure()).
			OnFailure(policy.Compensate))
		k.Equal([]string{"a"}, r.done())
		k.Equal([]string{"a"}, r.Context.Completed())
		k.Equal([]string{"p/b"}, paths(r.Failures))
		k.Zero(r.Failures[0].Attempts, "it did not begin")

		ctx, cancel = context.WithCancelCause(background())
		r = k.runIn(ctx, steps().Step("last", thenCancels(cancel, does("last"))).Builder)
		k.status(chain.Succeeded, r.Status, "everything was done")
	},
}, {
	rule: 7,
	name: "BeforeTheFirstStepNothingRuns",
	why:  "a request that has been given up costs nothing",
	run: func(k *kit) {
		ctx, cancel := context.WithCancelCause(background())
		cancel(errCancelled)
		out, err := k.newRunner(steps().Step("a", does("a")).When(func(_ context.Context, s *State) bool {
			s.note("", "asked")
			return true
		}).MustBuild()).Run(ctx, caseState())
		k.Error(err)
		if out.Context != nil { // a remote runner may not even have begun
			k.Empty(out.Context.Data.notes(""))
		}
	},
}, {
	rule: 7,
	name: "CompensationsAreNotReached",
	why:  "an undo that ends with the request that failed undoes nothing",
	run: func(k *kit) {
		type key struct{}
		ctx, cancel := context.WithCancelCause(context.WithValue(background(), key{}, "value"))
		r := k.runIn(ctx, steps().
			Step("a", does("a")).Compensate(func(ctx context.Context, s *State) error {
			s.note("", "undo a")
			info, ok := chain.StepFrom(ctx)
			_, limited := ctx.Deadline()
			switch {
			case ctx.Err() != nil:
				return errors.New("the context of the compensation has ended")
			case !ok || info.Phase != chain.Compensation:
				return errors.New("the compensation does not know itself from its context")
			case !is(k.has, info.Cause, errCancelled):
				return errors.New("the compensation does not know its cause")
			case k.has&Remote == 0 && ctx.Value(key{}) != "value":
				return errors.New("the compensation does not have the caller's values")
			case k.has&Remote == 0 && limited:
				return errors.New("the compensation has a deadline that nobody said")
			}
			return nil
		}).
			Step("b", thenCancels(cancel, fails("b", errBoom))).
			Within(time.Hour).
			OnFailure(policy.Compensate))
		k.Equal([]string{"a", "b", "undo a"}, r.done())
		k.Empty(r.CompensationFailures)
		k.status(chain.Compensated, r.Status)
	},
}, {
	rule: 7,
	name: "WithinIsADeadlineOfTheForwardRun",
	why:  "compensations take as long as they take",
	run: func(k *kit) {
		begin := time.Now()
		r := k.run(steps().
			Step("a", does("a")).Compensate(func(ctx context.Context, s *State) error {
			return errors.Join(sleeps(k.units(20), "undo a")(ctx, s), ctx.Err())
		}).
			Step("b", fails("b", errBoom)).Retry(policy.Fixed(1000, k.unit)).
			Step("c", does("c")).
			Within(k.units(9) + k.unit/2).
			OnFailure(policy.Compensate))
		k.is(r.err, chain.ErrTimeout)
		k.status(chain.Compensated, r.Status)
		k.Equal("undo a", r.done()[len(r.done())-1])
		if k.has&RealTime == 0 { // where else the deadline may come in the midst of an attempt
			k.is(r.err, errBoom)
			k.Equal(k.units(29)+k.unit/2, time.Since(begin))
		}
	},
}, {
	rule: 7,
	name: "WithinOfAProcessIsItsOwn",
	why:  "a part that takes too long is a failure that the rest may go on past; inside the part it is not",
	run: func(k *kit) {
		r := k.run(steps().
			Process("p", steps().
				Step("a", waits("a")).
				Step("b", does("b")).
				OnFailure(policy.Continue).
				Within(k.units(10))).
			Step("c", does("c")).
			OnFailure(policy.Continue))
		k.is(r.err, chain.ErrTimeout)
		k.Equal([]string{"a", "c"}, r.done())
		k.status(chain.Partial, r.Status)
	},
}}
