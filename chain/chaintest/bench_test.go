package chaintest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/chain/chaintest"
	"github.com/taskchain-go/taskchain/policy"
)

// planOf has n steps with everything that has cases of its own.
func planOf(n int) func(*books) *builder.Plan[order] {
	return func(b *books) *builder.Plan[order] {
		all := chain.New[order]().OnFailure(policy.Compensate)
		for i := range n {
			book := fmt.Sprintf("book %d", i)
			all = all.Step(fmt.Sprintf("step %d", i), b.take(book)).
				Retry(policy.Exponential(3, time.Second)).
				Timeout(time.Minute).
				Compensate(b.give(book)).
				RetryCompensation(policy.Exponential(3, time.Second)).
				CompensationTimeout(time.Minute).
				CompensateOnFailure().Builder
		}
		return all.MustBuild()
	}
}

func BenchmarkExplore(b *testing.B) {
	for _, steps := range []int{1, 3, 10, 30} {
		b.Run(fmt.Sprintf("steps=%d", steps), func(b *testing.B) { benchmark(b, steps) })
	}
	b.Run("steps=3/pairs", func(b *testing.B) { benchmark(b, 3, chaintest.Pairs()) })
	b.Run("steps=10/pairs", func(b *testing.B) { benchmark(b, 10, chaintest.Pairs()) })
}

func benchmark(b *testing.B, steps int, opts ...chaintest.Option) {
	r := &recorder{TB: b}
	for b.Loop() {
		chaintest.ExploreWorld(r, planOf(steps), newWorld, balance, opts...)
	}
	if len(r.errors) > 0 {
		b.Fatal(r.errors[0])
	}
	var cases int
	_, _ = fmt.Sscanf(r.logs[0], "chaintest: %d", &cases)
	b.ReportMetric(float64(cases), "cases")
}
