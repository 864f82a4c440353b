package runnertest

import (
	"context"
	"runtime"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

var traceCases = []ruleCase{{
	rule: 12,
	name: "TheTraceTellsEverythingInOrder",
	why:  "what cannot be seen cannot be put right, and the same plan tells the same story on every runner (rule 13)",
	run: func(k *kit) {
		var seen []string
		r := k.run(steps().
			Step("a", does("a")).Compensate(failsFirst(1, "undo a", errBust)).RetryCompensation(policy.Fixed(2, 0)).
			Step("b", does("b")).When(never).
			Process("p", steps().
				Step("c", does("c")).Compensate(fails("undo c", errBust)).
				Step("d", fails("d", errBoom)).Retry(policy.Fixed(2, 0))).
			OnFailure(policy.Compensate),
			runner.WithObserver(func(_ context.Context, e chain.Event) { seen = append(seen, eventsOf([]chain.Event{e})[0].String()) }))
		want := []string{
			"plan_started",
			"started a #1", "succeeded a #1",
			"skipped b",
			"started p",
			"started p/c #1", "succeeded p/c #1",
			"started p/d #1", "retrying p/d #1", "started p/d #2", "failed p/d #2",
			"failed p #1",
			"compensating p/c #1", "compensation_failed p/c #1",
			"compensating a #1", "retrying compensation a #1", "compensating a #2", "compensated a #2",
			"plan_ended",
		}
		k.Equal(want, told(r.Context.Trace()))
		k.Equal(want, seen, "an observer sees each event once, in order")
	},
}, {
	rule: 12,
	name: "EventsSayWhyAndWhen",
	why:  "a trace is read by people who were not there",
	run: func(k *kit) {
		r := k.run(steps().Step("a", failsFirst(1, "a", errBoom)).Retry(policy.Fixed(2, 0)).Builder)
		trace := r.Context.Trace()
		for i, e := range trace {
			k.False(e.Time.IsZero(), "event %d has its time", i)
			k.False(i > 0 && e.Time.Before(trace[i-1].Time), "event %d is not before the one before it", i)
		}
		k.Equal(chain.KindRetrying, trace[2].Kind)
		k.Contains(trace[2].Error, "boom")
		k.Equal("succeeded", trace[len(trace)-1].Message, "the last one says how the plan ended")
	},
}, {
	rule: 12,
	name: "AnObserverThatPanics",
	why:  "nothing that looks on may stop an execution or hide it from others",
	run: func(k *kit) {
		seen, calls := 0, 0
		r := k.run(steps().Step("a", does("a")).Step("b", does("b")).Builder,
			runner.WithObserver(func(context.Context, chain.Event) { calls++; panic("observer") }),
			runner.WithObserver(func(context.Context, chain.Event) { seen++ }))
		k.Equal([]string{"a", "b"}, r.done())
		k.status(chain.Succeeded, r.Status)
		k.Equal(1, calls, "it is not asked again")
		k.Equal(len(r.Context.Trace()), seen, "the other one has seen everything")
	},
}, {
	rule:  12,
	name:  "AnObserverThatEndsItsGoroutine",
	why:   "nor may one that calls runtime.Goexit",
	needs: Resumes,
	not:   Remote,
	run: func(k *kit) {
		seen := 0
		exec := chain.NewExecutionContext(caseState())
		runner := k.newRunner(steps().Step("a", does("a")).Step("b", does("b")).MustBuild(),
			runner.WithObserver(func(_ context.Context, e chain.Event) {
				if e.Path == "a" {
					runtime.Goexit()
				}
			}),
			runner.WithObserver(func(context.Context, chain.Event) { seen++ }))
		ended := make(chan struct{})
		go func() { defer close(ended); runner.Resume(background(), exec) }()
		<-ended
		k.Equal([]string{"a", "b"}, exec.Data.notes(""))
		k.status(chain.Succeeded, exec.Status())
		k.Len(exec.Trace(), seen)
	},
}, {
	rule: 12,
	name: "InterceptorsAreAroundEachAttempt",
	why:  "limits, spans and locks belong around attempts, those of compensations included",
	not:  Remote,
	run: func(k *kit) {
		var around []string
		r := k.run(steps().
			Step("a", failsFirst(1, "a", errBoom)).Retry(policy.Fixed(2, 0)).Compensate(does("undo a")).
			Step("b", does("b")).
			OnFailure(policy.Compensate),
			runner.WithInterceptor(func(ctx context.Context, step chain.StepInfo, next func(context.Context) error) error {
				around = append(around, step.Path+" "+step.Phase.String())
				err := next(ctx)
				if step.Path == "b" {
					return errBust
				}
				return err
			}))
		k.Equal([]string{"a forward", "a forward", "b forward", "a compensation"}, around)
		k.is(r.err, errBust) // the interceptor's error is the attempt's
		k.status(chain.Compensated, r.Status)
	},
}, {
	rule: 12,
	name: "OnlyTheErrorTextThatIsAllowed",
	why:  "errors may hold personal data, which must not get into logs and databases",
	run: func(k *kit) {
		r := k.run(steps().Step("a", fails("a", errBoom)).Retry(policy.Fixed(2, 0)).Builder,
			runner.WithErrorText(func(error) string { return "redacted" }))
		for _, e := range r.Context.Trace() {
			k.NotContains(e.Error, "boom")
		}
		k.Contains(r.Context.Trace().String(), "redacted")
		if k.has&Remote == 0 {
			k.ErrorContains(r.err, "boom", "the caller still has the error itself")
		}
	},
}}
