package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/taskchain-go/taskchain/chain"
)

// A timeoutError is an attempt, a Process or the plan that ran over its limit.
type timeoutError struct {
	what  string
	limit time.Duration
	err   error // what the step returned
}

func (e *timeoutError) Error() string {
	text := fmt.Sprintf("timeout: the %s took longer than %s", e.what, e.limit)
	if e.err != nil && e.err != context.DeadlineExceeded {
		text += fmt.Sprintf(": %v", e.err) // fmt survives a method that panics
	}
	return text
}

func (e *timeoutError) Unwrap() []error {
	if e.err == nil {
		return []error{chain.ErrTimeout}
	}
	return []error{chain.ErrTimeout, e.err}
}

// A siblingError is why a branch ended that had not failed itself.
type siblingError struct {
	of   *chain.Recorder // the execution's
	path string
	err  error
}

func (e *siblingError) Error() string { return fmt.Sprintf("branch %q failed: %v", e.path, e.err) }
func (e *siblingError) Unwrap() error { return e.err }

// An endedError is a step that failed while its context ended: for a cause, and
// with an error of its own.
type endedError struct{ cause, err error }

func (e *endedError) Error() string   { return fmt.Sprintf("%v (last error: %v)", e.cause, e.err) }
func (e *endedError) Unwrap() []error { return []error{e.cause, e.err} }

// because adds the cause of the context's end to a step's error, if that does
// not say it already.
func because(cause, err error) error {
	switch {
	case err == nil:
		return cause
	case is(err, cause):
		return err
	}
	return &endedError{cause, err}
}

// is is errors.Is, which calls methods of the user's errors: they may panic.
func is(err, target error) (matches bool) {
	defer func() {
		if recover() != nil {
			matches = false
		}
	}()
	return errors.Is(err, target)
}

// endingOf tells whether ctx has ended, and whether a sibling did it: one of this
// execution, for a step may run another.
func (x *Execution) endingOf(ctx context.Context) chain.Ending {
	if ctx.Err() == nil {
		return chain.ByItself
	}
	if sibling, ok := context.Cause(ctx).(*siblingError); ok && sibling.of == x.log {
		return chain.BySibling
	}
	return chain.ByContext
}

// join is errors.Join that leaves a lone error as it is.
func join(err, other error) error {
	if other == nil {
		return err
	}
	return errors.Join(err, other)
}
