package builder

import (
	"context"
	"time"
	"unicode/utf8"

	"github.com/taskchain-go/taskchain/policy"
)

// A StepBuilder is a Builder whose last step can still be configured. It is a
// value and safe for concurrent use, as a Builder is; take its Builder field to
// go on in a loop. The order of the decorations does not matter; saying one
// twice is a fault that Build reports. The zero StepBuilder has no step, and
// decorating it is a fault.
type StepBuilder[T any] struct {
	Builder[T]
}

// Retry says how often the step is attempted and how long to wait in between.
// Without it, a step has one attempt. It does not fit a Process or Parallel:
// their steps have retries of their own.
func (s StepBuilder[T]) Retry(r policy.Retry) StepBuilder[T] {
	return s.decorate(saidRetry, callSite(), func(d *draft[T], step *Step, _ *Funcs[T]) {
		d.check(step.Kind.Composite(), "Retry does not fit a "+step.Kind.String())
		d.checkRetry("Retry", r)
		step.Retry = r
	})
}

// Timeout is the time that each attempt has, and must be positive; without it
// there is no limit. It is cooperative: the attempt's ctx ends with
// chain.ErrTimeout as its cause and the runner waits for the step to return. A
// step that returns nil after its deadline has succeeded. It does not fit a
// Process or Parallel: their fragment has [Builder.Within].
func (s StepBuilder[T]) Timeout(d time.Duration) StepBuilder[T] {
	return s.decorate(saidTimeout, callSite(), func(at *draft[T], step *Step, _ *Funcs[T]) {
		at.check(step.Kind.Composite(), "Timeout does not fit a "+step.Kind.String())
		at.check(d <= 0, notPositive("Timeout", d))
		step.Timeout = d
	})
}

// Compensate gives the step its compensation: what undoes it after it has
// completed and a later step has failed. On a Process or Parallel it runs when
// the whole of it had completed, in place of the compensations inside. It runs
// only where the failure strategy is policy.Compensate.
func (s StepBuilder[T]) Compensate(undo StepFunc[T]) StepBuilder[T] {
	return s.decorate(saidCompensate, callSite(), func(d *draft[T], step *Step, f *Funcs[T]) {
		d.check(undo == nil, "nil func for Compensate")
		step.HasCompensation, step.AsyncCompensation = true, false
		f.Undo, f.StartUndo = undo, nil
	})
}

// CompensateAsync is Compensate with work in the background. A plan with one is
// refused by a synchronous runner. A step has one compensation, of either sort.
func (s StepBuilder[T]) CompensateAsync(undo AsyncFunc[T]) StepBuilder[T] {
	return s.decorate(saidCompensate, callSite(), func(d *draft[T], step *Step, f *Funcs[T]) {
		d.check(undo == nil, "nil func for CompensateAsync")
		step.HasCompensation, step.AsyncCompensation = true, true
		f.Undo, f.StartUndo = nil, undo
	})
}

// RetryCompensation says how often the compensation is attempted and how long
// to wait in between. Without it, a compensation has one attempt. It needs a
// compensation.
func (s StepBuilder[T]) RetryCompensation(r policy.Retry) StepBuilder[T] {
	return s.decorate(saidRetryCompensation, callSite(), func(d *draft[T], step *Step, _ *Funcs[T]) {
		d.checkCompensation("RetryCompensation")
		d.checkRetry("RetryCompensation", r)
		step.CompensationRetry = r
	})
}

// CompensationTimeout is the time that each attempt at the compensation has, as
// Timeout is for the step. It needs a compensation.
func (s StepBuilder[T]) CompensationTimeout(d time.Duration) StepBuilder[T] {
	return s.decorate(saidCompensationTimeout, callSite(), func(at *draft[T], step *Step, _ *Funcs[T]) {
		at.checkCompensation("CompensationTimeout")
		at.check(d <= 0, notPositive("CompensationTimeout", d))
		step.CompensationTimeout = d
	})
}

// CompensateOnFailure has the step undone even when it is the step that failed:
// its effect may have happened, as when the reply to a request was lost. The
// compensation must then cope with an effect that did not happen. A step that
// was never attempted is not undone. It needs a compensation.
func (s StepBuilder[T]) CompensateOnFailure() StepBuilder[T] {
	return s.decorate(saidCompensateOnFailure, callSite(), func(d *draft[T], step *Step, _ *Funcs[T]) {
		d.checkCompensation("CompensateOnFailure")
		step.CompensateOnFailure = true
	})
}

// When has the step run only if cond says so at that moment; otherwise it is
// skipped, which is not a failure. cond must not change the data.
func (s StepBuilder[T]) When(cond func(ctx context.Context, data *T) bool) StepBuilder[T] {
	return s.decorate(saidWhen, callSite(), func(d *draft[T], step *Step, f *Funcs[T]) {
		d.check(cond == nil, "nil func for When")
		step.Conditional, f.When = true, cond
	})
}

// Describe gives the step a sentence for people, shown in drawings and the
// manifest. It must be valid UTF-8.
func (s StepBuilder[T]) Describe(text string) StepBuilder[T] {
	return s.decorate(saidDescribe, callSite(), func(d *draft[T], step *Step, _ *Funcs[T]) {
		d.check(!utf8.ValidString(text), "the description is not valid UTF-8")
		step.Description = text
	})
}

// decorate says something of the last step, if there is one by then.
func (s StepBuilder[T]) decorate(w word, where position, apply func(*draft[T], *Step, *Funcs[T])) StepBuilder[T] {
	return StepBuilder[T]{s.say(w, where, func(d *draft[T]) {
		if d.step != 0 {
			apply(d, &d.steps[d.step], &d.funcs[d.step])
		}
	})}
}
