package otel_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/codec"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/otel"
	"github.com/taskchain-go/taskchain/runner/storetest"
)

type maker = func(*builder.Plan[order], ...runner.Option) runner.Runner[order]

func TestEachStepProcessAndCompensationIsASpan(t *testing.T) {
	onEach(t, func(t *testing.T, run maker) {
		synctest.Test(t, func(t *testing.T) {
			slow := func(context.Context, *order) error { time.Sleep(time.Second); return nil }
			plan := steps().
				Step("reserve", slow).Compensate(slow).
				Process("fulfil", chain.New[order]().
					Step("pack", slow).Compensate(slow).
					Parallel("tell", chain.New[order]().Step("mail", slow).Process("sms", chain.New[order]().Step("send", slow)))).
				Process("pay", chain.New[order]().
					Step("hold", slow).Compensate(slow).
					Step("take", fail).
					OnFailure(policy.Compensate)).
				OnFailure(policy.Compensate).MustBuild()
			w := newWatch(t)

			out, err := run(plan, w.option).Run(t.Context(), order{})

			require.ErrorIs(t, err, errBoom)
			require.Equal(t, chain.Compensated, out.Status)
			tree := w.tree()
			slices.Sort(tree)
			require.Equal(t, []string{
				"execution checkout",
				"execution checkout > compensation fulfil/pack",
				"execution checkout > compensation reserve",
				"execution checkout > process fulfil",
				"execution checkout > process pay",
				"execution checkout > step reserve",
				"parallel fulfil/tell > process fulfil/tell/sms",
				"parallel fulfil/tell > step fulfil/tell/mail",
				"process fulfil > parallel fulfil/tell",
				"process fulfil > step fulfil/pack",
				"process fulfil/tell/sms > step fulfil/tell/sms/send",
				"process pay > compensation pay/hold",
				"process pay > step pay/hold",
				"process pay > step pay/take",
			}, tree)
			for _, s := range w.spans.GetSpans() {
				require.Equal(t, "checkout", value(s, "taskchain.plan.name"))
				require.Equal(t, out.Context.ID, value(s, "taskchain.execution.id"))
			}
			require.Equal(t, time.Second, w.span("compensation reserve").EndTime.Sub(w.span("compensation reserve").StartTime))
			require.Equal(t, "compensated", value(w.span("compensation reserve"), "taskchain.step.outcome"))
			require.Equal(t, "succeeded", value(w.span("process fulfil"), "taskchain.step.outcome"))
			require.Equal(t, "failed", value(w.span("process pay"), "taskchain.step.outcome"))
			require.Empty(t, w.span("process pay").Events, "the step inside has told of the error")
			require.Equal(t, out.Duration, w.span("execution checkout").EndTime.Sub(w.span("execution checkout").StartTime))
		})
	})
}

func TestAttemptsAreEventsOfTheStep(t *testing.T) {
	onEach(t, func(t *testing.T, run maker) {
		synctest.Test(t, func(t *testing.T) {
			plan := steps().Step("charge", failTimes(2)).Retry(policy.Fixed(3, 2*time.Second)).MustBuild()
			w := newWatch(t)
			_, err := run(plan, w.option).Run(t.Context(), order{})
			require.NoError(t, err)

			charge := w.span("step charge")
			require.Equal(t, []string{
				"attempt 1",
				"exception 1 *errors.errorString boom", "retrying 1 2",
				"attempt 2",
				"exception 2 *errors.errorString boom", "retrying 2 2",
				"attempt 3",
			}, events(charge, "taskchain.step.attempt", "exception.type", "exception.message", "taskchain.retry.delay"))
			require.Equal(t, 4*time.Second, charge.EndTime.Sub(charge.StartTime))
			require.Equal(t, 4*time.Second, charge.Events[6].Time.Sub(charge.Events[0].Time))
			require.Equal(t, codes.Unset, charge.Status.Code, "it has succeeded in the end")
			require.Equal(t, "3", value(charge, "taskchain.step.attempts"))
			require.ElementsMatch(t, []string{"execution checkout", "execution checkout > step charge"}, w.tree())
		})
	})
}

type declined struct{}

func (declined) Error() string     { return "declined" }
func (declined) ErrorType() string { return "card_declined" }

type rude struct{}

func (rude) Error() string   { panic("no text") }
func (rude) Is(error) bool   { panic("no comparison") }
func (rude) As(any) bool     { panic("no cause") }
func (rude) Retryable() bool { return false }

