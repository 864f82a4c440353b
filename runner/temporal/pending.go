package temporal

import (
	"context"
	"errors"
	"strconv"
	"time"

	activitypb "go.temporal.io/api/activity/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner/engine"
)

// An activity that is cancelled while it waits to be begun anew is ended by the
// server at once, and what the server knew of it is gone: what its failed attempts
// have changed, and that there were any. So the workflow looks before it cancels.
//
// The activity might be begun, and end for now, between the look and the
// cancellation. Therefore it is fenced before the look: from then on no end of it
// is followed by another attempt, so that each has an event in the history, with
// all that is to be told; and one that waits goes on waiting.

// A standing is how an activity stood when its fence was up.
type standing struct {
	Starts   int // of it, at attempts that may have had effects
	progress     // the last that was told
}

// begun tells whether an attempt may have begun whose end nobody knows.
func (s standing) begun() bool { return s.Starts > s.Ended }

// look finds how an activity stands, and fences it.
func (l *lane) look(id string) standing {
	ctx := workflow.WithLocalActivityOptions(l.ctx, workflow.LocalActivityOptions{
		ScheduleToCloseTimeout: time.Minute,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 50 * time.Millisecond, MaximumInterval: time.Second},
	})
	var (
		s     standing
		found *temporal.ApplicationError
		err   = workflow.ExecuteLocalActivity(ctx, fence, id).Get(ctx, &s.Starts)
	)
	if errors.As(err, &found) && found.Type() == foundDetails {
		if s.Starts, err = strconv.Atoi(found.Message()); err == nil {
			err = found.Details(&s.progress)
		}
	}
	if err != nil {
		s.Starts = s.Ended + 1 // better undone than leaked
	}
	return s
}

// foundDetails is the type of the failure by which fence returns the details of
// heartbeats. A result of it would be encoded, and these are; those of a failure
// are left as they are, and the workflow has the converter that decodes them.
const foundDetails = "taskchain.details"

// fence has the server begin an activity of this workflow no more, and returns
// how often it has begun by then.
func fence(ctx context.Context, id string) (starts int, err error) {
	info, service := activity.GetInfo(ctx), activity.GetClient(ctx).WorkflowService()
	a, err := pending(ctx, id)
	if a == nil || err != nil {
		return 0, err
	}
	later := durationpb.New(time.Since(a.GetLastAttemptCompleteTime().AsTime()) + time.Minute)
	_, err = service.UpdateActivityOptions(ctx, &workflowservice.UpdateActivityOptionsRequest{
		Namespace: info.Namespace,
		Execution: executionOf(info),
		Activity:  &workflowservice.UpdateActivityOptionsRequest_Id{Id: id},
		ActivityOptions: &activitypb.ActivityOptions{
			RetryPolicy: &commonpb.RetryPolicy{InitialInterval: later, MaximumInterval: later, MaximumAttempts: 1},
		},
		UpdateMask: &fieldmaskpb.FieldMask{
			Paths: []string{"retry_policy.initial_interval", "retry_policy.maximum_interval", "retry_policy.maximum_attempts"},
		},
	})
	if err != nil && !isFenceless(err) {
		return 0, err
	}
	if a, err = pending(ctx, id); a == nil || err != nil {
		return 0, err
	}
	starts = int(a.GetAttempt()) - 1
	switch a.GetState() {
	case enumspb.PENDING_ACTIVITY_STATE_SCHEDULED, enumspb.PENDING_ACTIVITY_STATE_PAUSED:
	default:
		starts++
	}
	if a.GetHeartbeatDetails() == nil {
		return starts, nil
	}
	return 0, temporal.NewApplicationErrorWithOptions(strconv.Itoa(starts), foundDetails, temporal.ApplicationErrorOptions{
		NonRetryable: true, Details: []any{client.NewValues(a.GetHeartbeatDetails())},
	})
}

// isFenceless tells whether the server has no fences, or none that this worker may
// put up; or whether the activity has ended meanwhile.
func isFenceless(err error) bool {
	var (
		old    *serviceerror.Unimplemented
		denied *serviceerror.PermissionDenied
		gone   *serviceerror.NotFound
	)
	return errors.As(err, &old) || errors.As(err, &denied) || errors.As(err, &gone)
}

// pending is an activity of this workflow that has not ended, or nil.
func pending(ctx context.Context, id string) (*workflowpb.PendingActivityInfo, error) {
	run := activity.GetInfo(ctx).WorkflowExecution
	all, err := activity.GetClient(ctx).DescribeWorkflowExecution(ctx, run.ID, run.RunID)
	if err != nil {
		return nil, err
	}
	for _, a := range all.GetPendingActivities() {
		if a.GetActivityId() == id {
			return a, nil
		}
	}
	return nil, nil
}

// salvage is what became of attempts of which no report came: what was told of
// them before, of which left is the last that the server had when the activity was
// cancelled.
func (h *host) salvage(ctx context.Context, phase chain.Phase, before engine.Made, failed error, left standing) engine.Made {
	told, begun := left.progress, true
	var (
		failure *temporal.ApplicationError
		timeout *temporal.TimeoutError
		latest  progress
	)
	switch {
	case temporal.IsCanceledError(failed):
		begun = left.begun()
	case errors.As(failed, &timeout) && timeout.HasLastHeartbeatDetails():
		if timeout.LastHeartbeatDetails(&latest) == nil {
			told = latest
		}
	case errors.As(failed, &failure) && makesNone(failure.Type()):
		if failure.Details(&latest, &begun) == nil {
			told = latest
		} else {
			begun = true
		}
	}
	made := engine.Made{Attempts: before.Attempts, Err: before.Err}
	if told.Report != nil {
		if taken, err := h.take(laneOf(ctx), *told.Report, before); err == nil {
			made = taken
		}
	}
	if begun {
		made.Attempts++
		made.Trace = append(made.Trace, beginOf(phase, made.Attempts, workflow.Now(laneOf(ctx).ctx)))
	}
	made.Again, made.Wait = ctx.Err() != nil, 0
	if !made.Again {
		made.Err = errorOf(failed)
	}
	return made
}

// makesNone tells of which type the failures are of an activity that made no
// attempt, and has details of those before it.
func makesNone(kind string) bool {
	return kind == failedInput || kind == failedLost || kind == failedHere || kind == failedPlan
}

// errorOf is the error of an activity that has no report.
func errorOf(failed error) error {
	stored := chain.StoredError{Text: failed.Error()}
	var failure *temporal.ApplicationError
	if errors.As(failed, &failure) {
		stored.Text = failure.Message()
		if failure.Type() == failedPlan {
			stored.Code = "plan_changed"
		}
	}
	return stored.Err()
}
