package chain

import (
	"fmt"
	"time"
)

// An Outcome is what became of an execution. A runner returns it with a nil
// error if and only if Status is Succeeded; otherwise the error is an
// [*ExecutionError] with the same failures, or says why nothing could run.
type Outcome[T any] struct {
	Status  Status
	Context *ExecutionContext[T] // of Resume, what it was given; never nil otherwise

	// Failures are the steps that failed, in the order of their failure; a
	// branch that ended because its sibling failed is not among them.
	Failures []*StepError

	// CompensationFailures are the undos that failed. There are some if and
	// only if Status is Stuck.
	CompensationFailures []*StepError

	Duration time.Duration // of this run; a resumed execution's earlier runs don't count
}

// Outcome is what became of the execution, as its runner has returned it: for
// one that was read back. One that has not come to an end is an error.
func (c *ExecutionContext[T]) Outcome() (Outcome[T], error) {
	status := c.Status()
	out := Outcome[T]{Status: status, Context: c}
	if !status.Ended() {
		return out, fmt.Errorf("chain: execution %s has not ended: it is %s", c.ID, status)
	}
	out.Duration = c.Trace().lastRun()
	if status == Succeeded {
		return out, nil
	}
	out.Failures, out.CompensationFailures = c.recorder.Failures()
	return out, &ExecutionError{
		Plan: c.recorder.recording().Plan, ID: c.ID, Status: status,
		Failures: out.Failures, CompensationFailures: out.CompensationFailures,
	}
}

// lastRun is how long the last run took to its end.
func (t Trace) lastRun() time.Duration {
	var begun, ended time.Time
	for _, e := range t {
		switch e.Kind {
		case KindPlanStarted:
			begun, ended = e.Time, e.Time
		case KindPlanEnded:
			ended = e.Time
		}
	}
	return ended.Sub(begun)
}
