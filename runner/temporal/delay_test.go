package temporal_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commandpb "go.temporal.io/api/command/v1"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	sdk "go.temporal.io/sdk/temporal"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner/temporal"
)

// fails writes a line and fails.
func fails(ctx context.Context, b *book) error {
	info, _ := chain.StepFrom(ctx)
	b.Lines = append(b.Lines, fmt.Sprint("attempt ", info.Attempt))
	return errDeclined
}

// retried is a plan with a step that fails time and again, and may have had an
// effect each time.
func retried(step builder.StepFunc[book], retry policy.Retry) *builder.Plan[book] {
	return chain.New[book]().
		Step("a", writes("a")).Compensate(writes("undo a")).
		Step("b", step).Compensate(writes("undo b")).CompensateOnFailure().Retry(retry).
		OnFailure(policy.Compensate).MustBuild()
}

// pendingOf is the only activity that is under way, as the server shows it.
func pendingOf(t *testing.T, c client.Client, id string) *workflowpb.PendingActivityInfo {
	shown, err := c.DescribeWorkflowExecution(t.Context(), id, "")
	require.NoError(t, err)
	if len(shown.PendingActivities) != 1 {
		return nil
	}
	return shown.PendingActivities[0]
}

// waits is true when the activity of step b is in the delay before the n-th
// start.
func waits(a *workflowpb.PendingActivityInfo, n int32) bool {
	return a.GetState() == enumspb.PENDING_ACTIVITY_STATE_SCHEDULED && a.GetAttempt() == n
}

func kindsOf(trace chain.Trace) (kinds []string) {
	for _, e := range trace {
		kinds = append(kinds, fmt.Sprint(e.Path, " ", e.Kind, " ", e.Attempt))
	}
	return kinds
}

// While a step waits for its next attempt the server shows it as an activity that
// is tried again: how often it was, why, and when it will be.
func TestALongDelayIsShown(t *testing.T) {
	c := dial(t)
	h, err := start(t, c, retried(fails, policy.Fixed(5, time.Hour).MaxDelay(time.Hour))).Start(t.Context(), book{}, id())
	require.NoError(t, err)
	require.Eventually(t, func() bool { return waits(pendingOf(t, c, h.ID()), 2) }, 10*time.Second, 10*time.Millisecond)
	a := pendingOf(t, c, h.ID())
	require.Equal(t, "declined", a.LastFailure.Message)
	require.InDelta(t, time.Hour, time.Until(a.NextAttemptScheduleTime.AsTime()), float64(time.Minute))
	require.NoError(t, h.Cancel(t.Context(), nil))
	_, err = h.Wait(t.Context())
	require.ErrorIs(t, err, context.Canceled)
}

// However often a step is tried, its history is as long as that of one that
// succeeds at once.
func TestTheHistoryOfADelay(t *testing.T) {
	events := func(failures int) int64 {
		c := dial(t)
		plan := chain.New[book]().Step("b", func(ctx context.Context, b *book) error {
			if info, _ := chain.StepFrom(ctx); info.Attempt > failures {
				return nil
			}
			return errDeclined
		}).Retry(policy.Fixed(4, time.Second)).MustBuild()
		h, err := start(t, c, plan).Start(t.Context(), book{}, id())
		require.NoError(t, err)
		out, err := h.Wait(t.Context())
		require.NoError(t, err)
		require.Len(t, out.Context.Trace(), 4+2*failures)
		shown, err := c.DescribeWorkflowExecution(t.Context(), h.ID(), "")
		require.NoError(t, err)
		return shown.WorkflowExecutionInfo.HistoryLength
	}
	require.Equal(t, events(0), events(3))
}

// What is too long to be told in a heartbeat goes into the history, with a timer
// and another activity.
func TestADelayAfterALongAccount(t *testing.T) {
	plan := chain.New[book]().Step("b", chain.Do(func(ctx context.Context, exec *chain.ExecutionContext[book]) error {
		info, _ := chain.StepFrom(ctx)
		exec.Log(0, strings.Repeat("x", 800<<10))
		exec.Data.Lines = append(exec.Data.Lines, fmt.Sprint("attempt ", info.Attempt))
		if info.Attempt == 4 {
			return nil
		}
		return errDeclined
	})).Retry(policy.Linear(4, 400*time.Millisecond)).MustBuild()
	out, err := start(t, dial(t), plan).Run(t.Context(), book{})
	require.NoError(t, err)
	require.Equal(t, []string{"attempt 1", "attempt 2", "attempt 3", "attempt 4"}, out.Context.Data.Lines)
	require.Equal(t, []string{" plan_started 0", "b started 1", "b log 0", "b retrying 1", "b started 2", "b log 0", "b retrying 2",
		"b started 3", "b log 0", "b retrying 3", "b started 4", "b log 0", "b succeeded 4", " plan_ended 0"}, kindsOf(out.Context.Trace()))
}

