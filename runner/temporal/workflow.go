package temporal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner/engine"
)

// The types of the failures that workflows end with, besides the statuses.
const failedToBegin = "taskchain.refused"

// An interpreter executes plans as workflows. It knows nothing of their data: the
// structure is in the order, and the functions are in activities.
type interpreter struct {
	options engine.Options
	fallen  sync.Map // seat: fall, of executions under way
}

// A seat is an observer's at one execution.
type seat struct {
	execution string
	observer  int
}

// A fall is where an observer has panicked: at which event, counted from 1, of
// which run of the workflow.
type fall struct {
	run   string
	event int
	value any
}

// run is the workflow.
func (i *interpreter) run(ctx workflow.Context, in order) (document, error) {
	steps, err := stepsOf(in.Steps)
	if err != nil {
		return nil, refused(err)
	}
	snapshot, err := chain.DecodeSnapshot[json.RawMessage](json.RawMessage(in.Execution), false)
	if err != nil {
		return nil, refused(err)
	}
	exec, err := chain.Restore(snapshot)
	if err != nil {
		return nil, refused(err)
	}
	h, err := newHost(ctx, &in, exec, steps)
	if err != nil {
		return nil, refused(err)
	}
	if err := h.answerQueries(); err != nil {
		return nil, err
	}
	program := engine.CompileSteps(in.Title, in.Fingerprint, steps, engine.Options{
		Observers: i.live(h),
		ErrorText: i.options.ErrorText,
	})
	root, cancel := context.WithCancelCause(context.WithValue(context.Background(), laneKey{}, h.root))
	defer cancel(nil)
	h.ending = func() bool { return ctx.Err() != nil && root.Err() == nil }
	x, err := engine.Begin(root, program, exec, h, h.start)
	if err != nil {
		return nil, refused(err)
	}
	workflow.GoNamed(ctx, "cancellation", func(watching workflow.Context) {
		ctx.Done().Receive(watching, nil)
		free, _ := workflow.NewDisconnectedContext(watching)
		why := whyCancelled(free)
		h.cancelled = chain.StoreError(why)
		cancel(why)
	})
	if in.Continued != nil {
		x.Continue()
		if h.cancelled != nil {
			cancel(h.cancelled.Err())
		}
	}
	x.Drive()
	out, err := engine.Outcome(x, exec)
	if h.leaving {
		return nil, h.goOn(ctx)
	}
	for n := range i.options.Observers {
		i.fallen.Delete(seat{exec.ID, n})
	}
	return h.result(out, err)
}

// refused is an execution that could not begin.
func refused(err error) error {
	return temporal.NewApplicationErrorWithOptions(err.Error(), failedToBegin, temporal.ApplicationErrorOptions{
		NonRetryable: true, Details: []any{chain.StoreError(err)},
	})
}

// result ends the workflow: what did not succeed is failed in Temporal's eyes as
// well, and has its whole outcome in the failure.
func (h *host) result(out chain.Outcome[json.RawMessage], err error) (document, error) {
	if !out.Status.Ended() {
		return nil, err
	}
	if h.in.Attributes {
		_ = workflow.UpsertTypedSearchAttributes(h.root.ctx, statusKey.ValueSet(out.Status.String())) // is refused for a bad name only
	}
	doc, unwritten := chain.EncodeSnapshot(h.exec.Snapshot())
	if unwritten != nil {
		return nil, refused(unwritten)
	}
	if err == nil {
		return document(doc), nil
	}
	return nil, temporal.NewApplicationErrorWithOptions(err.Error(), out.Status.String(), temporal.ApplicationErrorOptions{
		NonRetryable: true, Details: []any{document(doc)},
	})
}

// live is the observers without what is only replayed. In a replay, one that has
// panicked on this worker does so again, and is dropped again.
func (i *interpreter) live(h *host) []func(context.Context, chain.Event) {
	live := make([]func(context.Context, chain.Event), len(i.options.Observers))
	run := workflow.GetInfo(h.root.ctx).WorkflowExecution.RunID
	for n, observe := range i.options.Observers {
		at, event := seat{h.exec.ID, n}, 0
		live[n] = func(ctx context.Context, e chain.Event) {
			event++
			if before, ok := i.fallen.Load(at); ok {
				if f := before.(fall); f.run == run && f.event == event {
					panic(f.value)
				}
				return
			}
			if workflow.IsReplaying(h.root.ctx) {
				return
			}
			if panicked := apart(func() { observe(ctx, e) }); panicked != nil {
				i.fallen.Store(at, fall{run, event, panicked})
				panic(panicked)
			}
		}
	}
	return live
}

// apart calls f in a goroutine of its own, which it may end, and returns what it
// has panicked with.
func apart(f func()) (panicked any) {
	panicked = chain.ErrGoexit
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if v := recover(); v != nil {
				panicked = v
			}
		}()
		f()
		panicked = nil
	}()
	<-done
	return panicked
}

// whyCancelled is the cause of the cancellation, with the reason that was given
// for it. Workflows are not told; it stands in their history.
func whyCancelled(ctx workflow.Context) error {
	ctx = workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: 5 * time.Second,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 50 * time.Millisecond, MaximumAttempts: 3},
	})
	var reason string
	if err := workflow.ExecuteLocalActivity(ctx, reasonOf).Get(ctx, &reason); err != nil || reason == "" {
		return context.Canceled
	}
	return (&chain.StoredError{Text: reason, Code: "canceled"}).Err()
}

// reasonOf finds the newest request to cancel the execution that it is called in.
func reasonOf(ctx context.Context) (string, error) {
	info := activity.GetInfo(ctx)
	service := activity.GetClient(ctx).WorkflowService()
	var page []byte
	for range 10 {
		history, err := service.GetWorkflowExecutionHistoryReverse(ctx, &workflowservice.GetWorkflowExecutionHistoryReverseRequest{
			Namespace:       info.Namespace,
			Execution:       executionOf(info),
			MaximumPageSize: 50, NextPageToken: page,
		})
		if err != nil {
			return "", err
		}
		for _, e := range history.GetHistory().GetEvents() {
			if e.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_CANCEL_REQUESTED {
				return e.GetWorkflowExecutionCancelRequestedEventAttributes().GetCause(), nil
			}
		}
		if page = history.GetNextPageToken(); len(page) == 0 {
			break
		}
	}
	return "", errors.New("there is no request to cancel in the newest part of the history")
}

// answerQueries lets the execution be looked at.
func (h *host) answerQueries() error {
	err := workflow.SetQueryHandler(h.root.ctx, queryContext, func() (document, error) {
		doc, err := chain.EncodeSnapshot(h.exec.Snapshot())
		return document(doc), err
	})
	if err != nil {
		return fmt.Errorf("temporal: %w", err)
	}
	return workflow.SetQueryHandler(h.root.ctx, queryProgress, func() (chain.Progress, error) {
		return h.progress(), nil
	})
}
