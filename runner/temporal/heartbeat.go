package temporal

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
)

// What failed attempts have done is kept by the server, in the details of the
// activity's heartbeats. They are sent here, one after another, and not by the
// SDK, which sends them when it sees fit, and an older one after a newer if need
// be: an activity that ends for now must know that the server has the last.

// givenTo is what was told of the activity before, and whether an attempt may be
// among it whose end nobody knows.
func givenTo(ctx context.Context, in task) (given progress, begun bool, err error) {
	given = progress{Failed: in.Attempts, Began: time.Now().Add(-in.Elapsed)}
	starts := int(activity.GetInfo(ctx).Attempt) - 1
	if starts > 0 && activity.HasHeartbeatDetails(ctx) {
		if err := activity.GetHeartbeatDetails(ctx, &given); err != nil {
			return given, true, err
		}
	}
	return given, starts > given.Ended, nil
}

// givenUp is the failure of an activity that made no attempt, and of those before
// it.
func givenUp(kind, text string, given progress, begun bool) error {
	return temporal.NewApplicationErrorWithOptions(text, kind, temporal.ApplicationErrorOptions{
		NonRetryable: true, Details: []any{given, begun},
	})
}

// note changes what is told.
func (a *active[T]) note(change func(*progress)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	change(&a.told)
}

// tell tells the server how far the step is, which it has kept if there is no
// error. The answer may be that the step is cancelled.
func (a *active[T]) tell() error {
	a.telling.Lock()
	defer a.telling.Unlock()
	a.mu.Lock()
	told := a.told
	a.mu.Unlock()
	ctx, cancel := context.WithTimeout(a.beats, a.in.Heartbeat)
	defer cancel()
	err := heartbeat(ctx, activity.GetInfo(a.ctx), activity.GetClient(a.ctx), told)
	gone := (*serviceerror.NotFound)(nil)
	switch late := ctx.Err() != nil && a.beats.Err() == nil; {
	case temporal.IsCanceledError(err):
		a.cancel(nil)
	case late, errors.As(err, &gone): // by now this worker is taken for lost
		a.apart.Store(true)
		a.cancel(nil)
	}
	return err
}

// heartbeat sends told. That an operator has paused the activity is no error: the
// server begins it no more until that is over.
func heartbeat(ctx context.Context, info activity.Info, c client.Client, told progress) error {
	err := c.RecordActivityHeartbeatWithOptions(ctx, client.RecordActivityHeartbeatOptions{
		TaskToken: info.TaskToken, Details: []any{told}, Namespace: info.Namespace, WorkflowID: info.WorkflowExecution.ID,
		WorkflowType: info.WorkflowType.Name, ActivityType: info.ActivityType.Name, TaskQueue: info.TaskQueue,
	})
	if errors.Is(err, activity.ErrActivityPaused) {
		return nil
	}
	return err
}

// beat tells that this worker lives, and by that hears of a cancellation.
func (a *active[T]) beat() {
	ticker := time.NewTicker(max(a.in.Heartbeat/5, time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			if errors.Is(context.Cause(a.ctx), worker.ErrWorkerShutdown) {
				return // nor would it be heard what the step comes to
			}
			_ = a.tell()
		case <-a.beats.Done():
			return
		}
	}
}

// over is the end of the activity on this worker.
func (a *active[T]) over() {
	a.end()
	a.cancel(nil)
}

// leave has the server keep what was done for whoever makes the next attempt. If
// it is false, that is not certain, and the workflow must be told.
func (a *active[T]) leave(r report) bool {
	if r.Wait < a.performer.longest || !r.fits() {
		return false
	}
	next := activity.GetInfo(a.ctx).StartedTime.Add(time.Since(a.Start) + r.Wait)
	a.note(func(told *progress) {
		told.Next = next
		told.Starts--
		told.Ended++
		told.Failed = attemptsIn(settledIn(a.exec.Trace()), told.Failed)
		told.Report = &r
	})
	return a.tell() == nil
}

// mostTold is how long an account may become, besides the data, that is told in
// heartbeats. Then it goes into the history, and another begins.
const mostTold = 256 << 10

func (r report) fits() bool { return len(r.Execution) <= mostTold }
