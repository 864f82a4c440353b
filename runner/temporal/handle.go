package temporal

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/codec"
)

// A Handle looks after one execution, wherever it runs. It is safe for concurrent
// use, and nothing needs to be done with one that is of no interest.
type Handle[T any] struct {
	runner *Runner[T]
	id     string
	run    client.WorkflowRun
	ended  chan struct{}
}

// ID is the execution's, and its workflow's.
func (h *Handle[T]) ID() string { return h.id }

// Wait waits for the end and returns the outcome. If ctx ends first it returns
// its cause; the execution goes on. An error that is no *chain.ExecutionError
// says why there is no outcome, such as that somebody has terminated the
// workflow; then the outcome has no Context.
func (h *Handle[T]) Wait(ctx context.Context) (chain.Outcome[T], error) {
	if h.run == nil {
		return chain.Outcome[T]{}, h.runner.refused()
	}
	var doc document
	err := h.run.Get(ctx, &doc)
	var failure *temporal.ApplicationError
	if err != nil && errors.As(err, &failure) {
		doc, err = outcomeIn(failure)
	}
	switch {
	case err != nil && isOver(ctx):
		<-ctx.Done()
		return chain.Outcome[T]{}, context.Cause(ctx)
	case err != nil:
		return chain.Outcome[T]{}, fmt.Errorf("temporal: execution %s: %w", h.id, err)
	}
	exec, err := codec.Unmarshal[T](doc)
	if err != nil {
		return chain.Outcome[T]{}, fmt.Errorf("temporal: execution %s: %w", h.id, err)
	}
	return exec.Outcome()
}

// isOver is also true a moment before ctx knows it: others have clocks as well.
func isOver(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return ctx.Err() != nil || ok && time.Until(deadline) <= 0
}

// outcomeIn is the execution that a failed workflow has given back.
func outcomeIn(failure *temporal.ApplicationError) (doc document, err error) {
	if failure.Type() == failedToBegin {
		var stored chain.StoredError
		if err := failure.Details(&stored); err != nil {
			return nil, err
		}
		return nil, stored.Err()
	}
	var status chain.Status
	if status.UnmarshalText([]byte(failure.Type())) != nil || !failure.HasDetails() {
		return nil, failure
	}
	return doc, failure.Details(&doc)
}

// Cancel asks Temporal to cancel the execution, with the text of cause as the
// reason. That is a failure, after which the plan does what it does on failure;
// Cancel does not wait for it. It is the same as a cancellation in Temporal's own
// UI.
func (h *Handle[T]) Cancel(ctx context.Context, cause error) error {
	if h.run == nil {
		return h.runner.refused()
	}
	how := client.CancelWorkflowOptions{WorkflowID: h.id} // whichever run of it is the newest
	if cause != nil {
		how.Reason = cause.Error()
	}
	return h.runner.client.CancelWorkflowWithOptions(ctx, how)
}

// Progress is how far the execution is. It needs a worker to answer.
func (h *Handle[T]) Progress(ctx context.Context) (p chain.Progress, err error) {
	err = h.query(ctx, queryProgress, &p)
	return p, err
}

// Context is the execution as it stands, its trace and its completed steps
// included: a copy, which does not change. It needs a worker to answer. What the
// attempts at work have done is not in it yet.
func (h *Handle[T]) Context(ctx context.Context) (*chain.ExecutionContext[T], error) {
	var doc document
	if err := h.query(ctx, queryContext, &doc); err != nil {
		return nil, err
	}
	return codec.Unmarshal[T](doc)
}

func (h *Handle[T]) query(ctx context.Context, name string, into any) error {
	if h.run == nil {
		return h.runner.refused()
	}
	value, err := h.runner.client.QueryWorkflow(ctx, h.id, "", name)
	if err != nil {
		return fmt.Errorf("temporal: execution %s: %w", h.id, err)
	}
	return value.Get(into)
}

func (r *Runner[T]) refused() error {
	if r != nil && r.refusal != nil {
		return r.refusal
	}
	return errors.New("temporal: the zero Runner has no plan: make one with NewRunner")
}