func TestErrorsAreRecorded(t *testing.T) {
	for name, test := range map[string]struct {
		do          step
		kind, where string
	}{
		"an error":         {fail, "*errors.errorString", ""},
		"with a type":      {func(context.Context, *order) error { return declined{} }, "card_declined", ""},
		"a panic":          {func(context.Context, *order) error { panic("oh") }, "panic", "trace_test.go"},
		"a timeout":        {func(ctx context.Context, _ *order) error { <-ctx.Done(); return ctx.Err() }, "timeout", ""},
		"canceled":         {func(context.Context, *order) error { return context.Canceled }, "canceled", ""},
		"one that panics":  {func(context.Context, *order) error { return rude{} }, "_OTHER", ""},
		"one that is join": {func(context.Context, *order) error { return errors.Join(errBoom) }, "*errors.joinError", ""},
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, run maker) {
				w := newWatch(t)
				synctest.Test(t, func(t *testing.T) {
					plan := steps().Step("charge", test.do).Timeout(time.Minute).MustBuild()
					_, err := run(plan, w.option).Run(t.Context(), order{})
					require.Error(t, err)
				})
				charge := w.span("step charge")
				require.Equal(t, []string{"attempt", "exception " + test.kind}, events(charge, "exception.type"))
				require.Equal(t, test.kind, value(charge, "error.type"))
				require.Equal(t, codes.Error, charge.Status.Code)
				require.NotEmpty(t, charge.Status.Description)
				stack := attribute.NewSet(charge.Events[1].Attributes...)
				where, _ := stack.Value("exception.stacktrace")
				require.Contains(t, where.AsString(), test.where)
				require.Equal(t, test.where != "", where.AsString() != "")
				require.Equal(t, codes.Error, w.span("execution checkout").Status.Code)
			})
		})
	}
}

func TestStuckIsSeen(t *testing.T) {
	onEach(t, func(t *testing.T, run maker) {
		plan := steps().
			Step("charge", pass).Compensate(func(context.Context, *order) error { return errors.New("no refund") }).
			Step("ship", fail).
			OnFailure(policy.Compensate).MustBuild()
		w := newWatch(t)
		_, err := run(plan, w.option).Run(t.Context(), order{})
		require.Error(t, err)

		execution := w.span("execution checkout")
		require.Equal(t, "stuck", value(execution, "taskchain.execution.status"))
		require.Equal(t, sdktrace.Status{Code: codes.Error, Description: "stuck: compensation charge: no refund"}, execution.Status)
		require.Equal(t, "compensation_failed", value(w.span("compensation charge"), "taskchain.step.outcome"))
		require.Equal(t, codes.Error, w.span("compensation charge").Status.Code)
		require.Equal(t, codes.Unset, w.span("step charge").Status.Code)
	})
}

func TestNoMoreOfAnErrorThanMayBeSeen(t *testing.T) {
	onEach(t, func(t *testing.T, run maker) {
		plan := steps().
			Step("a", failTimes(1)).Retry(policy.Fixed(2, 0)).Compensate(fail).
			Process("p", chain.New[order]().Step("b", fail)).
			OnFailure(policy.Compensate).MustBuild()
		w := newWatch(t)
		_, err := run(plan, w.option, runner.WithErrorText(func(error) string { return "(hidden)" })).Run(t.Context(), order{})
		require.ErrorIs(t, err, errBoom)
		for _, s := range w.spans.GetSpans() {
			require.NotContains(t, s.Status.Description, "boom")
			for _, line := range events(s, "exception.message") {
				require.NotContains(t, line, "boom")
			}
		}
		require.Equal(t, "(hidden)", w.span("step p/b").Status.Description)
	})
}

func TestWhatIsNoAttemptIsAnEventOfTheSpanAround(t *testing.T) {
	onEach(t, func(t *testing.T, run maker) {
		never := func(context.Context, *order) bool { return false }
		plan := steps().Process("p", chain.New[order]().
			Step("a", pass).When(never).
			Step("b", chain.Do(func(_ context.Context, exec *chain.ExecutionContext[order]) error {
				exec.Log(slog.LevelWarn, "look")
				return nil
			}))).MustBuild()
		w := newWatch(t)
		_, err := run(plan, w.option).Run(t.Context(), order{})
		require.NoError(t, err)
		require.Equal(t, []string{"skipped p/a"}, events(w.span("process p"), "taskchain.step.path"))
		require.Equal(t, []string{"attempt", "log WARN look"}, events(w.span("step p/b"), "taskchain.log.level", "taskchain.log.message"))
		require.Len(t, w.tree(), 3)
	})
}

