package runnertest

import (
	"context"
	"fmt"
	"time"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
)

var retryCases = []ruleCase{{
	rule: 2,
	name: "AttemptsAreCountedInTotal",
	why:  "the number that the user says is that of all attempts, the first included",
	run: func(k *kit) {
		r := k.run(steps().
			Step("a", failsFirst(2, "a", errBoom)).Retry(policy.Fixed(3, 0)).
			Step("b", fails("b", errBoom)).Retry(policy.Fixed(3, 0)).Builder)
		k.Equal([]string{"a", "a", "a", "b", "b", "b"}, r.done())
		k.Equal([]string{"b"}, paths(r.Failures))
		k.Equal(3, r.Failures[0].Attempts)
		k.is(r.err, errBoom)
	},
}, {
	rule: 2,
	name: "DelaysAreThePolicys",
	why:  "a service that is down is not hammered",
	not:  RealTime,
	run: func(k *kit) {
		begin := time.Now()
		r := k.run(steps().Step("a", failsFirst(3, "a", errBoom)).Retry(policy.Exponential(4, k.unit)).Builder)
		k.took(begin, 7)
		k.Equal(k.units(7), r.Duration, "the outcome's duration")
		var delays []time.Duration
		for _, e := range r.Context.Trace() {
			if e.Kind == chain.KindRetrying {
				delays = append(delays, e.Delay/k.unit)
			}
		}
		k.Equal([]time.Duration{1, 2, 4}, delays, "in the trace")
	},
}, {
	rule: 2,
	name: "OnlyWhatThePolicyRetries",
	why:  "a card that was declined is not charged again",
	run: func(k *kit) {
		for _, tt := range []struct {
			retry    policy.Retry
			err      error
			attempts int
		}{
			{policy.Retry{}, errBoom, 1},
			{policy.Fixed(3, 0), policy.Permanent(errBoom), 1},
			{policy.Fixed(3, 0).RetryOn(policy.Is(errBust)), errBoom, 1},
			{policy.Fixed(3, 0).RetryOn(policy.Is(errBoom)), fmt.Errorf("wrapped: %w", errBoom), 3},
			{policy.Fixed(3, 0).GiveUpOn(policy.Is(errBoom)), errBoom, 1},
			{policy.Fixed(3, 0).GiveUpOn(policy.Is(errBust)), errBoom, 3},
			{policy.Fixed(3, 0).RetryOn(policy.Is(errBoom)).GiveUpOn(policy.Is(errBoom)), errBoom, 1},
		} {
			b := steps().Step("a", fails("a", tt.err)).Builder
			if !tt.retry.IsZero() {
				b = steps().Step("a", fails("a", tt.err)).Retry(tt.retry).Builder
			}
			r := k.run(b)
			k.Equal(tt.attempts, r.Failures[0].Attempts, "%v of %v", tt.retry, tt.err)
			k.Len(r.done(), tt.attempts, "%v of %v", tt.retry, tt.err)
		}
	},
}, {
	rule: 2,
	name: "EachAttemptHasItsOwnTimeout",
	why:  "a slow attempt takes no time from the next",
	run: func(k *kit) {
		r := k.run(steps().
			Step("a", func(ctx context.Context, s *State) error {
				if ctx.Err() != nil {
					s.note("", "too late")
				}
				return waits("a")(ctx, s)
			}).Retry(policy.Fixed(2, k.unit)).Timeout(k.units(5)).Builder)
		k.is(r.err, chain.ErrTimeout)
		k.is(r.err, context.DeadlineExceeded)
		k.Equal([]string{"a", "a"}, r.done())
		k.Equal(2, r.Failures[0].Attempts)
	},
}, {
	rule: 2,
	name: "WaitingEndsWithTheContext",
	why:  "nobody sits out a delay after the user has gone",
	run: func(k *kit) {
		ctx, cancel := context.WithCancelCause(background())
		defer cancel(nil)
		begin := time.Now()
		thenLeaves := func(ctx context.Context, s *State) error {
			time.AfterFunc(k.units(3), func() { cancel(errCancelled) })
			return fails("a", errBoom)(ctx, s)
		}
		r := k.runIn(ctx, steps().Step("a", thenLeaves).Retry(policy.Fixed(3, time.Hour).MaxDelay(time.Hour)).Builder)
		k.took(begin, 3)
		k.Equal([]string{"a"}, r.done())
		k.is(r.err, errCancelled)
		k.is(r.err, errBoom) // the attempt's own is not lost
	},
}}
