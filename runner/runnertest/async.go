package runnertest

import (
	"context"
	"errors"
	"time"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
)

// starts is asynchronous work that notes that it began.
func starts(what string, send func(chan<- error)) builder.AsyncFunc[State] {
	return func(_ context.Context, s *State) <-chan error {
		put(s, what)
		results := make(chan error, 2)
		go send(results)
		return results
	}
}

var asyncCases = []ruleCase{{
	rule: 9,
	name: "AsyncWorkIsRefusedBeforeAnythingRuns",
	why:  "a plan that a runner can't run to its end must not be begun",
	not:  AsyncSteps,
	run: func(k *kit) {
		work := starts("async", func(c chan<- error) { close(c) })
		for name, b := range map[string]builder.Builder[State]{
			"step":         steps().Process("p", steps().AsyncStep("a", work)).Builder,
			"compensation": steps().Process("p", steps().Step("a", does("a")).CompensateAsync(work)).Builder,
		} {
			ran := false
			first := func(context.Context, *State) error { ran = true; return nil }
			_, err := k.newRunner(steps().Step("first", first).Process("rest", b).MustBuild()).Run(background(), caseState())
			k.is(err, chain.ErrAsync)
			k.ErrorContains(err, `"rest/p/a"`, "the error names the %s", name)
			k.False(ran, name)
		}
	},
}, {
	rule:  9,
	name:  "WhatTheChannelSays",
	why:   "nil or closed is success, an error is one, a second value is ignored, a nil channel is a mistake",
	needs: AsyncSteps,
	run: func(k *kit) {
		for name, tt := range map[string]struct {
			work builder.AsyncFunc[State]
			text string // in the error
		}{
			"nil":          {starts("a", func(c chan<- error) { c <- nil }), ""},
			"closed":       {starts("a", func(c chan<- error) { close(c) }), ""},
			"second value": {starts("a", func(c chan<- error) { c <- nil; c <- errBust }), ""},
			"error":        {starts("a", func(c chan<- error) { c <- errBoom }), "boom"},
			"nil channel":  {func(context.Context, *State) <-chan error { return nil }, "nil channel"},
			"panic":        {func(context.Context, *State) <-chan error { panic("aaargh") }, "aaargh"},
		} {
			r := k.run(steps().AsyncStep("a", tt.work).Builder)
			if tt.text == "" {
				k.NoError(r.err, name)
				k.Equal([]string{"a"}, r.done(), name)
			} else {
				k.ErrorContains(r.err, tt.text, name)
			}
		}
	},
}, {
	rule:  9,
	name:  "AsyncWorkIsAwaitedPastItsTimeout",
	why:   "work in the background may still be at the state",
	needs: AsyncSteps,
	run: func(k *kit) {
		begin := time.Now()
		r := k.run(steps().
			AsyncStep("a", starts("a", func(c chan<- error) { time.Sleep(k.units(5)); c <- errBoom })).Timeout(k.unit).
			OnFailure(policy.Abort))
		k.took(begin, 5)
		k.is(r.err, chain.ErrTimeout)
		k.is(r.err, errBoom)
	},
}, {
	rule:  9,
	name:  "AsyncCompensationsUndo",
	why:   "an undo in the background is awaited and counted as any other",
	needs: AsyncSteps,
	run: func(k *kit) {
		r := k.run(steps().
			Step("a", does("a")).Compensate(does("undo a")).
			AsyncStep("b", starts("b", func(c chan<- error) { c <- nil })).
			CompensateAsync(starts("undo b", func(c chan<- error) { c <- errors.New("no") })).RetryCompensation(policy.Fixed(2, 0)).
			Step("c", fails("c", errBoom)).
			OnFailure(policy.Compensate))
		k.Equal([]string{"a", "b", "c", "undo b", "undo b", "undo a"}, r.done())
		k.status(chain.Stuck, r.Status)
	},
}}