func TestWhatCouldNotBeginIsASpanOfNoLength(t *testing.T) {
	onEach(t, func(t *testing.T, run maker) {
		ctx, cancel := context.WithCancelCause(t.Context())
		plan := steps().
			Step("a", func(context.Context, *order) error { cancel(errBoom); return nil }).
			Step("b", pass).
			Process("c", chain.New[order]().Step("d", pass)).MustBuild()
		w := newWatch(t)
		_, err := run(plan, w.option).Run(ctx, order{})
		require.ErrorIs(t, err, errBoom)
		b := w.span("step b")
		require.Equal(t, b.StartTime, b.EndTime)
		require.Equal(t, codes.Error, b.Status.Code)
		require.Equal(t, "_OTHER", value(b, "error.type"))
		require.Equal(t, "aborted", value(w.span("execution checkout"), "taskchain.execution.status"))
	})
}

func TestTheCallersSpanIsAround(t *testing.T) {
	onEach(t, func(t *testing.T, run maker) {
		w := newWatch(t)
		inner := steps().Named("inner").Step("deep", pass).MustBuild()
		plan := steps().Step("a", func(ctx context.Context, _ *order) error {
			_, err := run(inner, w.option).Run(ctx, order{})
			return err
		}).MustBuild()
		ctx, request := w.tracers.Tracer("test").Start(t.Context(), "request")
		_, err := run(plan, w.option).Run(ctx, order{})
		require.NoError(t, err)
		request.End()
		require.ElementsMatch(t, []string{
			"request",
			"request > execution checkout",
			"execution checkout > step a",
			"step a > execution inner",
			"execution inner > step deep",
		}, w.tree())
	})
}

func TestTheStepsContextCarriesItsSpan(t *testing.T) {
	onEach(t, func(t *testing.T, run maker) {
		w := newWatch(t)
		seen := map[string]trace.SpanContext{}
		look := func(name string) step {
			return func(ctx context.Context, _ *order) error {
				seen[name] = trace.SpanContextFromContext(ctx)
				return nil
			}
		}
		inner := runner.WithInterceptor(func(ctx context.Context, s chain.StepInfo, next func(context.Context) error) error {
			require.True(t, trace.SpanContextFromContext(ctx).IsValid(), "interceptors behind it see it, too")
			return next(ctx)
		})
		plan := steps().Step("a", look("step a")).Compensate(look("compensation a")).Step("b", fail).OnFailure(policy.Compensate).MustBuild()
		_, err := run(plan, w.option, inner).Run(t.Context(), order{})
		require.Error(t, err)
		require.Len(t, seen, 2)
		for name, context := range seen {
			require.Equal(t, w.span(name).SpanContext.SpanID(), context.SpanID(), name)
		}
	})
}

func TestAResumedExecutionLinksToTheRunBefore(t *testing.T) {
	onEach(t, func(t *testing.T, run maker) {
		w := newWatch(t)
		broken := true
		plan := steps().
			Process("p", chain.New[order]().
				Step("a", pass).
				Step("b", func(context.Context, *order) error {
					if broken {
						return errBoom
					}
					return nil
				})).MustBuild()
		out, err := run(plan, w.option).Run(t.Context(), order{})
		require.ErrorIs(t, err, errBoom)
		first := w.span("execution checkout")
		w.spans.Reset()

		doc, err := codec.Marshal(out.Context) // into another process
		require.NoError(t, err)
		exec, err := codec.Unmarshal[order](doc)
		require.NoError(t, err)
		broken = false
		_, err = run(plan, w.option).Resume(t.Context(), exec)

		require.NoError(t, err)
		second := w.span("execution checkout")
		require.ElementsMatch(t, []string{"execution checkout", "execution checkout > process p", "process p > step p/b"}, w.tree())
		require.Len(t, second.Links, 1)
		require.Equal(t, first.SpanContext.SpanID(), second.Links[0].SpanContext.SpanID())
		require.Equal(t, first.SpanContext.TraceID(), second.Links[0].SpanContext.TraceID())
		require.NotEqual(t, first.SpanContext.TraceID(), second.SpanContext.TraceID())
	})
}

// A process that stops in the middle has no end of the run to tell of; the next
// one's run links to it all the same.
func TestARecoveredExecutionLinksToTheRunThatWasCutOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, store := newWatch(t), storetest.NewMemory()
		plan := steps().Step("a", pass).Step("b", failTimes(1)).Retry(policy.Fixed(2, time.Hour)).MustBuild()
		first := runner.NewDurable(plan, store, w.option)
		first.Start(t.Context(), order{})
		synctest.Wait() // it waits for the retry
		require.NoError(t, first.Shutdown(t.Context()))
		require.Equal(t, []string{"step a"}, w.tree())
		before := w.span("step a").Parent
		w.spans.Reset()

		second := runner.NewDurable(plan, store, w.option)
		found, err := second.Recover(t.Context())
		require.NoError(t, err)
		require.Len(t, found.Resumed, 1)
		_, err = found.Resumed[0].Wait(t.Context())
		require.NoError(t, err)
		execution := w.span("execution checkout")
		require.Len(t, execution.Links, 1)
		require.Equal(t, before.SpanID(), execution.Links[0].SpanContext.SpanID())
	})
}

