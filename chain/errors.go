package chain

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Sentinels, for errors.Is.
var (
	// ErrAsync is a plan with an asynchronous step or compensation given to a
	// synchronous runner.
	ErrAsync = errors.New("asynchronous work on a synchronous runner")

	// ErrTimeout is a Timeout or Within that has passed. It also matches
	// context.DeadlineExceeded.
	ErrTimeout error = timeoutSentinel{}

	// ErrPlanChanged is an execution whose recorded steps don't fit the plan it
	// is resumed under.
	ErrPlanChanged = errors.New("the plan has changed")

	// ErrFinished is an execution that has nothing left to do.
	ErrFinished = errors.New("the execution is finished")

	// ErrGoexit is the value of the PanicError of a step that ended its
	// goroutine by runtime.Goexit, as testing's FailNow does.
	ErrGoexit = errors.New("the step called runtime.Goexit")
)

type timeoutSentinel struct{}

func (timeoutSentinel) Error() string        { return "timeout" }
func (timeoutSentinel) Timeout() bool        { return true }
func (timeoutSentinel) Is(target error) bool { return target == context.DeadlineExceeded }

// An ExecutionError is an execution that did not succeed. It unwraps to the
// error of every step and every compensation that failed.
type ExecutionError struct {
	Plan                 string // the plan's name, may be empty
	ID                   string
	Status               Status
	Failures             []*StepError
	CompensationFailures []*StepError
}

// Error says how the execution ended and why, in one line.
func (e *ExecutionError) Error() string {
	var text strings.Builder
	text.WriteString("taskchain:")
	if e.Plan != "" {
		fmt.Fprintf(&text, " plan %q:", e.Plan)
	}
	fmt.Fprintf(&text, " execution %s %s", e.ID, e.Status)
	separator := ": "
	for _, err := range e.Unwrap() {
		text.WriteString(separator + err.Error())
		separator = "; "
	}
	return text.String()
}

// Unwrap gives every step's error, the failures before the failed
// compensations.
func (e *ExecutionError) Unwrap() []error {
	errs := make([]error, 0, len(e.Failures)+len(e.CompensationFailures))
	for _, err := range e.Failures {
		errs = append(errs, err)
	}
	for _, err := range e.CompensationFailures {
		errs = append(errs, err)
	}
	return errs
}

// A StepError is a step or a compensation that failed for good.
type StepError struct {
	Path     string
	Phase    Phase
	Attempts int // zero: the execution ended before the step could begin
	Err      error
}

// Error is such as `step "charge" failed after 3 attempts: declined`.
func (e *StepError) Error() string {
	what := "step"
	if e.Phase == Compensation {
		what = "compensation of step"
	}
	how := "failed"
	switch {
	case e.Attempts == 0:
		how = "did not begin"
	case e.Attempts > 1:
		how = fmt.Sprintf("failed after %d attempts", e.Attempts)
	}
	text := fmt.Sprintf("%s %q %s", what, e.Path, how)
	if e.Err == nil { // not one of ours
		return text
	}
	return text + ": " + rawText(e.Err)
}

// Unwrap is the user's own error.
func (e *StepError) Unwrap() error { return e.Err }

// A PanicError is a panic in a user's function, or a runtime.Goexit.
type PanicError struct {
	Value any    // what was given to panic, or ErrGoexit
	Stack []byte // as runtime/debug.Stack gives it; empty for a Goexit
}

// Error is the panic's value. The stack is left out: print it yourself.
func (e *PanicError) Error() string { return fmt.Sprintf("panic: %v", e.Value) }

// Unwrap is the panic's value where that is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// Retryable is false: a panic is retried only where RetryOn says so.
func (e *PanicError) Retryable() bool { return false }
