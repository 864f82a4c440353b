package runnertest

import (
	"context"
	"time"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
)

var parallelCases = []ruleCase{{
	rule:  10,
	name:  "BranchesRunTogether",
	why:   "two calls that need each other must not wait for each other's end",
	needs: Together,
	run: func(k *kit) {
		meet := make(chan string)
		r := k.run(steps().
			Parallel("par", steps().
				Step("x", func(_ context.Context, s *State) error {
					select {
					case meet <- "from x":
						put(s, "x:met")
					case <-time.After(patience):
					}
					return nil
				}).
				Step("y", func(_ context.Context, s *State) error {
					select {
					case text := <-meet:
						put(s, "y:"+text)
					case <-time.After(patience):
					}
					return nil
				})).Builder)
		k.status(chain.Succeeded, r.Status)
		k.Equal([]string{"met"}, r.Context.Data.notes("x"), "what each branch changed is there")
		k.Equal([]string{"from x"}, r.Context.Data.notes("y"))
	},
}, {
	rule: 10,
	name: "BranchesRunInOrder",
	why:  "where nothing runs together, the order is the plan's",
	not:  Together,
	run: func(k *kit) {
		r := k.run(steps().
			Parallel("par", steps().
				Step("x", does("x")).
				Process("y", steps().Step("y1", does("y1")).Step("y2", does("y2"))).
				Step("z", does("z"))).Builder)
		k.Equal([]string{"x", "y1", "y2", "z"}, r.done())
		k.Equal([]string{"par/x", "par/y/y1", "par/y/y2", "par/z"}, r.Context.Completed())
	},
}, {
	rule: 10,
	name: "BranchesAreUndoneNewestCompletionFirst",
	not:  RealTime,
	why:  "the order of the undoing is that of what happened, and not of the plan",
	run: func(k *kit) {
		r := k.run(steps().
			Parallel("par", steps().
				Step("x", sleeps(k.units(5), "x:x")).Compensate(does("undo x")).
				Step("y", sleeps(k.units(1), "y:y")).Compensate(does("undo y")).
				Process("z", steps().
					Step("z1", sleeps(k.units(3), "z:z1")).Compensate(does("undo z1")).
					Step("z2", sleeps(k.units(4), "z:z2")).Compensate(does("undo z2")))).
			Step("last", fails("last", errBoom)).
			OnFailure(policy.Compensate))
		want := []string{"last", "undo z2", "undo z1", "undo y", "undo x"}
		if k.has&Together != 0 {
			want = []string{"last", "undo z2", "undo x", "undo z1", "undo y"}
		}
		k.Equal(want, r.done())
		k.status(chain.Compensated, r.Status)
	},
}, {
	rule: 10,
	name: "TheFirstFailureCancelsTheSiblings",
	why:  "work that will be undone anyway is not waited for longer than it takes to stop it, and its end is no failure of its own",
	run: func(k *kit) {
		long := func(what string) step {
			return func(ctx context.Context, s *State) error {
				if err := ended(ctx); err != errNotEnded {
					return err
				}
				put(s, what)
				return nil
			}
		}
		completed := make(signal)
		r := k.run(steps().
			Step("a", does("a")).Compensate(does("undo a")).
			Parallel("par", steps().
				Step("x", completed.then(does("x:x"))).Compensate(does("undo x")).
				Step("y", completed.before(func(context.Context, *State) error { time.Sleep(k.units(2)); return errBoom })).
				Step("z", long("z:z")).Compensate(does("undo z")).Retry(policy.Fixed(9, 0)).
				Process("q", steps().Step("q1", long("y:q1")).Step("q2", does("y:q2")))).
			OnFailure(policy.Compensate))
		k.Equal([]string{"a", "undo x", "undo a"}, r.done())
		k.Empty(append(r.Context.Data.notes("y"), r.Context.Data.notes("z")...))
		k.Equal([]string{"par/y"}, paths(r.Failures), "a sibling that was cancelled has not failed")
		k.status(chain.Compensated, r.Status)
		k.is(r.err, errBoom)
	},
}, {
	rule:  10,
	name:  "AllBranchesAreWaitedFor",
	why:   "an undo must not run while a branch is still at work",
	needs: Together,
	run: func(k *kit) {
		atWork := make(signal)
		r := k.run(steps().
			Parallel("par", steps().
				Step("x", atWork.before(fails("x:x", errBoom))).
				Step("y", atWork.first(sleeps(k.units(5), "y:y"))).Compensate(func(_ context.Context, s *State) error {
				put(s, "undo after "+s.notes("y")[0])
				return nil
			})).
			OnFailure(policy.Compensate))
		k.Equal([]string{"undo after y"}, r.done(), "what a sibling had completed all the same is undone")
	},
}, {
	rule:  10,
	name:  "ASiblingsOwnFailureIsHeard",
	why:   "an error that is more than the cancellation must not be lost",
	needs: Together,
	run: func(k *kit) {
		atWork := make(signal)
		r := k.run(steps().
			Parallel("par", steps().
				Step("x", atWork.first(func(ctx context.Context, _ *State) error { _ = ended(ctx); return errBust })).
				Step("y", atWork.before(fails("y:y", errBoom)))).Builder)
		k.ElementsMatch([]string{"par/x", "par/y"}, paths(r.Failures))
		k.is(r.err, errBoom)
		k.is(r.err, errBust)
	},
}, {
	rule: 10,
	name: "UnderContinueTheSiblingsGoOn",
	why:  "one bad branch does not end the others where failures are gone on past",
	run: func(k *kit) {
		branches := steps().
			Step("x", fails("x:x", errBoom)).
			Step("y", func(ctx context.Context, s *State) error {
				time.Sleep(k.units(2))
				put(s, "y:y")
				return ctx.Err()
			})
		for name, b := range map[string]builder.Builder[State]{
			"of the Parallel":     steps().Parallel("par", branches.OnFailure(policy.Continue)).Step("after", does("after")).Builder,
			"around the Parallel": steps().Parallel("par", branches).Step("after", does("after")).OnFailure(policy.Continue),
		} {
			r := k.run(b)
			k.Equal([]string{"y"}, r.Context.Data.notes("y"), name)
			k.Equal([]string{"after"}, r.done(), name)
			k.status(chain.Partial, r.Status, name)
			k.Equal([]string{"par/x"}, paths(r.Failures), name)
		}
	},
}, {
	rule: 10,
	name: "ItsOwnCompensationStandsForItsBranches",
	why:  "as that of a Process does",
	run: func(k *kit) {
		r := k.run(steps().
			Parallel("par", steps().
				Step("x", does("x:x")).Compensate(does("undo x")).
				Step("y", does("y:y")).Compensate(does("undo y"))).
			Compensate(does("undo par")).
			Step("last", fails("last", errBoom)).
			OnFailure(policy.Compensate))
		k.Equal([]string{"last", "undo par"}, r.done())
	},
}, {
	rule:  10,
	name:  "BranchesThatSetTheSamePartFail",
	why:   "of two copies that differ neither may win silently",
	needs: Together | Remote,
	run: func(k *kit) {
		r := k.run(steps().Parallel("par", steps().Step("x", does("one")).Step("y", does("other"))).Builder)
		k.ErrorContains(r.err, "par")
		k.status(chain.Aborted, r.Status)
	},
}}
