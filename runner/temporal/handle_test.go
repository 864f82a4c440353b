package temporal_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner/temporal"
)

func id() chain.ContextOption {
	return chain.WithID(newName() + "-" + time.Now().Format("150405.000000"))
}

func stops(ctx context.Context, _ *book) error { <-ctx.Done(); return context.Cause(ctx) }

func TestAnIDThatIsStartedTwice(t *testing.T) {
	var ran atomic.Int32
	plan := chain.New[book]().Step("a", func(_ context.Context, b *book) error { ran.Add(1); b.Text += "!"; return nil }).MustBuild()
	r, with := start(t, dial(t), plan), id()
	for _, text := range []string{"first", "second"} {
		h, err := r.Start(t.Context(), book{Text: text}, with)
		require.NoError(t, err)
		again, err := r.Start(t.Context(), book{Text: "again"}, with)
		require.NoError(t, err)
		for _, h := range []*temporal.Handle[book]{h, again, r.Handle(h.ID())} {
			out, err := h.Wait(t.Context())
			require.NoError(t, err)
			require.Equal(t, "first!", out.Context.Data.Text)
		}
	}
	require.EqualValues(t, 1, ran.Load())
}

// A lateAnswer is a client whose caller gives up while Temporal is answering.
type lateAnswer struct {
	client.Client
	giveUp func()
}

func (c lateAnswer) ExecuteWorkflow(ctx context.Context, o client.StartWorkflowOptions, workflow any, args ...any) (client.WorkflowRun, error) {
	run, err := c.Client.ExecuteWorkflow(context.WithoutCancel(ctx), o, workflow, args...)
	if c.giveUp(); ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return run, err
}

// What has begun is cancelled and undone, also if ctx has ended before anybody knew
// that it has.
func TestACancellationBeforeTheAnswerToTheStart(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	var held atomic.Int32
	plan := chain.New[book]().OnFailure(policy.Compensate).
		Step("a", func(context.Context, *book) error { held.Add(1); return nil }).
		Compensate(func(context.Context, *book) error { held.Add(-1); return nil }).
		Step("b", func(ctx context.Context, _ *book) error { <-ctx.Done(); return ctx.Err() }).
		MustBuild()
	c, name := dial(t), newName()
	work(t, c, name, plan)
	late := lateAnswer{c, func() { cancel(errors.New("the caller has gone")) }}
	out, err := temporal.NewRunner(late, plan, temporal.Name(name), temporal.Heartbeat(time.Second)).Run(ctx, book{})
	require.ErrorContains(t, err, "the caller has gone")
	require.Equal(t, chain.Compensated, out.Status)
	require.Zero(t, held.Load())
}

func TestHandle(t *testing.T) {
	c := dial(t)
	plan := chain.New[book]().
		Step("a", writes("a")).Compensate(writes("undo a")).
		Step("b", stops).
		OnFailure(policy.Compensate).MustBuild()
	h, err := start(t, c, plan).Start(t.Context(), book{}, id(), chain.WithMetadata(map[string]any{"tenant": "7"}))
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		p, err := h.Progress(t.Context())
		return err == nil && p.Completed == 1 && len(p.Underway) == 1
	}, 10*time.Second, 10*time.Millisecond)
	p, err := h.Progress(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"b"}, p.Underway)
	require.Equal(t, 2, p.Steps)
	exec, err := h.Context(t.Context())
	require.NoError(t, err)
	require.Equal(t, chain.Running, exec.Status())
	require.Equal(t, []string{"a"}, exec.Data.Lines)
	require.Equal(t, []string{"a"}, exec.Completed())
	require.Equal(t, map[string]any{"tenant": "7"}, exec.Metadata())

	brief, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, errors.New("no time"))
	defer cancel()
	_, err = h.Wait(brief)
	require.EqualError(t, err, "no time")

	require.NoError(t, h.Cancel(t.Context(), errors.New("the customer has changed her mind")))
	out, err := h.Wait(t.Context())
	require.ErrorContains(t, err, "the customer has changed her mind")
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, chain.Compensated, out.Status)
	require.Equal(t, []string{"a", "undo a"}, out.Context.Data.Lines)
	var failed *chain.ExecutionError
	require.ErrorAs(t, err, &failed)

	shown, err := c.DescribeWorkflowExecution(t.Context(), h.ID(), "")
	require.NoError(t, err)
	require.Equal(t, enumspb.WORKFLOW_EXECUTION_STATUS_FAILED, shown.WorkflowExecutionInfo.Status)
}

// What somebody has terminated has no outcome, and says so.
func TestATerminatedExecution(t *testing.T) {
	c := dial(t)
	h, err := start(t, c, chain.New[book]().Step("a", stops).MustBuild()).Start(t.Context(), book{}, id())
	require.NoError(t, err)
	require.NoError(t, c.TerminateWorkflow(t.Context(), h.ID(), "", "by hand"))
	out, err := h.Wait(t.Context())
	require.ErrorContains(t, err, h.ID())
	require.Nil(t, out.Context)
}

