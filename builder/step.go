package builder

import (
	"context"
	"slices"
	"time"

	"github.com/taskchain-go/taskchain/policy"
)

// A StepBuilder is a Builder whose last step can still be configured. It is a
// value and safe for concurrent use, as a Builder is; take its Builder field to
// go on in a loop. The order of the decorations does not matter; saying one
// twice is reported by Build.
type StepBuilder[T any] struct {
	Builder[T]
}

// item is one step as it was said, unchecked.
type item[T any] struct {
	prev     *item[T]
	name     string
	kind     Kind
	funcs    Funcs[T]
	fragment Fragment[T]
	where    position
	said     decoration
	faults   []fault

	retry               policy.Retry
	timeout             time.Duration
	compensationRetry   policy.Retry
	compensationTimeout time.Duration
	description         string
}

// decoration is the set of things said of a step.
type decoration uint16

const (
	saidRetry decoration = 1 << iota
	saidTimeout
	saidCompensate
	saidRetryCompensation
	saidCompensationTimeout
	saidCompensateOnFailure
	saidWhen
	saidDescribe
)

// Retry says how often the step is tried and how long it waits in between.
// Without it, a step has one attempt.
func (s StepBuilder[T]) Retry(r policy.Retry) StepBuilder[T] {
	next := s.decorate(saidRetry, "Retry")
	next.last.retry = r
	return next
}

// Timeout is the time that each attempt has. It is cooperative: the attempt's
// ctx ends with chain.ErrTimeout as its cause and the runner waits for the step
// to return. A step that returns nil after its deadline has succeeded.
func (s StepBuilder[T]) Timeout(d time.Duration) StepBuilder[T] {
	next := s.decorate(saidTimeout, "Timeout")
	next.last.timeout = d
	return next
}

// Compensate gives the step its compensation: what undoes it after it has
// completed and a later step has failed. On a Process or Parallel it runs when
// the whole of it had completed, in place of the compensations inside.
func (s StepBuilder[T]) Compensate(undo StepFunc[T]) StepBuilder[T] {
	next := s.decorate(saidCompensate, "Compensate")
	next.last.funcs.Undo = undo
	return next
}

// CompensateAsync is Compensate with work in the background. A plan with one is
// refused by a synchronous runner.
func (s StepBuilder[T]) CompensateAsync(undo AsyncFunc[T]) StepBuilder[T] {
	next := s.decorate(saidCompensate, "Compensate")
	next.last.funcs.StartUndo = undo
	return next
}

// RetryCompensation says how often the compensation is tried. Without it, a
// compensation has one attempt.
func (s StepBuilder[T]) RetryCompensation(r policy.Retry) StepBuilder[T] {
	next := s.decorate(saidRetryCompensation, "RetryCompensation")
	next.last.compensationRetry = r
	return next
}

// CompensationTimeout is the time that each attempt at the compensation has, as
// Timeout is for the step.
func (s StepBuilder[T]) CompensationTimeout(d time.Duration) StepBuilder[T] {
	next := s.decorate(saidCompensationTimeout, "CompensationTimeout")
	next.last.compensationTimeout = d
	return next
}

// CompensateOnFailure has the step undone even when it is the step that failed:
// its effect may have happened, as when the reply to a request was lost. The
// compensation must then cope with an effect that did not happen. A step that
// was never attempted is not undone.
func (s StepBuilder[T]) CompensateOnFailure() StepBuilder[T] {
	return s.decorate(saidCompensateOnFailure, "CompensateOnFailure")
}

// When has the step run only if cond says so at that moment; otherwise it is
// skipped, which is not a failure. cond must not change the data.
func (s StepBuilder[T]) When(cond func(ctx context.Context, data *T) bool) StepBuilder[T] {
	next := s.decorate(saidWhen, "When")
	next.last.funcs.When = cond
	return next
}

// Describe gives the step a sentence for people, shown in drawings and the
// manifest.
func (s StepBuilder[T]) Describe(text string) StepBuilder[T] {
	next := s.decorate(saidDescribe, "Describe")
	next.last.description = text
	return next
}

// decorate copies the last step, so that forks of s keep theirs, and notes that
// the decoration called name was said.
func (s StepBuilder[T]) decorate(what decoration, name string) StepBuilder[T] {
	if s.last == nil { // the zero StepBuilder has no step
		s.last = new(item[T])
		s.last.faults = []fault{{reason: name + " without a step"}}
	}
	it := *s.last
	if it.said&what != 0 {
		it.faults = append(slices.Clip(it.faults), fault{where: it.where, reason: name + " said twice"})
	}
	it.said |= what
	s.last = &it
	return s
}
