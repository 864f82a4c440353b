package policy

import (
	"errors"
	"slices"
)

// A Match says whether an error is of the kind that [Retry.RetryOn] or [Retry.GiveUpOn] is about. Any func of this shape
// is one. It is asked with the whole error of the attempt, never with nil, and must be safe for concurrent use.
type Match func(error) bool

// Is matches an error that [errors.Is] finds equal to at least one of targets. Without targets it matches nothing.
// The Match is safe for concurrent use.
func Is(targets ...error) Match {
	targets = slices.Clone(targets)
	return func(err error) bool {
		if err == nil {
			return false
		}
		for _, target := range targets {
			if errors.Is(err, target) {
				return true
			}
		}
		return false
	}
}

// As matches an error that [errors.As] finds to be an E, anywhere in its tree: As[*net.OpError](), or an interface such as
// As[net.Error](). It looks at the type only. The Match is safe for concurrent use.
func As[E error]() Match {
	return func(err error) bool {
		_, ok := errors.AsType[E](err)
		return ok
	}
}

// Any matches an error that at least one of matches does, asked in order. Without matches it matches nothing; a nil among
// them matches nothing either, and [Retry.Validate] does not see it. The Match is as safe for concurrent use as they are.
func Any(matches ...Match) Match {
	matches = slices.Clone(matches)
	return func(err error) bool { return err != nil && anyMatches(matches, err) }
}

// anyMatches skips nil, so that a fault which Validate has yet to report does not panic in mid-execution.
func anyMatches(matches []Match, err error) bool {
	for _, m := range matches {
		if m != nil && m(err) {
			return true
		}
	}
	return false
}
