package builder

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/taskchain-go/taskchain/policy"
)

// A Plan is a checked, immutable plan over data of type T, made by
// [Builder.Build]. It holds no state of any execution and is safe for any
// number of concurrent runs.
type Plan[T any] struct {
	name        string
	steps       []Step // the plan itself first, then each step before the steps inside it
	funcs       []Funcs[T]
	fingerprint string
}

// A Step is a read-only view of one element of a plan: a step, or a Process or
// Parallel that holds others. Changing it changes nothing.
type Step struct {
	Path string // names the step in the whole plan: "fulfil/pack"
	Name string
	Kind Kind

	// Index is the place of the step in the plan, counted from 1 in the order
	// of Steps; the plan itself has 0. Parent is the Index of the Process,
	// Parallel or plan that holds it. Next is the Index behind the last step
	// inside it, which is its next sibling's if it has one.
	Index, Parent, Next int
	Depth               int // 1 for the steps of the plan itself

	Retry               policy.Retry
	Timeout             time.Duration // of each attempt; zero is none
	HasCompensation     bool
	AsyncCompensation   bool
	CompensationRetry   policy.Retry
	CompensationTimeout time.Duration
	CompensateOnFailure bool
	Conditional         bool // has a When
	Description         string

	// Of a Process or Parallel, and of the plan itself:
	Failure        policy.Failure
	HandlesFailure bool          // says OnFailure itself
	Within         time.Duration // zero is none
}

// Kind tells what an element of a plan is.
type Kind uint8

// The kinds of elements.
const (
	KindStep     Kind = iota + 1 // a StepFunc
	KindAsync                    // an AsyncFunc
	KindProcess                  // a sequence
	KindParallel                 // branches
)

// String is "step", "async step", "process" or "parallel".
func (k Kind) String() string {
	switch k {
	case KindStep:
		return "step"
	case KindAsync:
		return "async step"
	case KindProcess:
		return "process"
	case KindParallel:
		return "parallel"
	}
	return "unknown kind"
}

// Composite tells whether an element of this kind holds others.
func (k Kind) Composite() bool { return k == KindProcess || k == KindParallel }

// Funcs are the user's functions of one step, for authors of runners. Those
// that the step does not have are nil; of Do and Start, and of Undo and
// StartUndo, at most one is set.
type Funcs[T any] struct {
	Do        StepFunc[T]
	Start     AsyncFunc[T]
	Undo      StepFunc[T]
	StartUndo AsyncFunc[T]
	When      func(context.Context, *T) bool
}

// Name is what Named said, or empty.
func (p *Plan[T]) Name() string { return p.name }

// Steps is every element of the plan in order, a Process or Parallel before the
// steps inside it.
func (p *Plan[T]) Steps() iter.Seq[Step] { return slices.Values(p.steps[1:]) }

// Root is the plan itself seen as a Process: it has Index 0 and no path. It is
// for authors of runners.
func (p *Plan[T]) Root() Step { return p.steps[0] }

// Funcs are the functions of the step with that Index, for authors of runners.
// An Index that the plan does not have gives none.
func (p *Plan[T]) Funcs(index int) Funcs[T] {
	if index < 0 || index >= len(p.funcs) {
		return Funcs[T]{}
	}
	return p.funcs[index]
}

// Async tells whether the plan has an asynchronous step or compensation, which the
// synchronous runner refuses.
func (p *Plan[T]) Async() bool {
	return slices.ContainsFunc(p.steps, func(s Step) bool { return s.Kind == KindAsync || s.AsyncCompensation })
}

// Failure is the plan's failure strategy.
func (p *Plan[T]) Failure() policy.Failure { return p.steps[0].Failure }

// Fingerprint identifies the plan's structure: paths, kinds, compensations and
// failure strategies. Plans of the same structure have the same fingerprint, in
// every process and on every machine; functions, retries, timeouts, names of
// plans and descriptions don't count. It is 32 hexadecimal digits.
func (p *Plan[T]) Fingerprint() string { return p.fingerprint }
