package policy

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// Retry says how often a step is attempted, how long to wait in between, and which errors are worth another attempt. Make
// one with [Fixed], [Linear], [Exponential] or [Backoff]; the zero value is one attempt and no retry.
//
// A Retry is an immutable value: each method returns a changed copy, so a policy can be kept in a variable and forked. This
// type is concurrency safe, as long as the user's own funcs in it (a Match, the func of Backoff) are.
//
// It decides and computes; it neither waits nor calls a step. The limits it sets are between attempts: to end an attempt
// that takes too long, give the step a Timeout.
type Retry struct {
	retryOn, giveUpOn    []Match
	custom               func() backoff.BackOff
	delay                time.Duration
	maxDelay, maxElapsed time.Duration
	jitter               float64
	attempts             int
	strategy             strategy
	// Said, and not merely zero: MaxDelay(0) is a fault that Validate reports.
	saidMaxDelay, saidMaxElapsed bool
}

type strategy uint8

const (
	once strategy = iota // the zero Retry
	fixed
	linear
	exponential
	custom
)

const defaultMaxDelay = 60 * time.Second

// Fixed makes up to attempts attempts, the first included, and waits for delay before each retry. With a delay of 0 the
// retries follow at once. Fewer than 1 attempt or a negative delay is a fault that [Retry.Validate] reports.
func Fixed(attempts int, delay time.Duration) Retry {
	return Retry{strategy: fixed, attempts: attempts, delay: delay}
}

// Linear makes up to attempts attempts, the first included, and waits for delay × n before the n-th retry, up to
// [Retry.MaxDelay]. Fewer than 1 attempt or a negative delay is a fault that [Retry.Validate] reports.
func Linear(attempts int, delay time.Duration) Retry {
	return Retry{strategy: linear, attempts: attempts, delay: delay}
}

// Exponential makes up to attempts attempts, the first included, and waits for delay × 2^(n-1) before the n-th retry, up to
// [Retry.MaxDelay]. Fewer than 1 attempt or a negative delay is a fault that [Retry.Validate] reports.
func Exponential(attempts int, delay time.Duration) Retry {
	return Retry{strategy: exponential, attempts: attempts, delay: delay}
}

// Backoff makes up to attempts attempts, the first included, with delays from any strategy of
// github.com/cenkalti/backoff/v4 or your own. MaxDelay and Jitter apply on top; a strategy that returns [backoff.Stop], or
// anything negative, ends the retries before the attempts are used up.
//
// strategy is called once for each run of a step, from many goroutines at once, and must return a new strategy each time: it
// is Reset before use, as [backoff.Retry] does. A nil strategy returned means no retry. A nil func, or fewer than 1
// attempt, is a fault that [Retry.Validate] reports.
func Backoff(attempts int, strategy func() backoff.BackOff) Retry {
	return Retry{strategy: custom, attempts: attempts, custom: strategy}
}

// MaxDelay caps every delay at d, those of RetryAfter and of jitter included. Without it the cap is 60 seconds. Said again,
// the last one holds. A d of 0 or less is a fault that [Retry.Validate] reports; for no delay, say a delay of 0.
func (r Retry) MaxDelay(d time.Duration) Retry {
	r.maxDelay, r.saidMaxDelay = d, true
	return r
}

// MaxElapsed makes no further attempt that would begin later than d after the first one did, delays included. Without it
// there is no such limit. Said again, the last one holds. A d of 0 or less is a fault that [Retry.Validate] reports.
//
// It does not end an attempt under way, and the strategy of [Retry.NewBackOff] knows nothing of it: [Retry.Delay] applies it.
func (r Retry) MaxElapsed(d time.Duration) Retry {
	r.maxElapsed, r.saidMaxElapsed = d, true
	return r
}

// Jitter adds to each delay a random part between 0 and fraction × delay, so that many executions which failed together do
// not come back together. It is added to the delay that MaxDelay left, and the sum stays within MaxDelay: a delay at the
// cap has no room left for jitter. A delay from RetryAfter gets none. Said again, the last one holds. A fraction outside
// [0,1] is a fault that [Retry.Validate] reports.
func (r Retry) Jitter(fraction float64) Retry {
	r.jitter = fraction
	return r
}

