package policy

import (
	"time"

	"github.com/cenkalti/backoff/v4"
)

// Permanent marks err as one that no further attempt will cure. [Retry.ShouldRetry] refuses it wherever in an error's tree
// it stands, whatever RetryOn says; the Permanent of github.com/cenkalti/backoff/v4 counts just as much.
//
// The result reads as err and unwraps to err. Permanent(nil) is nil. What the plan then does is the [Failure]'s matter.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanentError{err}
}

type permanentError struct{ err error }

func (e *permanentError) Error() string { return e.err.Error() }
func (e *permanentError) Unwrap() error { return e.err }

// RetryAfter asks that the next attempt begin d after this one's failure, as a server's Retry-After header does. Such a
// delay takes the place of the strategy's, without jitter; MaxDelay caps it and MaxElapsed counts it. A negative d counts
// as 0. Where an error's tree holds several, the first from the outside is taken.
//
// It does not make err retried where the [Retry] refuses it: attempts, Permanent, GiveUpOn, RetryOn and the strategy's own
// end hold as ever. The result reads as err and unwraps to err. RetryAfter(nil, d) is nil.
func RetryAfter(err error, d time.Duration) error {
	if err == nil {
		return nil
	}
	return &retryAfterError{err, max(d, 0)}
}

type retryAfterError struct {
	err   error
	after time.Duration
}

func (e *retryAfterError) Error() string { return e.err.Error() }
func (e *retryAfterError) Unwrap() error { return e.err }

// inspect walks err's tree once: is anything in it permanent, and does anything ask to be retried only by name?
// By hand, because errors.As for each question costs more than a failure without delay should.
func inspect(err error) (permanent, onlyNamed bool) {
	for err != nil {
		switch err.(type) {
		case *permanentError, *backoff.PermanentError:
			return true, onlyNamed
		}
		if e, ok := err.(interface{ Retryable() bool }); ok && !e.Retryable() {
			onlyNamed = true
		}
		switch e := err.(type) {
		case interface{ Unwrap() error }:
			err = e.Unwrap()
		case interface{ Unwrap() []error }:
			for _, child := range e.Unwrap() {
				p, n := inspect(child)
				permanent, onlyNamed = permanent || p, onlyNamed || n
			}
			return permanent, onlyNamed
		default:
			return false, onlyNamed
		}
	}
	return false, onlyNamed
}

// retryAfter finds the delay that RetryAfter put into err's tree, the first from the outside.
func retryAfter(err error) (time.Duration, bool) {
	for err != nil {
		switch e := err.(type) {
		case *retryAfterError:
			return e.after, true
		case interface{ Unwrap() error }:
			err = e.Unwrap()
		case interface{ Unwrap() []error }:
			for _, child := range e.Unwrap() {
				if d, ok := retryAfter(child); ok {
					return d, true
				}
			}
			return 0, false
		default:
			return 0, false
		}
	}
	return 0, false
}
