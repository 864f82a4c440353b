package builder

import (
	"context"
	"runtime"
	"time"

	"github.com/taskchain-go/taskchain/policy"
)

// A StepFunc is the work of a step or of a compensation. It changes the data in
// place; what it changed stays, even when it returns an error. A method of a
// service with this signature is a step as it stands. It should return soon
// after ctx ends: a runner waits for it, however long it takes.
type StepFunc[T any] func(ctx context.Context, data *T) error

// An AsyncFunc starts the work of a step or of a compensation and returns a
// channel that yields its one result. A closed channel is success, a nil
// channel is an error, a second value is ignored. The runner waits for the
// channel even after ctx has ended, so that no abandoned work touches the data.
// Only an asynchronous runner accepts it.
type AsyncFunc[T any] func(ctx context.Context, data *T) <-chan error

// A Builder collects the steps of a plan over data of type T. It is a value:
// every method returns a new Builder and leaves the receiver as it was. A
// Builder is safe for concurrent use.
type Builder[T any] struct {
	last    *item[T] // the steps so far, newest first: forks share their prefix
	name    string
	failure policy.Failure
	within  time.Duration
	said    setting
	faults  *fault
}

// setting is the set of things said of a whole plan.
type setting uint8

const (
	saidFailure setting = 1 << iota
	saidWithin
)

// fault is a persistent list of what was wrong with a Builder's own settings.
type fault struct {
	prev   *fault
	where  position
	reason string
}

// position is the place in the user's source that a fault is reported at.
type position struct {
	file string
	line int
}

// callSite is where the user called the exported method that calls callSite.
func callSite() position {
	_, file, line, _ := runtime.Caller(2)
	return position{file, line}
}

func (b Builder[T]) fail(where position, reason string) Builder[T] {
	b.faults = &fault{prev: b.faults, where: where, reason: reason}
	return b
}

// Named gives the plan its name, which traces, errors, drawings and durable
// runners show. A fork may take another name: the last one counts. The name of
// a fragment is ignored; it is known by the name its Process was given.
func (b Builder[T]) Named(name string) Builder[T] {
	if reason := nameFault(name); reason != "" {
		return b.fail(callSite(), "the plan's name "+reason)
	}
	b.name = name
	return b
}

// Step appends a step.
func (b Builder[T]) Step(name string, do StepFunc[T]) StepBuilder[T] {
	return b.push(item[T]{name: name, kind: KindStep, funcs: Funcs[T]{Do: do}, where: callSite()})
}

// AsyncStep appends a step that works in the background. A plan with one is
// refused by a synchronous runner.
func (b Builder[T]) AsyncStep(name string, start AsyncFunc[T]) StepBuilder[T] {
	return b.push(item[T]{name: name, kind: KindAsync, funcs: Funcs[T]{Start: start}, where: callSite()})
}

// Process appends a sequence of steps under one name. It fails when one of its
// steps fails, unless the fragment has a failure strategy that goes on.
func (b Builder[T]) Process(name string, steps Fragment[T]) StepBuilder[T] {
	return b.push(item[T]{name: name, kind: KindProcess, fragment: steps, where: callSite()})
}

// Parallel appends steps that run at the same time where the runner can, and in
// order where it can't. Each step of the fragment is a branch; a branch of
// several steps is a Process. Branches must change disjoint parts of the data.
func (b Builder[T]) Parallel(name string, branches Fragment[T]) StepBuilder[T] {
	return b.push(item[T]{name: name, kind: KindParallel, fragment: branches, where: callSite()})
}

// OnFailure says what happens when a step fails. The default of a plan is
// policy.Abort; a fragment that says nothing leaves the failure to the plan
// around it.
func (b Builder[T]) OnFailure(strategy policy.Failure) Builder[T] {
	where := callSite()
	if b.said&saidFailure != 0 {
		return b.fail(where, "OnFailure said twice")
	}
	if strategy > policy.Compensate {
		return b.fail(where, "unknown failure strategy "+strategy.String())
	}
	b.failure, b.said = strategy, b.said|saidFailure
	return b
}

// Within is the deadline of the forward run, counted from its start; for a
// fragment, from the start of its Process. When it passes, the execution fails
// with chain.ErrTimeout. Compensations are not under the deadline.
func (b Builder[T]) Within(d time.Duration) Builder[T] {
	where := callSite()
	if b.said&saidWithin != 0 {
		return b.fail(where, "Within said twice")
	}
	if d <= 0 {
		return b.fail(where, "Within must be positive, got "+d.String())
	}
	b.within, b.said = d, b.said|saidWithin
	return b
}

func (b Builder[T]) push(it item[T]) StepBuilder[T] {
	it.prev = b.last
	b.last = &it
	return StepBuilder[T]{b}
}
