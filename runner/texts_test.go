package runner_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
)

// What a person reads at night must say what happened.
func TestErrorTexts(t *testing.T) {
	until := func(ctx context.Context, _ **world) error { <-ctx.Done(); return ctx.Err() }
	for _, tt := range []struct {
		name string
		b    builder.Builder[*world]
		text string
	}{
		{"attempts", steps().Step("a", fails("a", errBoom)).Retry(policy.Fixed(3, 0)).Builder,
			`aborted: step "a" failed after 3 attempts: boom`},
		{"timeout", steps().Step("a", until).Timeout(time.Second).Builder,
			`aborted: step "a" failed: timeout: the attempt took longer than 1s`},
		{"timeout and error", steps().Step("a", func(ctx context.Context, _ **world) error { <-ctx.Done(); return errBoom }).Timeout(time.Second).Builder,
			`aborted: step "a" failed: timeout: the attempt took longer than 1s: boom`},
		{"within", steps().Step("a", fails("a", errBoom)).Retry(policy.Fixed(9, time.Second)).Within(1500 * time.Millisecond),
			`aborted: step "a" failed after 2 attempts: timeout: the plan took longer than 1.5s (last error: boom)`},
		{"panic", steps().Process("p", steps().Step("a", func(context.Context, **world) error { panic("oops") })).Builder,
			`aborted: step "p/a" failed: panic: oops`},
		{"stuck", steps().Step("a", do("a")).Compensate(fails("undo", errors.New("no refund"))).Step("b", fails("b", errBoom)).OnFailure(policy.Compensate),
			`stuck: step "b" failed: boom; compensation of step "a" failed: no refund`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			onEach(t, func(t *testing.T, k kind) {
				out, err := k.run(t, t.Context(), tt.b.Named("plan"))
				require.EqualError(t, err, `taskchain: plan "plan": execution `+out.Context.ID+" "+tt.text)
			})
		})
	}
}

func TestASiblingsErrorIsTheCauseOfTheBranchesEnd(t *testing.T) {
	onEach(t, func(t *testing.T, k kind) {
		var cause error
		_, _ = k.run(t, t.Context(), steps().Parallel("par", steps().
			Step("x", func(ctx context.Context, _ **world) error {
				if k.together {
					<-ctx.Done()
					cause = context.Cause(ctx)
				}
				return nil
			}).
			Step("y", func(context.Context, **world) error { time.Sleep(time.Second); return errBoom })).Builder)
		if k.together {
			require.EqualError(t, cause, `branch "par/y" failed: step "par/y" failed: boom`)
		}
	})
}

func TestRule04_AGoexitIsSurvivedWhereverTheUsersFunctionIs(t *testing.T) {
	exit := func() bool { runtime.Goexit(); return false }
	for name, b := range map[string]builder.Builder[*world]{
		"when":        steps().Step("x", do("x")).When(func(context.Context, **world) bool { return exit() }).Builder,
		"match":       steps().Step("x", fails("x", errBoom)).Retry(policy.Fixed(3, 0).RetryOn(func(error) bool { return exit() })).Builder,
		"in parallel": steps().Parallel("p", steps().Step("y", do("y")).Step("x", fails("x", errBoom)).Retry(policy.Fixed(3, 0).GiveUpOn(func(error) bool { return exit() }))).Builder,
	} {
		t.Run(name, func(t *testing.T) {
			onEach(t, func(t *testing.T, k kind) {
				exec := chain.NewExecutionContext(&world{})
				r := k.make(steps().Step("a", do("a")).Compensate(do("undo a")).Process("rest", b).OnFailure(policy.Compensate).MustBuild())
				finished := make(chan struct{})
				go func() { defer close(finished); r.Resume(t.Context(), exec) }()
				<-finished
				require.Equal(t, chain.Compensated, exec.Status())
				require.Contains(t, exec.Trace().String(), "runtime.Goexit")
				require.Equal(t, "undo a", exec.Data.Done[len(exec.Data.Done)-1])
				require.LessOrEqual(t, len(exec.Data.Done), 4, "nothing ran twice")
			})
		})
	}
}
