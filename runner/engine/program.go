package engine

import (
	"context"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
)

// An Interceptor is called around each attempt, forward and compensation, and
// goes on by calling next. The error it returns is the attempt's. A panic in
// the step comes out of next as a *chain.PanicError.
type Interceptor func(ctx context.Context, step chain.StepInfo, next func(context.Context) error) error

// Options are what a runner lets its users choose.
type Options struct {
	Observers    []func(context.Context, chain.Event)
	Interceptors []Interceptor
	ErrorText    func(error) string // what of an error may enter the trace; nil is all
	Concurrency  int                // attempts at work at once, over all executions; zero is no limit
}

// A Program is a plan made ready for execution with one runner's options.
type Program struct {
	recording    chain.Recording
	steps        []builder.Step    // the plan itself first
	inside       [][]*builder.Step // by level, its steps or branches
	interceptors []Interceptor
	slots        chan struct{} // nil: no limit
}

// Compile makes a Program of a plan.
func Compile[T any](plan *builder.Plan[T], o Options) *Program {
	steps := []builder.Step{plan.Root()}
	for s := range plan.Steps() {
		steps = append(steps, s)
	}
	return CompileSteps(plan.Name(), plan.Fingerprint(), steps, o)
}

// CompileSteps makes a Program of a plan's structure alone, for a Remote. The
// plan itself is the first of steps, which now belong to the Program.
func CompileSteps(plan, fingerprint string, steps []builder.Step, o Options) *Program {
	room := len(steps) + 1 // one more than steps, and the plan's end
	for _, s := range steps[1:] {
		if s.Kind.Composite() { // its begin, its end, and its last step's
			room += 2
		}
	}
	inside := make([][]*builder.Step, len(steps))
	for i := 1; i < len(steps); i++ {
		level := steps[i].Parent
		inside[level] = append(inside[level], &steps[i])
	}
	p := &Program{
		recording: chain.Recording{
			Plan:        plan,
			Fingerprint: fingerprint,
			Steps:       steps,
			Observers:   o.Observers,
			ErrorText:   o.ErrorText,
			Room:        room,
		},
		steps:        steps,
		inside:       inside,
		interceptors: o.Interceptors,
	}
	if o.Concurrency > 0 {
		p.slots = make(chan struct{}, o.Concurrency)
	}
	return p
}

// Room is how many records a success mostly takes.
func (p *Program) Room() int { return p.recording.Room }

// Intercepted tells whether the program has interceptors, which may keep what leads
// to the Host: then that is not to be used for another execution.
func (p *Program) Intercepted() bool { return len(p.interceptors) > 0 }

// ShareConcurrency makes one limit of p's and other's: what either has at work
// counts for both. It must be called before p is used, and both must have been
// compiled with the same Options.
func (p *Program) ShareConcurrency(other *Program) { p.slots = other.slots }
