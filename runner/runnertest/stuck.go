package runnertest

import (
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
)

var stuckCases = []ruleCase{{
	rule: 8,
	name: "TheOthersStillRun",
	why:  "one failed undo must not leave everything else standing, nor hide the first error",
	run: func(k *kit) {
		r := k.run(steps().
			Step("a", does("a")).Compensate(does("undo a")).
			Step("b", does("b")).Compensate(fails("undo b", errBust)).
			Step("c", does("c")).Compensate(panicking("undo c")).
			Step("d", does("d")).Compensate(does("undo d")).
			Step("e", fails("e", errBoom)).
			OnFailure(policy.Compensate))
		k.Equal([]string{"a", "b", "c", "d", "e", "undo d", "undo c", "undo b", "undo a"}, r.done())
		k.status(chain.Stuck, r.Status)
		k.ElementsMatch([]string{"b", "c"}, paths(r.CompensationFailures))
		for _, failure := range r.CompensationFailures {
			k.Equal(chain.Compensation, failure.Phase)
		}
		k.Equal([]string{"e"}, paths(r.Failures))
		k.Equal([]string{"d", "a"}, r.Context.Compensated())
		k.Equal([]string{"b", "c"}, r.Context.Completed(), "what could not be undone still stands")
		k.is(r.err, errBoom)
		k.is(r.err, errBust)
	},
}, {
	rule: 8,
	name: "ACompensationHasItsOwnRetries",
	why:  "an undo deserves more patience than the step",
	run: func(k *kit) {
		r := k.run(steps().
			Step("a", does("a")).Compensate(failsFirst(2, "undo a", errBust)).RetryCompensation(policy.Fixed(3, 0)).
			Step("b", does("b")).Compensate(fails("undo b", errBust)).RetryCompensation(policy.Fixed(2, 0)).Retry(policy.Fixed(5, 0)).
			Step("c", fails("c", errBoom)).
			OnFailure(policy.Compensate))
		k.Equal([]string{"a", "b", "c", "undo b", "undo b", "undo a", "undo a", "undo a"}, r.done())
		k.Equal([]string{"b"}, paths(r.CompensationFailures))
		k.Equal(2, r.CompensationFailures[0].Attempts)
	},
}, {
	rule: 8,
	name: "ACompensationHasItsOwnTimeout",
	why:  "an undo that hangs is a failed one",
	run: func(k *kit) {
		r := k.run(steps().
			Step("a", does("a")).Compensate(waits("undo a")).CompensationTimeout(k.unit).RetryCompensation(policy.Fixed(2, 0)).
			Step("b", fails("b", errBoom)).
			OnFailure(policy.Compensate))
		k.Equal([]string{"a", "b", "undo a", "undo a"}, r.done())
		k.status(chain.Stuck, r.Status)
		k.is(r.err, chain.ErrTimeout)
	},
}}
