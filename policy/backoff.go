package policy

import (
	"math/rand/v2"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// NewBackOff returns a fresh strategy for one run of one step: its NextBackOff is the delay before the next attempt, never
// negative and never above MaxDelay, jitter included, or [backoff.Stop]. Use it from one goroutine.
//
// It neither counts attempts nor reads a clock, so it goes on beyond [Retry.Attempts] and knows nothing of MaxElapsed:
// [Retry.ShouldRetry] and [Retry.Delay] apply those. The zero value's strategy is Stop at once. On a Retry that is not
// valid it does not panic: a negative delay counts as 0, a MaxDelay of 0 or less as no delay, a jitter as the nearest
// valid one, a nil func as Stop.
func (r Retry) NewBackOff() backoff.BackOff { return r.newBackOff() }

func (r *Retry) newBackOff() backoff.BackOff {
	limit := r.limit()
	delay := min(max(r.delay, 0), limit)

	var b backoff.BackOff
	switch {
	case r.strategy == once:
		return &backoff.StopBackOff{}
	case r.strategy == custom:
		if r.custom != nil {
			b = r.custom()
		}
		if b == nil {
			return &backoff.StopBackOff{}
		}
		b.Reset() // cenkalti's own Retry does, and its strategies may rely on it
		return &bounded{b, limit, r.jitter}
	case delay == 0:
		return &backoff.ZeroBackOff{}
	case r.strategy == fixed:
		b = backoff.NewConstantBackOff(delay)
	case r.strategy == linear:
		b = &linearBackOff{step: delay, next: delay, limit: limit}
	default:
		e := &backoff.ExponentialBackOff{
			InitialInterval: delay,
			Multiplier:      2,
			MaxInterval:     limit,
			Stop:            backoff.Stop,
			Clock:           stoppedClock{},
		}
		e.Reset()
		b = e
	}
	if r.jitter > 0 {
		return &bounded{b, limit, r.jitter}
	}
	return b
}

// Delay returns how long to wait before the next attempt, after one that failed with err, or ok == false if there is none to
// be. b is the strategy of [Retry.NewBackOff], and moves on by one delay; elapsed is the time since the first attempt of
// this run began, by the caller's clock. Ask [Retry.ShouldRetry] first: Delay counts no attempts.
//
// A delay that [RetryAfter] put into err takes the place of b's, without jitter. MaxDelay caps both. There is no next
// attempt if b says [backoff.Stop] (or anything negative, or is nil), even with a RetryAfter, or if elapsed and the delay
// together exceed MaxElapsed. Delay does not wait. It is as safe for concurrent use as b, which mostly is not.
func (r Retry) Delay(b backoff.BackOff, err error, elapsed time.Duration) (delay time.Duration, ok bool) {
	return r.delayOf(b, err, elapsed)
}

// Next asks ShouldRetry and, if that says yes, Delay. b is the strategy of this run of a step: nil before its first retry,
// when Next makes it. It is for authors of runners, which so need not copy r for each question.
func (r *Retry) Next(b *backoff.BackOff, attempt int, err error, elapsed time.Duration) (delay time.Duration, ok bool) {
	if !r.shouldRetry(attempt, err) {
		return 0, false
	}
	if *b == nil {
		*b = r.newBackOff()
	}
	return r.delayOf(*b, err, elapsed)
}

func (r *Retry) delayOf(b backoff.BackOff, err error, elapsed time.Duration) (delay time.Duration, ok bool) {
	if b == nil {
		return 0, false
	}
	if delay = b.NextBackOff(); delay < 0 {
		return 0, false
	}
	if after, found := retryAfter(err); found {
		delay = after
	}
	delay = min(delay, r.limit())
	// A difference of two numbers that are not negative cannot overflow; their sum can.
	if r.saidMaxElapsed && delay > max(r.maxElapsed, 0)-max(elapsed, 0) {
		return 0, false
	}
	return delay, true
}

func (r *Retry) limit() time.Duration {
	if r.saidMaxDelay {
		return max(r.maxDelay, 0)
	}
	return defaultMaxDelay
}

// linearBackOff returns step, 2×step, 3×step and so on, up to limit. step is at most limit.
type linearBackOff struct{ step, next, limit time.Duration }

func (l *linearBackOff) Reset() { l.next = l.step }

func (l *linearBackOff) NextBackOff() time.Duration {
	d := l.next
	if d > l.limit-l.step {
		l.next = l.limit
	} else {
		l.next = d + l.step
	}
	return d
}

// bounded caps and jitters what another strategy returns.
type bounded struct {
	backoff.BackOff
	limit  time.Duration
	jitter float64
}

func (b *bounded) NextBackOff() time.Duration {
	d := b.BackOff.NextBackOff()
	if d < 0 {
		return backoff.Stop
	}
	d = min(d, b.limit)
	return d + b.jitterOf(d)
}

// jitterOf draws from what is left below the limit, rather than cutting the sum off there: cut-off sums would come back
// together, which is what jitter is to prevent.
func (b *bounded) jitterOf(d time.Duration) time.Duration {
	if d == 0 || !(b.jitter > 0) { // NaN included
		return 0
	}
	room := b.limit - d
	if spread := min(b.jitter, 1) * float64(d); spread < float64(room) {
		room = time.Duration(spread)
	}
	return rand.N(room + 1) // d > 0, so room is below the largest Duration
}

// stoppedClock saves cenkalti's ExponentialBackOff from reading the time for a MaxElapsedTime that it is not given.
type stoppedClock struct{}

func (stoppedClock) Now() time.Time { return time.Time{} }

var (
	_ backoff.BackOff = (*linearBackOff)(nil)
	_ backoff.BackOff = (*bounded)(nil)
)
