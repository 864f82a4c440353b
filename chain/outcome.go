package chain

import "time"

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
