package chaintest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner/engine"
)

// An Option is an option of Explore and ExploreWorld. What is wrong with one is
// an error of the test.
type Option interface{ apply(*options) }

// A StepOption is an Option that OnStep can restrict to one step. By itself it is
// about all of them.
type StepOption interface {
	Option
	applyTo(*options, string)
}

type options struct {
	pairs         bool
	requireAll    bool
	failWith      []error
	errs          map[string][]error // by point
	notRepeatable map[string]bool    // by point
	interceptors  []engine.Interceptor
	rebind        any // a func(lost, restored *T)
	faults        []error
}

func collect(opts []Option) *options {
	o := &options{errs: map[string][]error{}, notRepeatable: map[string]bool{}}
	for _, opt := range opts {
		if opt != nil {
			opt.apply(o)
		}
	}
	return o
}

func (o *options) fault(format string, args ...any) {
	o.faults = append(o.faults, fmt.Errorf(format, args...))
}

// check finds options about what the plan does not have.
func (o *options) check(sites []site) error {
	known := func(name string) bool {
		return slices.ContainsFunc(sites[1:], func(s site) bool { return s.String() == name })
	}
	for _, name := range slices.Sorted(maps.Keys(o.errs)) {
		if !known(name) {
			o.fault("OnStep: the plan has no %q", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(o.notRepeatable)) {
		if !known(name) {
			o.fault("NotRepeatable: the plan has no %q", name)
		}
	}
	return errors.Join(o.faults...)
}

type option func(*options)

func (f option) apply(o *options) { f(o) }

// Pairs asks for two things to go wrong at once as well: what can go wrong in
// each of the other cases after its own failure. That is many times the cases.
func Pairs() Option { return option(func(o *options) { o.pairs = true }) }

// RequireAllCompensations makes it an error if there is a compensation that
// never ran in any case; otherwise it is only reported.
func RequireAllCompensations() Option { return option(func(o *options) { o.requireAll = true }) }

// NotRepeatable says of steps that their effect happens again when they are
// called again, and that this is known: there are no cases in which they are
// repeated or a process dies between their effect and its record. A retry that
// the plan itself asks for still repeats them. Names are paths, for a
// compensation "undo " and the path.
func NotRepeatable(names ...string) Option {
	return option(func(o *options) {
		for _, name := range names {
			o.notRepeatable[name] = true
		}
	})
}

// WithInterceptor has intercept called around each attempt, as the option of the
// same name of package runner does: give it what the plan's runner has in
// production, such as one that makes errors retryable. What a case injects comes
// out of its next. The first of several is the outermost.
func WithInterceptor(intercept func(ctx context.Context, step chain.StepInfo, next func(context.Context) error) error) Option {
	return option(func(o *options) {
		if intercept == nil {
			o.fault("WithInterceptor: nil func")
			return
		}
		o.interceptors = append(o.interceptors, intercept)
	})
}

// Rebind gives data that was read back from JSON what JSON does not hold, such as
// a pointer to a world that T reaches: what the program does before it resumes.
// lost is the data of the process that died.
func Rebind[T any](rebind func(lost, restored *T)) Option {
	return option(func(o *options) { o.rebind = rebind })
}

// OnStep restricts options to one step, given by its path, or to one
// compensation, given by "undo " and the path.
func OnStep(name string, opts ...StepOption) Option {
	return option(func(o *options) {
		for _, opt := range opts {
			if opt != nil {
				opt.applyTo(o, name)
			}
		}
	})
}

// FailWith says what steps and compensations fail with, in place of ErrInjected:
// each of errs has cases of its own. The error that a policy sees matches both it
// and ErrInjected.
func FailWith(errs ...error) StepOption { return failWith(errs) }

type failWith []error

func (f failWith) apply(o *options)                 { o.failWith = f.checked(o) }
func (f failWith) applyTo(o *options, point string) { o.errs[point] = f.checked(o) }

func (f failWith) checked(o *options) []error {
	if len(f) == 0 || slices.Contains(f, nil) {
		o.fault("FailWith: no error")
	}
	return slices.Clone(f)
}