// What the failed attempts have done is known when the step is cancelled in a
// delay, through whatever the data are encrypted with.
func TestCancelledInADelay(t *testing.T) {
	for name, connect := range map[string]func(*testing.T) client.Client{
		"plain":     func(t *testing.T) client.Client { return dial(t) },
		"encrypted": encrypted,
		"on a server that has no fences": func(t *testing.T) client.Client {
			return through(t, func(req, _ any, send func() error) error {
				if _, ok := req.(*workflowservice.UpdateActivityOptionsRequest); ok {
					return status.Error(codes.Unimplemented, "what is that?")
				}
				return send()
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := connect(t)
			plan := retried(func(ctx context.Context, b *book) error {
				err := fails(ctx, b)
				if info, _ := chain.StepFrom(ctx); info.Attempt == 2 {
					err = policy.RetryAfter(err, 12*time.Hour) // which ends at once
				}
				return err
			}, policy.Fixed(5, time.Second).MaxDelay(24*time.Hour))
			h, err := start(t, c, plan).Start(t.Context(), book{Text: "secret"}, id())
			require.NoError(t, err)
			require.Eventually(t, func() bool { return waits(pendingOf(t, c, h.ID()), 3) }, 10*time.Second, 10*time.Millisecond)
			require.NoError(t, h.Cancel(t.Context(), errors.New("enough")))
			out, err := h.Wait(t.Context())
			require.ErrorContains(t, err, "enough")
			require.ErrorContains(t, err, "declined")
			require.Equal(t, chain.Compensated, out.Status)
			require.Equal(t, []string{"a", "attempt 1", "attempt 2", "undo b", "undo a"}, out.Context.Data.Lines)
			require.Equal(t, 2, out.Failures[0].Attempts)
			require.Equal(t, []string{" plan_started 0", "a started 1", "a succeeded 1", "b started 1", "b retrying 1", "b started 2", "b retrying 2", "b failed 2",
				"b compensating 1", "b compensated 1", "a compensating 1", "a compensated 1", " plan_ended 0"}, kindsOf(out.Context.Trace()))
			if name == "encrypted" {
				requireNotIn(t, c, h.ID(), "secret", "attempt 1")
			}
		})
	}
}

// A cancellation that arrives at any moment finds all that was done by then.
// TEMPORAL_TEST_CANCELS makes it longer.
func TestCancelledAtAnyMoment(t *testing.T) {
	var executions sync.Map // attempts, by ID
	attemptsOf := func(id string) chan struct{} {
		attempts, _ := executions.LoadOrStore(id, make(chan struct{}, 100))
		return attempts.(chan struct{})
	}
	r := start(t, dial(t), retried(func(ctx context.Context, b *book) error {
		info, _ := chain.StepFrom(ctx)
		attemptsOf(info.ExecutionID) <- struct{}{}
		return fails(ctx, b)
	}, policy.Fixed(100, time.Second)))
	for range number(t, "TEMPORAL_TEST_CANCELS", 12) {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			h, err := r.Start(t.Context(), book{}, id())
			require.NoError(t, err)
			<-attemptsOf(h.ID())
			time.Sleep(time.Duration(rand.IntN(1200)) * time.Millisecond)
			require.NoError(t, h.Cancel(t.Context(), nil))
			out, err := h.Wait(t.Context())
			require.ErrorIs(t, err, context.Canceled)
			want := []string{"a"}
			for i := range len(attemptsOf(h.ID())) + 1 {
				want = append(want, fmt.Sprint("attempt ", i+1))
			}
			require.Equal(t, append(want, "undo b", "undo a"), out.Context.Data.Lines)
			require.Equal(t, len(want)-1, out.Failures[0].Attempts)
		})
	}
}

// The next attempt may be due while the cancellation is on its way to the server:
// it is not made.
func TestCancelledAsADelayEnds(t *testing.T) {
	c := dial(t)
	var made atomic.Int32
	slow := slowToCancel(t, 2500*time.Millisecond, func() {})
	plan := retried(func(ctx context.Context, b *book) error {
		made.Add(1)
		return fails(ctx, b)
	}, policy.Fixed(5, time.Second))
	h, err := start(t, slow, plan).Start(t.Context(), book{}, id())
	require.NoError(t, err)
	require.Eventually(t, func() bool { return waits(pendingOf(t, c, h.ID()), 2) }, 10*time.Second, time.Millisecond)
	require.NoError(t, h.Cancel(t.Context(), nil))
	out, err := h.Wait(t.Context())
	require.ErrorContains(t, err, "declined")
	require.Equal(t, []string{"a", "attempt 1", "undo b", "undo a"}, out.Context.Data.Lines)
	require.EqualValues(t, 1, made.Load())
}