// RetryOn retries only the errors that at least one of matches matches. Without it every error is retried, except those
// that [Retry.ShouldRetry] lists. Said again, the matches accumulate. A nil Match is a fault that [Retry.Validate] reports.
func (r Retry) RetryOn(matches ...Match) Retry {
	r.retryOn = slices.Concat(r.retryOn, matches) // always a new array: forks share none
	return r
}

// GiveUpOn never retries an error that at least one of matches matches. It is asked before RetryOn, and wins. Said again,
// the matches accumulate. A nil Match is a fault that [Retry.Validate] reports.
func (r Retry) GiveUpOn(matches ...Match) Retry {
	r.giveUpOn = slices.Concat(r.giveUpOn, matches)
	return r
}

// Attempts returns the total number of attempts, the first included: 1 for the zero value. An invalid number comes back as
// it was said.
func (r Retry) Attempts() int {
	if r.strategy == once {
		return 1
	}
	return r.attempts
}

// IsZero reports whether r is the zero value, on which nothing has been said.
func (r Retry) IsZero() bool {
	return r.strategy == once && !r.saidMaxDelay && !r.saidMaxElapsed && r.jitter == 0 && len(r.retryOn) == 0 && len(r.giveUpOn) == 0
}

// ShouldRetry reports whether another attempt may follow attempt number attempt, counted from 1, which failed with err. It
// says no if
//
//   - err is nil, or the attempts are used up;
//   - [Permanent], or cenkalti's, is anywhere in err's tree;
//   - a GiveUpOn matches;
//   - there is a RetryOn, and none matches;
//   - there is no RetryOn, and an error in the tree has a method Retryable() bool that returns false, which means: retry me
//     only where I am named. A panic in a step is such an error.
//
// It does not ask the strategy or the clock, which may still say no: see [Retry.Delay]. It knows nothing of contexts
// either; that a cancelled execution makes no further attempt is the runner's matter. Safe for concurrent use.
func (r Retry) ShouldRetry(attempt int, err error) bool { return r.shouldRetry(attempt, err) }

func (r *Retry) shouldRetry(attempt int, err error) bool {
	if err == nil || r.strategy == once || r.attempts < 1 || attempt >= r.attempts {
		return false
	}
	permanent, onlyNamed := inspect(err)
	if permanent || anyMatches(r.giveUpOn, err) {
		return false
	}
	if len(r.retryOn) == 0 {
		return !onlyNamed
	}
	return anyMatches(r.retryOn, err)
}

// Validate returns every fault of r, joined, or nil: attempts below 1, a negative delay, a MaxDelay or MaxElapsed of 0 or
// less, a jitter outside [0,1], a nil Match, a nil func given to Backoff. It does not call the user's funcs. The zero value
// is valid.
func (r Retry) Validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf("retry: "+format, args...)) }

	if r.strategy != once && r.attempts < 1 {
		fault("attempts must be at least 1, got %d", r.attempts)
	}
	if r.delay < 0 {
		fault("delay must not be negative, got %v", r.delay)
	}
	if r.strategy == custom && r.custom == nil {
		fault("nil func given to Backoff")
	}
	if r.saidMaxDelay && r.maxDelay <= 0 {
		fault("max delay must be positive, got %v", r.maxDelay)
	}
	if r.saidMaxElapsed && r.maxElapsed <= 0 {
		fault("max elapsed must be positive, got %v", r.maxElapsed)
	}
	if !(r.jitter >= 0 && r.jitter <= 1) { // NaN included
		fault("jitter must be between 0 and 1, got %v", r.jitter)
	}
	for i, m := range r.retryOn {
		if m == nil {
			fault("nil match given to RetryOn, at position %d", i+1)
		}
	}
	for i, m := range r.giveUpOn {
		if m == nil {
			fault("nil match given to GiveUpOn, at position %d", i+1)
		}
	}
	return errors.Join(faults...)
}

// String returns a short text for drawings of a plan, such as "5 attempts, exponential from 100ms". It leaves out the cap,
// the jitter and the matches, and is not meant to be parsed.
func (r Retry) String() string {
	n := r.Attempts()
	text := strconv.Itoa(n) + " attempts"
	if n == 1 {
		return "1 attempt"
	}
	switch {
	case r.strategy == custom:
		return text + ", custom backoff"
	case r.delay == 0:
		return text
	case r.strategy == fixed:
		return text + ", fixed " + r.delay.String()
	case r.strategy == linear:
		return text + ", linear from " + r.delay.String()
	default:
		return text + ", exponential from " + r.delay.String()
	}
}
