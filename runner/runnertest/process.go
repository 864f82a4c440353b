package runnertest

import (
	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
)

var processCases = []ruleCase{{
	rule: 6,
	name: "TheErrorBubblesUpWithItsPath",
	why:  "people find the step that failed, however deep it is",
	run: func(k *kit) {
		r := k.run(steps().Process("p", steps().Process("q", steps().Step("a", fails("a", errBoom)))).Builder)
		k.ErrorContains(r.err, `"p/q/a"`)
		k.Equal([]string{"p/q/a"}, paths(r.Failures), "once, and not for each Process around it")
	},
}, {
	rule: 6,
	name: "ItsOwnCompensationStandsForItsSteps",
	why:  "a whole Process can often be undone by one call, and then nothing must be undone twice",
	run: func(k *kit) {
		plan := func(last step) builder.Builder[State] {
			return steps().
				Process("p", steps().
					Step("a", does("a")).Compensate(does("undo a")).
					Step("b", last).Compensate(does("undo b"))).
				Compensate(does("undo p")).
				Step("c", fails("c", errBoom)).
				OnFailure(policy.Compensate)
		}
		r := k.run(plan(does("b")))
		k.Equal([]string{"a", "b", "c", "undo p"}, r.done())
		k.Equal([]string{"p"}, r.Context.Compensated())

		r = k.run(plan(fails("b", errBoom)))
		k.Equal([]string{"a", "b", "undo a"}, r.done(), "a half-done Process is undone step by step")
	},
}, {
	rule: 6,
	name: "AHalfDoneProcessIsUndoneAsOneIfItSaysSo",
	why:  "CompensateOnFailure of a Process means all of it",
	run: func(k *kit) {
		r := k.run(steps().
			Process("p", steps().
				Step("a", does("a")).Compensate(does("undo a")).
				Step("b", fails("b", errBoom))).
			Compensate(does("undo p")).CompensateOnFailure().
			OnFailure(policy.Compensate))
		k.Equal([]string{"a", "b", "undo p"}, r.done())
	},
}, {
	rule: 6,
	name: "AFragmentHandlesItsOwnFailuresFirst",
	why:  "what a part of a plan says about its failures holds wherever the part is used",
	run: func(k *kit) {
		fragment := func(f policy.Failure) builder.Builder[State] {
			return steps().
				Step("a", does("a")).Compensate(does("undo a")).
				Step("b", fails("b", errBoom)).
				Step("c", does("c")).Compensate(does("undo c")).
				OnFailure(f)
		}
		for _, tt := range []struct {
			inner, outer policy.Failure
			status       chain.Status
			done         []string
		}{
			{policy.Abort, policy.Abort, chain.Aborted, []string{"z", "a", "b"}},
			{policy.Abort, policy.Continue, chain.Partial, []string{"z", "a", "b", "y"}},
			{policy.Abort, policy.Compensate, chain.Compensated, []string{"z", "a", "b", "undo a", "undo z"}},
			{policy.Continue, policy.Abort, chain.Partial, []string{"z", "a", "b", "c", "y"}},
			{policy.Continue, policy.Continue, chain.Partial, []string{"z", "a", "b", "c", "y"}},
			{policy.Continue, policy.Compensate, chain.Partial, []string{"z", "a", "b", "c", "y"}},
			{policy.Compensate, policy.Abort, chain.Aborted, []string{"z", "a", "b", "undo a"}},
			{policy.Compensate, policy.Continue, chain.Partial, []string{"z", "a", "b", "undo a", "y"}},
			{policy.Compensate, policy.Compensate, chain.Compensated, []string{"z", "a", "b", "undo a", "undo z"}},
		} {
			r := k.run(steps().
				Step("z", does("z")).Compensate(does("undo z")).
				Process("p", fragment(tt.inner)).
				Step("y", does("y")).
				OnFailure(tt.outer))
			k.Equal(tt.done, r.done(), "%v in %v", tt.inner, tt.outer)
			k.status(tt.status, r.Status, "%v in %v", tt.inner, tt.outer)
			k.Equal([]string{"p/b"}, paths(r.Failures), "%v in %v", tt.inner, tt.outer)
		}
	},
}, {
	rule: 6,
	name: "WhatAFragmentHasUndoneIsNotUndoneAgain",
	why:  "the money must not be refunded twice",
	run: func(k *kit) {
		r := k.run(steps().
			Step("a", does("a")).Compensate(does("undo a")).
			Process("p", steps().
				Step("b", does("b")).Compensate(does("undo b")).
				Step("c", fails("c", errBoom)).
				OnFailure(policy.Compensate)).
			Compensate(does("undo p")).CompensateOnFailure().
			OnFailure(policy.Compensate))
		k.Equal([]string{"a", "b", "c", "undo b", "undo a"}, r.done())
	},
}}
