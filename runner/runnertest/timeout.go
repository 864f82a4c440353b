package runnertest

import (
	"context"
	"errors"
	"time"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
)

var timeoutCases = []ruleCase{{
	rule: 3,
	name: "TheRunnerWaitsForTheStep",
	why:  "no abandoned goroutine changes the state behind the back of later steps",
	run: func(k *kit) {
		begin := time.Now()
		r := k.run(steps().
			Step("late", sleeps(k.units(4), "late")).Timeout(k.unit).
			Step("next", does("next")).Builder)
		k.Equal([]string{"late", "next"}, r.done())
		k.took(begin, 4)
	},
}, {
	rule: 3,
	name: "NilAfterTheDeadlineIsSuccess",
	why:  "what was done was done, and must not be done again",
	run: func(k *kit) {
		r := k.run(steps().Step("late", sleeps(k.units(2), "late")).Timeout(k.unit).Retry(policy.Fixed(3, 0)).Builder)
		k.NoError(r.err)
		k.Equal([]string{"late"}, r.done())
	},
}, {
	rule: 3,
	name: "TheCauseIsErrTimeout",
	why:  "a step tells its own deadline from the caller's",
	run: func(k *kit) {
		r := k.run(steps().
			Step("a", func(ctx context.Context, s *State) error { return errors.Join(errBoom, ended(ctx)) }).Timeout(k.unit).Builder)
		k.is(r.err, chain.ErrTimeout)
		k.is(r.err, errBoom) // what the step returned is not lost
		k.status(chain.Aborted, r.Status)

		ctx, cancel := context.WithTimeout(background(), k.unit)
		defer cancel()
		r = k.runIn(ctx, steps().Step("a", waits("a")).Timeout(time.Hour).Builder)
		k.is(r.err, context.DeadlineExceeded)
		k.NotErrorIs(r.err, chain.ErrTimeout, "it was the caller's deadline")
	},
}}
