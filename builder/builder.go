package builder

import (
	"context"
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
// The synchronous runner refuses it; all others take it.
type AsyncFunc[T any] func(ctx context.Context, data *T) <-chan error

// A Builder collects the steps of a plan over data of type T. It is a value:
// every method returns a new Builder and leaves the receiver as it was, at the
// same small cost however long the chain is. A Builder is safe for concurrent
// use. The zero Builder is an empty plan: extend it, or call chain.New, which
// returns it.
type Builder[T any] struct {
	last *link[T]
}

// Named gives the plan its name, which traces, errors, drawings and durable
// runners show. A fork may take another name: the last one counts. The name of
// a fragment is ignored; it is known by the name its Process was given. An
// empty name, one with "/" and one that is not valid UTF-8 are faults.
func (b Builder[T]) Named(name string) Builder[T] {
	return b.say(saidName, callSite(), func(d *draft[T]) {
		reason := nameFault(name)
		d.checkLevel(reason != "", "the plan's name "+reason)
		if reason == "" && d.level == 0 {
			d.name = name
		}
	})
}

// Step appends a step. Among its siblings its name must be the only one; no
// name may be empty, contain "/" or be other than valid UTF-8.
func (b Builder[T]) Step(name string, do StepFunc[T]) StepBuilder[T] {
	return b.step(callSite(), func(d *draft[T]) {
		d.begin(name, KindStep, Funcs[T]{Do: do})
		d.check(do == nil, "nil func")
	})
}

// AsyncStep appends a step that works in the background. A plan with one is
// refused by a synchronous runner.
func (b Builder[T]) AsyncStep(name string, start AsyncFunc[T]) StepBuilder[T] {
	return b.step(callSite(), func(d *draft[T]) {
		d.begin(name, KindAsync, Funcs[T]{Start: start})
		d.check(start == nil, "nil func")
	})
}

// Process appends a sequence of steps under one name. It fails when one of its
// steps fails, unless the fragment says that failures do not stop it, with
// OnFailure(policy.Continue). Extending a Builder later does not extend a
// Process made of it.
func (b Builder[T]) Process(name string, steps Fragment[T]) StepBuilder[T] {
	return b.composite(callSite(), name, KindProcess, steps)
}

// Parallel appends steps that run at the same time where the runner can, and in
// order where it can't. Each step of the fragment is a branch; a branch of
// several steps is a Process. Branches must change disjoint parts of the data.
func (b Builder[T]) Parallel(name string, branches Fragment[T]) StepBuilder[T] {
	return b.composite(callSite(), name, KindParallel, branches)
}

// OnFailure says what happens when a step has failed for good. The default of a
// plan is policy.Abort; a fragment that says nothing leaves the failure to the
// plan around it. It may be said once, anywhere in the chain.
func (b Builder[T]) OnFailure(strategy policy.Failure) Builder[T] {
	return b.say(saidFailure, callSite(), func(d *draft[T]) {
		d.checkLevel(strategy > policy.Compensate, "unknown failure strategy "+strategy.String())
		d.steps[d.level].Failure, d.steps[d.level].HandlesFailure = strategy, true
	})
}

// Within is the deadline of the forward run, counted from its start; for a
// fragment, from the start of its Process. When it passes, the execution fails
// with chain.ErrTimeout. Compensations are not under the deadline. It must be
// positive and may be said once, anywhere in the chain; without it there is no
// deadline.
func (b Builder[T]) Within(d time.Duration) Builder[T] {
	return b.say(saidWithin, callSite(), func(at *draft[T]) {
		at.checkLevel(d <= 0, notPositive("Within", d))
		at.steps[at.level].Within = d
	})
}

func (b Builder[T]) step(where position, apply func(*draft[T])) StepBuilder[T] {
	return StepBuilder[T]{b.say(saidStep, where, apply)}
}

func (b Builder[T]) composite(where position, name string, kind Kind, f Fragment[T]) StepBuilder[T] {
	f = settled(f)
	return b.step(where, func(d *draft[T]) {
		index := d.begin(name, kind, Funcs[T]{})
		if d.check(f == nil, "nil fragment"); f != nil {
			f.compile(d.compiler, index, d.where)
		}
	})
}
