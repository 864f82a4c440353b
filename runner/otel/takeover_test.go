package otel_test

import (
	"context"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

// handOver has the first process told of an execution's events up to the nth, and
// the second one of the rest.
func handOver(t *testing.T, n int, first, second *watch) runner.Option {
	var tell [2]func(context.Context, chain.Event)
	for i, w := range []*watch{first, second} {
		told, err := runner.EngineOptions(w.option)
		require.NoError(t, err)
		tell[i] = told.Observers[0]
	}
	return runner.WithObserver(func(ctx context.Context, e chain.Event) {
		if n--; n >= 0 {
			tell[0](ctx, e)
		} else {
			tell[1](ctx, e)
		}
	})
}

// longPlan takes a second for each attempt, and has everything undone.
func longPlan() *builder.Plan[order] {
	slow := func(context.Context, *order) error { time.Sleep(time.Second); return nil }
	return steps().
		Step("reserve", slow).Compensate(slow).
		Process("fulfil", chain.New[order]().
			Step("pack", slow).Compensate(slow).
			Parallel("tell", chain.New[order]().Step("mail", slow).Step("sms", failTimes(1)).Retry(policy.Fixed(2, time.Second)))).
		Process("pay", chain.New[order]().Step("hold", slow).Step("take", fail)).
		OnFailure(policy.Compensate).MustBuild()
}

// An execution that goes on in another process, at whichever event, is told there
// as if it had been there from its begin: nothing ends twice, and all in one trace.
func TestAnotherProcessTakesOver(t *testing.T) {
	type told struct {
		name, status string
		begin, end   time.Duration
	}
	// run is what was told of the spans that ended, and by how many events.
	run := func(t *testing.T, n int) (all []told, events int) {
		synctest.Test(t, func(t *testing.T) {
			first, second := newWatch(t), newWatch(t)
			start := time.Now()
			out, err := runner.NewSync(longPlan(), handOver(t, n, first, second)).Run(t.Context(), order{})
			require.ErrorIs(t, err, errBoom)
			events = len(out.Context.Trace())
			spans := slices.Concat(first.spans.GetSpans(), second.spans.GetSpans())
			for _, s := range spans {
				require.Equal(t, spans[0].SpanContext.TraceID(), s.SpanContext.TraceID(), s.Name)
				all = append(all, told{s.Name, s.Status.Description, s.StartTime.Sub(start), s.EndTime.Sub(start)})
			}
			if n > 0 && n < events {
				require.False(t, slices.ContainsFunc(first.spans.GetSpans(), isExecution))
				require.Len(t, second.span("execution checkout").Links, 1)
				require.Equal(t, []string{"taskchain.plan.name=checkout 0"}, second.measured("taskchain.active_executions"))
				require.Equal(t, []string{"taskchain.execution.status=compensated,taskchain.plan.name=checkout 1"}, second.measured("taskchain.executions"))
			}
		})
		return all, events
	}
	want, events := run(t, 0)
	require.Contains(t, want, told{"execution checkout", "compensated: step pay/take: boom", 0, 7 * time.Second})
	for n := 1; n < events; n++ {
		got, _ := run(t, n)
		require.ElementsMatch(t, want, got, "from event %d on", n)
	}
}

func isExecution(s tracetest.SpanStub) bool { return s.Name == "execution checkout" }

// An execution that goes on elsewhere, or nowhere, is active here no longer than
// somebody remembers it.
func TestWhatIsForgottenIsNotActive(t *testing.T) {
	first, second := newWatch(t), newWatch(t)
	_, _ = runner.NewSync(steps().Step("a", pass).MustBuild(), handOver(t, 1, first, second)).Run(t.Context(), order{})
	for !slices.Equal(first.measured("taskchain.active_executions"), []string{"taskchain.plan.name=checkout 0"}) {
		runtime.GC()
	}
	require.Empty(t, first.measured("taskchain.executions"))

	ended := newWatch(t)
	_, err := runner.NewSync(steps().Step("a", pass).MustBuild(), ended.option).Run(t.Context(), order{})
	require.NoError(t, err)
	for range 3 { // a cycle may leave what the next one finds
		cleaned := make(chan struct{})
		runtime.AddCleanup(new(order{"behind it"}), func(c chan struct{}) { close(c) }, cleaned)
		runtime.GC()
		<-cleaned
	}
	require.Equal(t, []string{"taskchain.plan.name=checkout 0"}, ended.measured("taskchain.active_executions"), "it has ended, and only once")
}

// What is logged behind the end begins nothing.
func TestALateLogTakesNothingOver(t *testing.T) {
	w := newWatch(t)
	out, err := runner.NewSync(steps().Step("a", pass).MustBuild(), w.option).Run(t.Context(), order{})
	require.NoError(t, err)
	out.Context.Log(0, "late")
	require.ElementsMatch(t, []string{"execution checkout", "execution checkout > step a"}, w.tree())
	require.Equal(t, []string{"taskchain.plan.name=checkout 0"}, w.measured("taskchain.active_executions"))
}
