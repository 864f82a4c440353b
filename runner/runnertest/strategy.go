package runnertest

import (
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
)

var strategyCases = []ruleCase{{
	rule: 5,
	name: "Abort",
	why:  "nothing is undone that the user did not ask to be undone",
	run: func(k *kit) {
		r := k.run(steps().
			Step("a", does("a")).Compensate(does("undo a")).
			Step("b", fails("b", errBoom)).
			Step("c", does("c")).Builder)
		k.Equal([]string{"a", "b"}, r.done())
		k.status(chain.Aborted, r.Status)
		k.Equal([]string{"a"}, r.Context.Completed())
		k.is(r.err, errBoom)
	},
}, {
	rule: 5,
	name: "Continue",
	why:  "one bad row does not keep the others from being imported, and is not forgotten",
	run: func(k *kit) {
		r := k.run(steps().
			Step("a", fails("a", errBoom)).
			Process("p", steps().Step("b", fails("b", errBust)).Step("c", does("c"))).
			Step("d", does("d")).
			OnFailure(policy.Continue))
		k.Equal([]string{"a", "b", "d"}, r.done(), "a failed Process's own remaining steps do not run")
		k.status(chain.Partial, r.Status)
		k.Equal([]string{"a", "p/b"}, paths(r.Failures))
		k.Equal([]string{"d"}, r.Context.Completed())
		k.is(r.err, errBoom)
		k.is(r.err, errBust)
	},
}, {
	rule: 5,
	name: "CompensateUndoesNewestFirst",
	why:  "a step's compensation finds the world as the step left it",
	run: func(k *kit) {
		r := k.run(steps().
			Step("a", does("a")).Compensate(does("undo a")).
			Step("b", does("b")).
			Process("p", steps().
				Step("c", does("c")).Compensate(does("undo c")).
				Process("q", steps().
					Step("d", does("d")).Compensate(does("undo d")).
					Step("e", does("e")).Compensate(does("undo e")).When(never).
					Step("f", fails("f", errBoom)).Compensate(does("undo f")))).
			OnFailure(policy.Compensate))
		k.Equal([]string{"a", "b", "c", "d", "f", "undo d", "undo c", "undo a"}, r.done(),
			"neither the step that failed is undone, nor the one that was skipped")
		k.status(chain.Compensated, r.Status)
		k.Equal([]string{"p/q/d", "p/c", "a"}, r.Context.Compensated())
		k.Equal([]string{"b"}, r.Context.Completed(), "what is undone is not completed")
		k.Equal([]string{"p/q/f"}, paths(r.Failures))
	},
}, {
	rule: 5,
	name: "CompensateOnFailureUndoesTheFailedStep",
	why:  "the reply may have been lost after the effect had happened",
	run: func(k *kit) {
		r := k.run(steps().
			Step("a", does("a")).Compensate(does("undo a")).
			Step("b", fails("b", errBoom)).Compensate(does("undo b")).CompensateOnFailure().
			Step("c", does("c")).Compensate(does("undo c")).CompensateOnFailure().
			OnFailure(policy.Compensate))
		k.Equal([]string{"a", "b", "undo b", "undo a"}, r.done(), "a step that never began is not undone")
		k.Equal([]string{"b", "a"}, r.Context.Compensated())
	},
}, {
	rule: 5,
	name: "NothingIsUndoneWithoutAFailure",
	why:  "a saga that has succeeded stays",
	run: func(k *kit) {
		r := k.run(steps().
			Step("a", does("a")).Compensate(does("undo a")).
			Step("b", failsFirst(1, "b", errBoom)).Retry(policy.Fixed(2, 0)).Compensate(does("undo b")).CompensateOnFailure().
			OnFailure(policy.Compensate))
		k.Equal([]string{"a", "b", "b"}, r.done())
		k.status(chain.Succeeded, r.Status)
	},
}}
