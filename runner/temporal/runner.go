package temporal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/codec"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/engine"
)

// A Runner has plans executed by workers that the plan is registered with. It is
// safe for concurrent use.
type Runner[T any] struct {
	client  client.Client
	plan    *builder.Plan[T]
	options options
	refusal error
}

var _ runner.Runner[int] = (*Runner[int])(nil)

// NewRunner makes a Runner. What is wrong with the plan or the options is the
// error of everything that is done with it.
func NewRunner[T any](c client.Client, plan *builder.Plan[T], opts ...Option) *Runner[T] {
	r := &Runner[T]{client: c, plan: plan}
	switch {
	case c == nil:
		r.refusal = errors.New("temporal: the client is nil")
	case plan == nil:
		r.refusal = errors.New("temporal: the plan is nil")
	default:
		r.options, r.refusal = optionsOf(plan.Name(), callers, opts)
	}
	return r
}

// Run executes the plan on data and waits for the end. When ctx ends the
// execution is cancelled with its cause, and still waited for: there may be
// something to undo. If Temporal can't be reached to begin it, that is the error, 10
// seconds after the end of ctx at the latest; where only the answer was lost, it may
// have begun all the same. See Start for executions that outlive their caller.
func (r *Runner[T]) Run(ctx context.Context, data T) (chain.Outcome[T], error) {
	return r.carry(ctx, chain.NewExecutionContext(data), client.StartWorkflowOptions{})
}

// Resume goes on with an execution as a new run of the workflow with its ID. One
// that is running is an error.
func (r *Runner[T]) Resume(ctx context.Context, exec *chain.ExecutionContext[T]) (chain.Outcome[T], error) {
	if exec == nil {
		return chain.Outcome[T]{}, errors.New("temporal: the execution to resume is nil")
	}
	return r.carry(ctx, exec, client.StartWorkflowOptions{
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		WorkflowExecutionErrorWhenAlreadyStarted: true,
	})
}

// carry starts exec and waits for its end.
func (r *Runner[T]) carry(ctx context.Context, exec *chain.ExecutionContext[T], how client.StartWorkflowOptions) (chain.Outcome[T], error) {
	began := chain.Outcome[T]{Status: exec.Status(), Context: exec}
	if ctx != nil && ctx.Err() != nil {
		return began, context.Cause(ctx)
	}
	starting, done := outlast(ctx, startGrace)
	h, err := r.start(starting, exec, how)
	done()
	if err != nil {
		return began, err
	}
	free := context.WithoutCancel(ctx)
	stopped := context.AfterFunc(ctx, func() {
		for wait := 50 * time.Millisecond; h.Cancel(free, context.Cause(ctx)) != nil; wait = min(2*wait, time.Minute) {
			select {
			case <-h.ended:
				return
			case <-time.After(wait):
			}
		}
	})
	out, err := h.Wait(free)
	close(h.ended)
	stopped()
	if out.Context == nil {
		return began, err
	}
	exec.Replace(out.Context)
	out.Context = exec
	return out, err
}

// startGrace is how long Run and Resume wait for the answer to a start when ctx has
// ended. Without it nobody would know that the execution has begun, nor cancel it.
const startGrace = 10 * time.Second

// outlast is ctx, but ends later than that by grace.
func outlast(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	if ctx == nil { // start refuses it
		return nil, func() {}
	}
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(grace, cancel) })
	return longer, func() { stop(); cancel() }
}

// Start begins an execution and returns when Temporal has it: from then on it
// comes to its end without the caller, and without any one worker. chain.WithID
// gives it an ID of the user's; where an execution with that ID exists, or
// existed, its Handle is returned and nothing begun.
func (r *Runner[T]) Start(ctx context.Context, data T, opts ...chain.ContextOption) (*Handle[T], error) {
	return r.start(ctx, chain.NewExecutionContext(data, opts...), client.StartWorkflowOptions{
		WorkflowIDReusePolicy: enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
	})
}

func (r *Runner[T]) start(ctx context.Context, exec *chain.ExecutionContext[T], how client.StartWorkflowOptions) (*Handle[T], error) {
	in, err := r.order(ctx, exec)
	if err != nil {
		return nil, err
	}
	how.ID, how.TaskQueue = exec.ID, r.options.queue
	for _, change := range r.options.start {
		change(&how)
	}
	if r.options.attributes {
		how.TypedSearchAttributes = temporal.NewSearchAttributes(how.TypedSearchAttributes.Copy(), planKey.ValueSet(r.options.name))
	}
	run, err := r.client.ExecuteWorkflow(ctx, how, workflowName(r.options.name), in)
	if running := (*serviceerror.WorkflowExecutionAlreadyStarted)(nil); errors.As(err, &running) {
		return nil, fmt.Errorf("temporal: execution %s is already running: %w", exec.ID, err)
	}
	if err != nil {
		return nil, fmt.Errorf("temporal: execution %s: %w", exec.ID, err)
	}
	return &Handle[T]{runner: r, id: run.GetID(), run: run, ended: make(chan struct{})}, nil
}

// order is what the workflow is started with, or why it can't be.
func (r *Runner[T]) order(ctx context.Context, exec *chain.ExecutionContext[T]) (*order, error) {
	switch {
	case r.refusal != nil:
		return nil, r.refusal
	case r.client == nil:
		return nil, errors.New("temporal: the zero Runner has no plan: make one with NewRunner")
	case ctx == nil:
		return nil, errors.New("temporal: the context is nil")
	}
	if exec.ID == "" {
		exec.ID = chain.NewID()
	}
	doc, err := codec.Marshal(exec)
	if err != nil {
		return nil, err
	}
	if len(doc) > r.options.stateSize {
		return nil, fmt.Errorf("temporal: execution %s has %d bytes as JSON, and may have %d", exec.ID, len(doc), r.options.stateSize)
	}
	var form struct{ Data json.RawMessage }
	if err := json.Unmarshal(doc, &form); err != nil {
		return nil, err
	}
	if string(form.Data) == "null" {
		return nil, fmt.Errorf("temporal: the data is a nil %s", reflect.TypeFor[T]())
	}
	if err := r.fits(doc); err != nil {
		return nil, err
	}
	return &order{
		Plan: r.options.name, Title: r.plan.Name(), Fingerprint: r.plan.Fingerprint(),
		Steps: nodesOf(r.plan), Execution: doc, Activities: r.options.activity, MaxHistory: r.options.maxHistory, Attributes: r.options.attributes,
	}, nil
}

// fits says, on a copy, what a run under the plan would say to the execution.
func (r *Runner[T]) fits(doc json.RawMessage) error {
	snapshot, err := chain.DecodeSnapshot[json.RawMessage](doc, false)
	if err != nil {
		return err
	}
	exec, err := chain.Restore(snapshot)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	_, err = engine.Begin(ctx, engine.Compile(r.plan, engine.Options{}), exec, nil, time.Now())
	return err
}

// Handle looks after an execution that was started elsewhere, or earlier. It does
// not look whether there is one.
func (r *Runner[T]) Handle(id string) *Handle[T] {
	h := &Handle[T]{runner: r, id: id, ended: make(chan struct{})}
	if r.refusal == nil && r.client != nil {
		h.run = r.client.GetWorkflow(context.Background(), id, "")
	}
	return h
}
