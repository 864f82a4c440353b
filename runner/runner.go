package runner

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner/engine"
)

// A Runner executes one plan. All runners have the same rules, and the same plan
// with the same failures has the same outcome on each of them.
type Runner[T any] interface {
	// Run executes the plan on data and returns when everything is done,
	// compensations included. The error is nil if and only if the outcome's
	// Status is Succeeded; it is an *chain.ExecutionError if a step has failed.
	Run(ctx context.Context, data T) (chain.Outcome[T], error)

	// Resume goes on with an execution: it runs what is not completed and
	// nothing that is, retries fresh, or goes on compensating. A pending one,
	// from chain.NewExecutionContext, it begins. The error matches
	// chain.ErrFinished if nothing is left to do, and chain.ErrPlanChanged if
	// the recorded steps don't fit the plan.
	Resume(ctx context.Context, exec *chain.ExecutionContext[T]) (chain.Outcome[T], error)
}

// core is what the in-process runners share: the plan ready to run.
type core[T any] struct {
	program  *engine.Program
	funcs    [2][]builder.StepFunc[T] // by the phase and the step's index
	when     []func(context.Context, *T) bool
	nilable  bool  // T has a nil, which is no data
	refusal  error // why nothing can run
	together bool  // branches run in goroutines of their own
	runs     *sync.Pool
}

func newCore[T any](plan *builder.Plan[T], opts []Option) core[T] {
	o, err := EngineOptions(opts...)
	return coreOf(plan, o, err)
}

// coreOf has fault, if there is one, refuse every run.
func coreOf[T any](plan *builder.Plan[T], o engine.Options, fault error) core[T] {
	if plan == nil {
		return core[T]{refusal: errors.New("runner: the plan is nil")}
	}
	c := core[T]{program: engine.Compile(plan, o), refusal: fault, runs: &sync.Pool{New: func() any { return new(run[T]) }}}
	switch reflect.TypeFor[T]().Kind() {
	case reflect.Pointer, reflect.Map, reflect.Interface:
		c.nilable = true
	}
	c.take(plan.Funcs(0))
	for s := range plan.Steps() {
		c.take(plan.Funcs(s.Index))
	}
	return c
}

func (c *core[T]) take(f builder.Funcs[T]) {
	do, undo := f.Do, f.Undo
	if f.Start != nil {
		do = engine.Await(f.Start)
	}
	if f.StartUndo != nil {
		undo = engine.Await(f.StartUndo)
	}
	c.funcs[chain.Forward] = append(c.funcs[chain.Forward], do)
	c.funcs[chain.Compensation] = append(c.funcs[chain.Compensation], undo)
	c.when = append(c.when, f.When)
}

// refuse says why data can't be run on, or nothing.
func (c *core[T]) refuse(ctx context.Context, data *T) error {
	switch {
	case c.refusal != nil:
		return c.refusal
	case c.program == nil:
		return errors.New("runner: the zero runner has no plan: make one with NewSync or NewAsync")
	case ctx == nil:
		return errNilContext
	case c.nilable && reflect.ValueOf(data).Elem().IsNil():
		return fmt.Errorf("runner: the data is a nil %s", reflect.TypeFor[T]())
	}
	return nil
}

// newFor is the execution of data.
func (c *core[T]) newFor(data T) *chain.ExecutionContext[T] {
	if c.program == nil { // which drive refuses
		return &chain.ExecutionContext[T]{Data: data}
	}
	return chain.NewFor(data, c.program.Room())
}

// A run is what is needed only while an execution is driven. What the user's
// functions may keep, such as their contexts, is not in it.
type run[T any] struct {
	engine.Execution
	host host[T]
}

// drive drives an execution in the calling goroutine, in memory that is used
// again if nothing has happened to the goroutine. isNew is as engine.BeginIn has it.
func (c *core[T]) drive(ctx context.Context, exec *chain.ExecutionContext[T], isNew bool) (chain.Outcome[T], error) {
	if err := c.refuse(ctx, &exec.Data); err != nil {
		return chain.Outcome[T]{Status: exec.Status(), Context: exec}, err
	}
	r := c.runs.Get().(*run[T])
	h := &r.host
	if c.program.Intercepted() {
		h = new(host[T])
	}
	if err := c.beginIn(&r.Execution, ctx, exec, isNew, h, h); err != nil {
		return chain.Outcome[T]{Status: exec.Status(), Context: exec}, err
	}
	r.Drive()
	out, err := engine.Outcome(&r.Execution, exec)
	*r = run[T]{}
	c.runs.Put(r)
	return out, err
}

// host makes attempts by calling the user's functions.
type host[T any] struct {
	engine.Local
	core *core[T]
	data *T
}

func (h *host[T]) Attempt(ctx context.Context, s *builder.Step, phase chain.Phase) error {
	return h.core.funcs[phase][s.Index](ctx, h.data)
}

func (h *host[T]) Condition(ctx context.Context, s *builder.Step) bool {
	return h.core.when[s.Index](ctx, h.data)
}

// begin makes an execution ready to be driven by h, or by a host made of it, or
// says why it can't be.
func (c *core[T]) begin(ctx context.Context, exec *chain.ExecutionContext[T], h *host[T], whole engine.Host) (*engine.Execution, error) {
	if err := c.refuse(ctx, &exec.Data); err != nil {
		return nil, err
	}
	x := new(engine.Execution)
	return x, c.beginIn(x, ctx, exec, false, h, whole)
}

func (c *core[T]) beginIn(x *engine.Execution, ctx context.Context, exec *chain.ExecutionContext[T], isNew bool, h *host[T], whole engine.Host) error {
	start := time.Now()
	h.Start, h.Together, h.core, h.data = start, c.together, c, &exec.Data
	return engine.BeginIn(x, ctx, c.program, exec, isNew, whole, start)
}

var errNilContext = errors.New("runner: the context is nil")

var errNilExecution = errors.New("runner: the execution to resume is nil")