// An attempt may fail, with a delay before the next, while the cancellation is on
// its way to the server: what it has done is known.
func TestCancelledAsADelayBegins(t *testing.T) {
	begun, release := make(chan struct{}, 1), make(chan struct{})
	slow := slowToCancel(t, time.Second, func() { close(release) })
	plan := retried(func(ctx context.Context, b *book) error {
		begun <- struct{}{}
		<-release
		return fails(ctx, b)
	}, policy.Fixed(5, 2*time.Second))
	h, err := start(t, slow, plan).Start(t.Context(), book{}, id())
	require.NoError(t, err)
	<-begun
	require.NoError(t, h.Cancel(t.Context(), nil))
	out, err := h.Wait(t.Context())
	require.ErrorContains(t, err, "declined")
	require.Equal(t, []string{"a", "attempt 1", "undo b", "undo a"}, out.Context.Data.Lines)
}

// encrypted is a client that encrypts, in a way, all that it sends.
func encrypted(t *testing.T) client.Client {
	dial(t)
	data := converter.NewCodecDataConverter(converter.GetDefaultDataConverter(), converter.NewZlibCodec(converter.ZlibCodecOptions{AlwaysEncode: true}))
	c, err := client.Dial(client.Options{
		HostPort: server.FrontendHostPort(), Logger: quiet(), DataConverter: data,
		FailureConverter: sdk.NewDefaultFailureConverter(sdk.DefaultFailureConverterOptions{DataConverter: data, EncodeCommonAttributes: true}),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

// requireNotIn looks for texts in all that the server has in a history.
func requireNotIn(t *testing.T, c client.Client, id string, texts ...string) {
	whole := &historypb.History{}
	history := c.GetWorkflowHistory(t.Context(), id, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		e, err := history.Next()
		require.NoError(t, err)
		whole.Events = append(whole.Events, e)
	}
	doc, err := proto.Marshal(whole)
	require.NoError(t, err)
	for _, text := range texts {
		require.False(t, bytes.Contains(doc, []byte(text)), text)
	}
}

// A worker may die when it has told what an attempt has done, and not yet how
// long to wait: the delay is waited for all the same, and the worker is not taken
// for lost in the middle of the step.
func TestAWorkerDiesAtADelay(t *testing.T) {
	var lost atomic.Bool
	c := through(t, func(req, _ any, send func() error) error {
		if _, ok := req.(*workflowservice.RespondActivityTaskFailedRequest); ok && lost.CompareAndSwap(false, true) {
			return status.Error(codes.InvalidArgument, "lost on its way")
		}
		return send()
	})
	plan := chain.New[book]().Step("b", func(ctx context.Context, b *book) error {
		if info, _ := chain.StepFrom(ctx); info.Attempt == 2 {
			return nil
		}
		return fails(ctx, b)
	}).Retry(policy.Fixed(2, 4*time.Second)).MustBuild()
	out, err := start(t, c, plan, temporal.LostWorkers(0)).Run(t.Context(), book{})
	require.NoError(t, err)
	require.True(t, lost.Load())
	require.Equal(t, []string{"attempt 1"}, out.Context.Data.Lines)
	trace := out.Context.Trace()
	require.Equal(t, []string{" plan_started 0", "b started 1", "b retrying 1", "b started 2", "b succeeded 2", " plan_ended 0"}, kindsOf(trace))
	require.GreaterOrEqual(t, trace[3].Time.Sub(trace[2].Time), 4*time.Second)
}

// A step that is cancelled while no worker has it has not begun, however often it
// was left for others.
func TestCancelledBeforeAWorkerHasIt(t *testing.T) {
	c, queue := dial(t), newName()
	work(t, c, queue, chain.New[book]().Step("a", writes("a")).Compensate(writes("undo a")).MustBuild())
	h, err := temporal.NewRunner(c, retried(writes("b"), policy.Retry{}), temporal.Name(queue)).Start(t.Context(), book{}, id())
	require.NoError(t, err)
	require.Eventually(t, func() bool { return waits(pendingOf(t, c, h.ID()), 3) }, 10*time.Second, 10*time.Millisecond)
	require.NoError(t, h.Cancel(t.Context(), nil))
	out, err := h.Wait(t.Context())
	require.ErrorContains(t, err, "did not begin")
	require.Equal(t, []string{"a", "undo a"}, out.Context.Data.Lines)
	require.Zero(t, out.Failures[0].Attempts)
}

// A step whose worker was lost may be cancelled just as another worker has it: it
// has begun, though not there.
func TestCancelledAsItIsBegunAnew(t *testing.T) {
	var made, lost atomic.Bool
	c := through(t, func(req, reply any, send func() error) error {
		switch req.(type) {
		case *workflowservice.RespondActivityTaskCompletedRequest:
			if made.Load() && lost.CompareAndSwap(false, true) {
				return status.Error(codes.InvalidArgument, "lost on its way")
			}
		case *workflowservice.RecordActivityTaskHeartbeatRequest:
			err := send()
			reply.(*workflowservice.RecordActivityTaskHeartbeatResponse).CancelRequested = lost.Load()
			return err
		}
		return send()
	})
	out, err := start(t, c, retried(func(context.Context, *book) error {
		if !made.CompareAndSwap(false, true) {
			return errors.New("was made again")
		}
		return nil
	}, policy.Retry{})).Run(t.Context(), book{})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, []string{"a", "undo b", "undo a"}, out.Context.Data.Lines)
	require.Equal(t, 1, out.Failures[0].Attempts)
}

// A worker that is out of touch with the server stops what it does, for another
// may be at it by then. That is no failure of the step.
func TestAWorkerOutOfTouch(t *testing.T) {
	var back atomic.Bool
	c := through(t, func(req, _ any, send func() error) error {
		err := send()
		if _, ok := req.(*workflowservice.RecordActivityTaskHeartbeatRequest); ok && !back.Load() {
			return status.Error(codes.Unavailable, "no answer")
		}
		return err
	})
	out, err := start(t, c, retried(func(ctx context.Context, b *book) error {
		if back.Load() {
			return writes("b")(ctx, b)
		}
		<-ctx.Done()
		back.Store(true)
		return context.Cause(ctx)
	}, policy.Retry{})).Run(t.Context(), book{})
	require.NoError(t, err)
	require.Equal(t, []string{"a", "b"}, out.Context.Data.Lines)
}

// slowToCancel is a client whose workers take a while to send the cancellation of
// an activity, once it is decided.
func slowToCancel(t *testing.T, d time.Duration, decided func()) client.Client {
	once := sync.OnceFunc(decided)
	return through(t, func(req, _ any, send func() error) error {
		if done, ok := req.(*workflowservice.RespondWorkflowTaskCompletedRequest); ok && cancels(done.GetCommands()) {
			once()
			time.Sleep(d)
		}
		return send()
	})
}

// through is a client whose requests pass sends, or does not.
func through(t *testing.T, pass func(req, reply any, send func() error) error) client.Client {
	dial(t)
	intercept := func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		return pass(req, reply, func() error { return invoke(ctx, method, req, reply, cc, opts...) })
	}
	c, err := client.Dial(client.Options{
		HostPort: server.FrontendHostPort(), Logger: quiet(),
		ConnectionOptions: client.ConnectionOptions{DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(intercept)}},
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func cancels(commands []*commandpb.Command) bool {
	for _, command := range commands {
		if command.GetCommandType() == enumspb.COMMAND_TYPE_REQUEST_CANCEL_ACTIVITY_TASK {
			return true
		}
	}
	return false
}

// A step that an operator has paused while it was at work hears of a cancellation.
func TestCancelledWhilePaused(t *testing.T) {
	c := dial(t)
	h, err := start(t, c, retried(stops, policy.Retry{})).Start(t.Context(), book{}, id())
	require.NoError(t, err)
	at := func(state enumspb.PendingActivityState) func() bool {
		return func() bool {
			a := pendingOf(t, c, h.ID())
			return a.GetState() == state && strings.HasSuffix(a.GetActivityId(), "/b")
		}
	}
	require.Eventually(t, at(enumspb.PENDING_ACTIVITY_STATE_STARTED), 10*time.Second, 10*time.Millisecond)
	_, err = c.WorkflowService().PauseActivity(t.Context(), &workflowservice.PauseActivityRequest{
		Namespace: "default", Execution: &commonpb.WorkflowExecution{WorkflowId: h.ID()},
		Activity: &workflowservice.PauseActivityRequest_Id{Id: pendingOf(t, c, h.ID()).GetActivityId()},
	})
	require.NoError(t, err)
	require.Eventually(t, at(enumspb.PENDING_ACTIVITY_STATE_PAUSE_REQUESTED), 10*time.Second, 10*time.Millisecond)
	time.Sleep(500 * time.Millisecond) // by then a heartbeat has said so
	require.NoError(t, h.Cancel(t.Context(), nil))
	out, err := h.Wait(t.Context())
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, []string{"a", "undo b", "undo a"}, out.Context.Data.Lines)
}