// Where attempts are made in another process than the one that tells of events,
// what they call hangs under a span that ends.
func TestAttemptsInAnotherProcessAreSpans(t *testing.T) {
	w := newWatch(t)
	told, err := runner.EngineOptions(w.option)
	require.NoError(t, err)
	calls := func(ctx context.Context, _ *order) error {
		_, call := w.tracers.Tracer("test").Start(ctx, "call")
		call.End()
		return errBoom
	}
	plan := steps().Step("a", calls).Retry(policy.Fixed(2, 0)).MustBuild()
	const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
	_, err = runner.NewAsync(plan, runner.WithInterceptor(told.Interceptors[0])).
		Start(t.Context(), order{}, chain.WithMetadata(map[string]any{"traceparent": parent})).Wait(t.Context())

	require.ErrorIs(t, err, errBoom)
	require.ElementsMatch(t, []string{"attempt a", "attempt a > call", "attempt a", "attempt a > call"}, w.tree())
	for _, s := range w.spans.GetSpans() {
		require.Equal(t, "0af7651916cd43dd8448eb211c80319c", s.SpanContext.TraceID().String())
		if s.Name == "attempt a" {
			require.Equal(t, "b7ad6b7169203331", s.Parent.SpanID().String())
			require.Equal(t, codes.Error, s.Status.Code)
			require.Empty(t, s.Status.Description, "WithErrorText has not been asked")
		}
	}
}

func TestWhatIsNotSampledLeavesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, run maker) {
		w := newWatch(t, sdktrace.WithSampler(sdktrace.NeverSample()))
		sampled := true
		plan := steps().Step("a", func(ctx context.Context, _ *order) error {
			c := trace.SpanContextFromContext(ctx)
			require.True(t, c.IsValid(), "so that what is called is told not to sample either")
			sampled = c.IsSampled()
			return nil
		}).MustBuild()
		out, err := run(plan, w.option).Run(t.Context(), order{})
		require.NoError(t, err)
		require.False(t, sampled)
		require.Empty(t, w.spans.GetSpans())
		require.Nil(t, out.Context.Metadata())
		require.Equal(t, []string{"taskchain.execution.status=succeeded,taskchain.plan.name=checkout 1"}, w.measured("taskchain.executions"))
	})
}

func TestTelemetryLeavesNothingWithAnExecution(t *testing.T) {
	w := newWatch(t)
	var seen chain.Execution
	plan := steps().Step("a", func(ctx context.Context, _ *order) error {
		seen, _ = chain.AnyFromContext(ctx)
		return nil
	}).MustBuild()
	twice := otel.Instrument(otel.WithTracerProvider(w.tracers))
	_, err := runner.NewSync(plan, w.option, twice).Run(t.Context(), order{})
	require.NoError(t, err)
	require.NotNil(t, seen)
	require.Len(t, w.spans.GetSpans(), 4, "each Instrument has its own spans")
}

// What telemetry must survive: every branch may be told of by another one.
func TestManyBranchesAtOnce(t *testing.T) {
	w := newWatch(t)
	branches := chain.New[order]()
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		inside := chain.New[order]().Step("x", pass).Parallel("y", chain.New[order]().Step("1", pass).Step("2", pass)).Step("z", failTimes(1)).Retry(policy.Fixed(2, 0))
		branches = branches.Process(name, inside).Builder
	}
	plan := steps().Parallel("p", branches).MustBuild()
	r := runner.NewAsync(plan, w.option)
	for range 20 {
		w.spans.Reset()
		_, _ = r.Run(t.Context(), order{}) // of z, the first execution's first attempts fail
		tree := w.tree()
		require.Len(t, tree, 2+8*6)
		for _, s := range w.spans.GetSpans() {
			require.Equal(t, s.Name != "execution checkout", s.Parent.IsValid(), s.Name)
			require.False(t, s.EndTime.Before(s.StartTime), s.Name)
		}
		for _, name := range []string{"process p/c > step p/c/x", "parallel p/c/y > step p/c/y/1", "process p/c > parallel p/c/y", "parallel p > process p/c"} {
			require.Contains(t, tree, name)
		}
	}
}
