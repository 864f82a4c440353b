// Package policy says what happens when a step fails: [Retry] for its own attempts, [Failure] for the rest of the plan.
//
// For most uses, give a step that talks to a network
//
//	policy.Exponential(5, 100*time.Millisecond).Jitter(0.2)
//
// and give a plan whose steps have effects
//
//	OnFailure(policy.Compensate)
//
// Then name the errors that no further attempt will cure, with [Retry.GiveUpOn], or at the place where they arise, with
// [Permanent]. A server's Retry-After is handed over with [RetryAfter].
//
// # Zero values
//
// The zero [Retry] is one attempt and no retry. The zero [Failure] is [Abort]: stop, undo nothing. Both are valid.
//
// # Delays
//
// Every strategy is a [backoff.BackOff] of github.com/cenkalti/backoff/v4, ready-made or by [Backoff] of your own. A delay
// is never negative and never above [Retry.MaxDelay], which is 60 seconds if nothing is said: attempt 10,000 of an
// [Exponential] waits for MaxDelay, and no computation overflows. Attempts are counted in total, the first included.
//
// # Concurrency
//
// Retry, Failure and the Matches of this package are values that nothing changes: share them between plans and goroutines
// freely. The strategy that [Retry.NewBackOff] returns belongs to one run of one step, and to one goroutine.
//
// # What failure looks like
//
// A value that makes no sense (0 attempts, a jitter of 2) is built as it was said and is never silently corrected:
// [Retry.Validate] names every fault in it, and building a plan calls it. Nothing here panics on such a value.
//
// This package waits for nothing, runs nothing and reads no clock. That is a runner's work.
package policy
