package runner_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"unsafe"

	"github.com/cenkalti/backoff/v4"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/internal/handwritten"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

// The benchmarks stand beside loops written by hand, so that one run gives the
// ratios. The table of BENCHMARKS.md, other libraries and targets included, is
// made by the module runner/peerbench.

func planOf(n int, last builder.StepFunc[handwritten.Tally]) builder.Builder[handwritten.Tally] {
	b := chain.New[handwritten.Tally]()
	for i := range n - 1 {
		b = b.Step(fmt.Sprint("step", i), handwritten.Do).Compensate(handwritten.Undo).Builder
	}
	return b.Step(fmt.Sprint("step", n-1), last).Compensate(handwritten.Undo).Builder
}

func bench(b *testing.B, r runner.Runner[handwritten.Tally], want error) {
	b.ReportAllocs()
	ctx := context.Background()
	for b.Loop() {
		if _, err := r.Run(ctx, handwritten.Tally{}); !errors.Is(err, want) {
			b.Fatal(err)
		}
	}
}

func benchTraced(b *testing.B, steps []handwritten.Step, want error) {
	b.ReportAllocs()
	ctx := context.Background()
	for b.Loop() {
		var t handwritten.Tally
		if _, err := handwritten.Traced(ctx, steps, &t); err != want {
			b.Fatal(err)
		}
	}
}

func benchPlain(b *testing.B, steps []handwritten.Step, want error) {
	b.ReportAllocs()
	ctx := context.Background()
	for b.Loop() {
		var t handwritten.Tally
		if err := handwritten.Plain(ctx, steps, &t); !errors.Is(err, want) {
			b.Fatal(err)
		}
	}
}

func BenchmarkSteps(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		steps := handwritten.Steps(n, handwritten.Do)
		b.Run(fmt.Sprintf("n=%d/traced", n), func(b *testing.B) { benchTraced(b, steps, nil) })
		b.Run(fmt.Sprintf("n=%d/plain", n), func(b *testing.B) { benchPlain(b, steps, nil) })
		b.Run(fmt.Sprintf("n=%d/sync", n), func(b *testing.B) {
			bench(b, runner.NewSync(planOf(n, handwritten.Do).MustBuild()), nil)
		})
	}
}

func BenchmarkCompensate(b *testing.B) {
	steps := handwritten.Steps(10, handwritten.Fail)
	b.Run("traced", func(b *testing.B) { benchTraced(b, steps, handwritten.Err) })
	b.Run("plain", func(b *testing.B) { benchPlain(b, steps, handwritten.Err) })
	b.Run("sync", func(b *testing.B) {
		plan := planOf(10, handwritten.Fail).OnFailure(policy.Compensate).MustBuild()
		bench(b, runner.NewSync(plan), handwritten.Err)
	})
}

func BenchmarkRetry(b *testing.B) {
	ctx := context.Background()
	b.Run("traced", func(b *testing.B) {
		b.ReportAllocs()
		step := handwritten.Step{Name: "flaky", Do: handwritten.FailTwice}
		for b.Loop() {
			var t handwritten.Tally
			if _, err := handwritten.Retried(ctx, step, 3, &t); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("backoff", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var t handwritten.Tally
			err := backoff.Retry(func() error { return handwritten.FailTwice(ctx, &t) }, &backoff.ZeroBackOff{})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("sync", func(b *testing.B) {
		plan := chain.New[handwritten.Tally]().
			Step("flaky", handwritten.FailTwice).Retry(policy.Fixed(3, 0)).
			MustBuild()
		bench(b, runner.NewSync(plan), nil)
	})
}

func BenchmarkAsync(b *testing.B) {
	plan := planOf(10, handwritten.Do).MustBuild()
	b.Run("sync", func(b *testing.B) { bench(b, runner.NewSync(plan), nil) })
	b.Run("async", func(b *testing.B) { bench(b, runner.NewAsync(plan), nil) })
}

// BenchmarkShared is one plan and runner used from two goroutines: half the time
// an execution if they are not in each other's way.
func BenchmarkShared(b *testing.B) {
	r := runner.NewSync(planOf(10, handwritten.Do).MustBuild())
	b.Run("one", func(b *testing.B) { bench(b, r, nil) })
	b.Run("two", func(b *testing.B) {
		b.ReportAllocs()
		var group sync.WaitGroup
		for range 2 {
			group.Go(func() {
				for range (b.N + 1) / 2 {
					if _, err := r.Run(context.Background(), handwritten.Tally{}); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		group.Wait()
	})
}

func BenchmarkNested(b *testing.B) {
	b.Run("flat", func(b *testing.B) { bench(b, runner.NewSync(planOf(100, handwritten.Do).MustBuild()), nil) })
	b.Run("nested", func(b *testing.B) {
		outer := chain.New[handwritten.Tally]()
		for i := range 10 {
			outer = outer.Process(fmt.Sprint("process", i), planOf(10, handwritten.Do)).Builder
		}
		bench(b, runner.NewSync(outer.MustBuild()), nil)
	})
}

func BenchmarkWatched(b *testing.B) {
	plan := planOf(10, handwritten.Do).MustBuild()
	events := 0
	b.Run("plain", func(b *testing.B) { bench(b, runner.NewSync(plan), nil) })
	b.Run("observer", func(b *testing.B) {
		bench(b, runner.NewSync(plan, runner.WithObserver(func(context.Context, chain.Event) { events++ })), nil)
	})
	b.Run("interceptor", func(b *testing.B) {
		bench(b, runner.NewSync(plan, runner.WithInterceptor(
			func(ctx context.Context, _ chain.StepInfo, next func(context.Context) error) error { return next(ctx) })), nil)
	})
}

// BenchmarkKept is the memory that a finished execution keeps beside its data.
func BenchmarkKept(b *testing.B) {
	const executions = 1000
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			r := runner.NewSync(planOf(n, handwritten.Do).MustBuild())
			kept := make([]*chain.ExecutionContext[handwritten.Tally], executions)
			total := 0
			for b.Loop() {
				clear(kept)
				before := heap()
				for i := range kept {
					out, err := r.Run(context.Background(), handwritten.Tally{})
					if err != nil {
						b.Fatal(err)
					}
					kept[i] = out.Context
				}
				total += heap() - before - executions*int(unsafe.Sizeof(handwritten.Tally{}))
				runtime.KeepAlive(kept)
			}
			b.ReportMetric(0, "ns/op") // of a thousand executions and their collection: nothing to know
			b.ReportMetric(float64(total)/float64(b.N)/executions/float64(n), "bytes/step")
		})
	}
}

// heap is the bytes in use after everything unused is collected.
func heap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
