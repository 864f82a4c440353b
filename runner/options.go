package runner

import (
	"context"
	"errors"
	"fmt"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner/engine"
)

// An Option is an option of a runner, or Options of several. WithObserver,
// WithInterceptor, WithErrorText, WithConcurrency and LogTo serve every runner;
// WithCodec, WithVersion and WithRetention are for NewDurable. What is wrong with
// one is the error of every Run.
type Option struct {
	apply func(*settings) error
}

// settings is what options say.
type settings struct {
	engine.Options
	durable durableOptions
}

// EngineOptions is what opts say, for authors of runners: package engine does as
// they say. The error has all that is wrong with them.
func EngineOptions(opts ...Option) (engine.Options, error) {
	s, err := settingsOf(opts)
	if s.durable.named != "" {
		err = errors.Join(err, fmt.Errorf("runner: %s: is for NewDurable", s.durable.named))
	}
	return s.Options, err
}

func settingsOf(opts []Option) (settings, error) {
	var (
		s      settings
		faults []error
	)
	for _, opt := range opts {
		if opt.apply == nil {
			continue // the zero Option says nothing
		}
		if err := opt.apply(&s); err != nil {
			faults = append(faults, fmt.Errorf("runner: %w", err))
		}
	}
	return s, errors.Join(faults...)
}

// Options makes one Option of several, for what is told and intercepted
// together.
func Options(opts ...Option) Option {
	return Option{func(o *settings) error {
		var faults []error
		for _, opt := range opts {
			if opt.apply != nil {
				faults = append(faults, opt.apply(o))
			}
		}
		return errors.Join(faults...)
	}}
}

// WithObserver has observe called with each event of each execution, once and in
// the order of the trace, after it is in the trace and before the execution goes
// on. Where goroutines add events at once, branches of a Parallel or what a step has
// left behind, one may tell those of the others while these go on; but the execution
// ends when everything up to its end is told, so an observer must not wait for that.
// chain.FromContext finds the execution in ctx, which has the values of the
// caller's and does not end. An observer that panics is dropped, which the trace
// says. Of several, each sees every event. It must be safe for concurrent use if
// executions run at once.
func WithObserver(observe func(ctx context.Context, event chain.Event)) Option {
	return Option{func(o *settings) error {
		if observe == nil {
			return errors.New("WithObserver: nil func")
		}
		o.Observers = append(o.Observers, observe)
		return nil
	}}
}

// WithInterceptor has intercept called around each attempt, forward and
// compensation. It goes on by calling next, with its ctx or one made of it, and
// the error it returns is the attempt's; one that does not call next takes the
// place of the step. With any other context, or after intercept has returned, next
// calls nothing and returns an error. A panic in the step comes out of next as a
// *chain.PanicError. The first of several is the outermost. It must be safe for
// concurrent use.
func WithInterceptor(intercept func(ctx context.Context, step chain.StepInfo, next func(context.Context) error) error) Option {
	return Option{func(o *settings) error {
		if intercept == nil {
			return errors.New("WithInterceptor: nil func")
		}
		o.Interceptors = append(o.Interceptors, intercept)
		return nil
	}}
}

// WithErrorText says what of a step's error may enter the trace, and with it
// logs and stored executions: errors may hold personal data. The outcome and the
// returned error still have the errors themselves. It is called when the trace
// is read, and must be safe for concurrent use. Said again, the last one holds.
func WithErrorText(text func(error) string) Option {
	return Option{func(o *settings) error {
		if text == nil {
			return errors.New("WithErrorText: nil func")
		}
		o.ErrorText = text
		return nil
	}}
}

// WithConcurrency lets at most n attempts be at work at once, over all
// executions of the runner; further ones wait for their turn, which does not
// count for their Timeout. Waiting for a retry takes no turn. The default is no
// limit. A step that runs another execution on the same runner holds its turn
// meanwhile, so n of those at once would wait for ever.
func WithConcurrency(n int) Option {
	return Option{func(o *settings) error {
		if n < 1 {
			return fmt.Errorf("WithConcurrency: must be at least 1, got %d", n)
		}
		o.Concurrency = n
		return nil
	}}
}
