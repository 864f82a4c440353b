package chain_test

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

func TestTraceStringIsATimeline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ms := time.Millisecond
		undos := 0
		plan := chain.New[int]().Named("checkout").
			Step("reserve", takes(1234*time.Microsecond, nil)).
			Compensate(func(context.Context, *int) error {
				if undos++; undos < 2 {
					return errNo
				}
				return nil
			}).RetryCompensation(policy.Fixed(2, 150*ms)).
			Step("coupon", takes(0, nil)).When(func(context.Context, *int) bool { return false }).
			Step("book", takes(ms, nil)).Compensate(takes(90*time.Second, errNo)).
			Process("fulfil", chain.New[int]().
				Step("päck", chain.Do(func(_ context.Context, exec *chain.ExecutionContext[int]) error {
					exec.Log(slog.LevelWarn, "last\nbox\x1b[31m")
					return nil
				})).
				Step("ship", func(ctx context.Context, _ *int) error {
					if step, _ := chain.StepFrom(ctx); step.Attempt == 1 {
						return errNo
					}
					panic("two\nlines")
				}).Retry(policy.Fixed(3, 20*time.Millisecond))).
			OnFailure(policy.Compensate).
			MustBuild()
		out, err := runner.NewSync(plan).Run(context.Background(), 0)
		require.Error(t, err)
		require.Equal(t, `      +0s  plan         ▶ started
      +0s  reserve      ▷ started
  +1.23ms  reserve      ✓ succeeded
  +1.23ms  coupon       ○ skipped
  +1.23ms  book         ▷ started
  +2.23ms  book         ✓ succeeded
  +2.23ms  fulfil       ▷ started
  +2.23ms  fulfil/päck  ▷ started
  +2.23ms  fulfil/päck  · WARN last box [31m
  +2.23ms  fulfil/päck  ✓ succeeded
  +2.23ms  fulfil/ship  ▷ started
  +2.23ms  fulfil/ship  ↻ retrying (attempt 1): no; next in 20ms
  +22.2ms  fulfil/ship  ▷ started (attempt 2)
  +22.2ms  fulfil/ship  ✗ failed (attempt 2): panic: two lines
  +22.2ms  fulfil       ✗ failed: panic: two lines
  +22.2ms  book         ◁ compensating
   +1m30s  book         ! compensation failed: no
   +1m30s  reserve      ◁ compensating
   +1m30s  reserve      ↻ retrying compensation (attempt 1): no; next in 150ms
 +1m30.2s  reserve      ◁ compensating (attempt 2)
 +1m30.2s  reserve      ↩ compensated (attempt 2)
 +1m30.2s  plan         ■ stuck
`, out.Context.Trace().String())
	})
}

func TestTraceStringOfDurations(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	for want, d := range map[string]time.Duration{
		"+0s": 0, "+1ns": 1, "+999ns": 999, "+1.23µs": 1234, "+12.3µs": 12345, "+123µs": 123456,
		"+1s": 999_999_999, "+59.9s": 59_876_543_210, "+1m40s": 100 * time.Second,
		"+3h1m41s": 3*time.Hour + 101*time.Second, "+101h0m1s": 101*time.Hour + time.Second, "+-1.23s": -1234567 * time.Microsecond,
	} {
		trace := chain.Trace{{Time: start, Kind: chain.KindPlanStarted}, {Time: start.Add(d), Kind: chain.KindPlanEnded, Message: "x"}}
		require.Contains(t, trace.String(), want+"  plan  ■ x")
	}
	require.Empty(t, chain.Trace{}.String())
	require.Equal(t, "      +0s  plan  kind(0)\n", chain.Trace{{}}.String(), "nothing in it makes it panic")
}