// Data that can't be carried on make their step fail, and be undone with the data
// before it: its effect has happened.
func TestDataThatCantBeCarried(t *testing.T) {
	type state struct {
		Text  string
		Price float64
	}
	for name, tt := range map[string]struct {
		step builder.StepFunc[state]
		says string
	}{
		"too large": {func(_ context.Context, s *state) error { s.Text = strings.Repeat("x", 2000); return nil }, "2021 bytes"},
		"no JSON":   {func(_ context.Context, s *state) error { s.Price = math.Inf(1); return nil }, "unsupported value"},
	} {
		t.Run(name, func(t *testing.T) {
			var undone atomic.Pointer[state]
			plan := chain.New[state]().
				Step("a", func(_ context.Context, s *state) error { s.Text = "a"; return nil }).
				Step("b", tt.step).Compensate(func(_ context.Context, s *state) error { undone.Store(s); return nil }).
				Step("c", func(context.Context, *state) error { panic("must not run") }).
				OnFailure(policy.Compensate).MustBuild()
			c, queue := dial(t), newName()
			work(t, c, queue, plan, temporal.MaxState(1000))
			out, err := temporal.NewRunner(c, plan, temporal.Name(queue)).Run(t.Context(), state{})
			require.ErrorContains(t, err, tt.says)
			require.Equal(t, chain.Compensated, out.Status)
			require.Equal(t, []string{"b"}, out.Context.Compensated())
			require.Equal(t, state{Text: "a"}, *undone.Load())
		})
	}
	plan := chain.New[state]().Step("a", func(context.Context, *state) error { return nil }).MustBuild()
	_, err := start(t, dial(t), plan, temporal.MaxState(100)).Run(t.Context(), state{Text: strings.Repeat("x", 100)})
	require.ErrorContains(t, err, "may have 100")
}

// A worker with another type of data does not begin.
func TestDataOfAnotherType(t *testing.T) {
	c, queue := dial(t), newName()
	type other struct{ Text []int }
	work(t, c, queue, chain.New[other]().Step("a", func(context.Context, *other) error { panic("must not run") }).MustBuild())
	plan := chain.New[book]().Step("a", writes("a")).MustBuild()
	out, err := temporal.NewRunner(c, plan, temporal.Name(queue)).Run(t.Context(), book{Text: "x"})
	require.ErrorContains(t, err, `step "a" did not begin: taskchain: decode: data.Text`)
	require.Equal(t, chain.Aborted, out.Status)
	require.Equal(t, "x", out.Context.Data.Text, "nothing is lost")
}

var errDeclined = errors.New("declined")

// Errors come back by their code.
func TestErrorsKeepTheirMeaning(t *testing.T) {
	require.NoError(t, chain.RegisterError("temporal_test.declined", errDeclined))
	plan := chain.New[book]().Step("a", func(context.Context, *book) error { return errDeclined }).MustBuild()
	_, err := start(t, dial(t), plan).Run(t.Context(), book{})
	require.ErrorIs(t, err, errDeclined)
}

// What a step keeps besides the data, and tells, travels as well.
func TestMetadataAndLog(t *testing.T) {
	plan := chain.New[book]().
		Step("a", chain.Do(func(_ context.Context, exec *chain.ExecutionContext[book]) error {
			exec.Set("seen", "a")
			exec.Log(0, "hello")
			return nil
		})).
		Step("b", chain.Do(func(_ context.Context, exec *chain.ExecutionContext[book]) error {
			seen, _ := exec.Get("seen")
			exec.Data.Text, _ = seen.(string)
			return nil
		})).MustBuild()
	out, err := start(t, dial(t), plan).Run(t.Context(), book{})
	require.NoError(t, err)
	require.Equal(t, "a", out.Context.Data.Text)
	require.Equal(t, map[string]any{"seen": "a"}, out.Context.Metadata())
	require.Contains(t, out.Context.Trace().String(), "a     · INFO hello")
}

// Long delays are waited for by the server, and the attempts go on counting.
func TestALongDelay(t *testing.T) {
	plan := chain.New[book]().
		Step("a", func(ctx context.Context, b *book) error {
			info, _ := chain.StepFrom(ctx)
			b.Lines = append(b.Lines, info.IdempotencyKey()[len(info.ExecutionID):])
			if info.Attempt < 3 {
				return errDeclined
			}
			return nil
		}).Retry(policy.Fixed(3, 1100*time.Millisecond)).MustBuild()
	out, err := start(t, dial(t), plan).Run(t.Context(), book{})
	require.NoError(t, err)
	require.Len(t, out.Context.Data.Lines, 3)
	var kinds []chain.Kind
	for _, e := range out.Context.Trace() {
		kinds = append(kinds, e.Kind)
	}
	require.Equal(t, []chain.Kind{chain.KindPlanStarted, chain.KindStarted, chain.KindRetrying, chain.KindStarted, chain.KindRetrying,
		chain.KindStarted, chain.KindSucceeded, chain.KindPlanEnded}, kinds)
}

// A condition that nobody has answered when the execution is cancelled has not held
// and has not failed to: its step could not begin, and is not skipped.
func TestAConditionThatNobodyAnswers(t *testing.T) {
	c, queue := dial(t), newName()
	plan := chain.New[book]().Step("a", writes("a")).When(func(context.Context, *book) bool { return false }).MustBuild()
	w := worker.New(c, queue, worker.Options{LocalActivityWorkerOnly: true}) // it interprets, and makes no step
	require.NoError(t, temporal.Register(w, plan, temporal.Name(queue)))
	require.NoError(t, w.Start())
	defer w.Stop()
	h, err := temporal.NewRunner(c, plan, temporal.Name(queue)).Start(t.Context(), book{}, id())
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		shown, err := c.DescribeWorkflowExecution(t.Context(), h.ID(), "")
		return err == nil && len(shown.PendingActivities) == 1
	}, 10*time.Second, 10*time.Millisecond)
	require.NoError(t, h.Cancel(t.Context(), errors.New("no more")))
	out, err := h.Wait(t.Context())
	require.ErrorContains(t, err, "no more")
	require.Equal(t, chain.Aborted, out.Status)
}
