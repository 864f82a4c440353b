package runnertest

import (
	"context"
	"strings"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
)

var orderCases = []ruleCase{{
	rule: 1,
	name: "StepsRunInOrder",
	why:  "a step counts on what the ones before it did",
	run: func(k *kit) {
		sees := func(what string) step { // and notes what it has seen
			return func(_ context.Context, s *State) error {
				s.note("", what+" after "+strings.Join(s.notes("x"), ""))
				s.note("x", what)
				return nil
			}
		}
		r := k.run(steps().
			Step("a", sees("a")).
			Process("p", steps().Step("b", sees("b")).Process("q", steps().Step("c", sees("c")))).
			Step("d", sees("d")).Builder)
		k.Equal([]string{"a after ", "b after a", "c after ab", "d after abc"}, r.done())
		k.Equal([]string{"a", "p/b", "p/q/c", "d"}, r.Context.Completed())
		k.status(chain.Succeeded, r.Status)
	},
}, {
	rule: 1,
	name: "WhatAFailedAttemptChangedStays",
	why:  "a step that failed half-way finds its half on the next attempt, on every runner",
	run: func(k *kit) {
		r := k.run(steps().
			Step("a", failsFirst(2, "a", errBoom)).Retry(policy.Fixed(3, 0)).
			Step("b", fails("b", errBoom)).Builder)
		k.Equal([]string{"a", "a", "a", "b"}, r.done())
	},
}, {
	rule: 1,
	name: "AConditionDecidesAtThatMoment",
	why:  "When looks at what the steps before it did, and a step that it skips has not failed",
	run: func(k *kit) {
		hasRun := func(what string) func(context.Context, *State) bool {
			return func(_ context.Context, s *State) bool { return s.count("", what) > 0 }
		}
		r := k.run(steps().
			Step("a", does("a")).
			Step("b", does("b")).When(hasRun("a")).
			Step("c", does("c")).When(hasRun("d")).
			Process("d", steps().Step("e", does("e"))).When(hasRun("d")).Builder)
		k.Equal([]string{"a", "b"}, r.done())
		k.status(chain.Succeeded, r.Status)
		k.Equal([]string{"a", "b"}, r.Context.Completed(), "what was skipped is not completed")
	},
}, {
	rule: 1,
	name: "RunsShareNothing",
	why:  "a plan is run any number of times, and no run sees another",
	run: func(k *kit) {
		runner := k.newRunner(steps().Step("a", failsFirst(1, "a", errBoom)).MustBuild())
		for range 2 {
			out, err := runner.Run(background(), caseState())
			r := k.sound(result{out, err})
			k.Equal([]string{"a"}, r.done())
			k.status(chain.Aborted, r.Status)
		}
	},
}}
