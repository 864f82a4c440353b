package runner_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

// The benchmarks stand beside the hand-written loop that keeps a trace, so that
// one run gives the ratios: see BENCHMARKS.md.

type counter struct{ n int }

func count(_ context.Context, c *counter) error   { c.n++; return nil }
func uncount(_ context.Context, c *counter) error { c.n--; return nil }

var errLast = errors.New("last")

func failLast(context.Context, *counter) error { return errLast }

// tracedEvent is what somebody who writes the loop by hand would keep.
type tracedEvent struct {
	at   time.Time
	kind string
	step string
	err  error
}

type tracedStep struct {
	name     string
	do, undo func(context.Context, *counter) error
}

// tracedLoop is a saga by hand: two events a step, the undos in reverse.
func tracedLoop(ctx context.Context, steps []tracedStep, c *counter) ([]tracedEvent, error) {
	trace := make([]tracedEvent, 0, 2*len(steps))
	for i, s := range steps {
		trace = append(trace, tracedEvent{time.Now(), "started", s.name, nil})
		err := s.do(ctx, c)
		if err == nil {
			trace = append(trace, tracedEvent{time.Now(), "succeeded", s.name, nil})
			continue
		}
		trace = append(trace, tracedEvent{time.Now(), "failed", s.name, err})
		for i--; i >= 0; i-- {
			trace = append(trace, tracedEvent{time.Now(), "compensating", steps[i].name, nil})
			if undoErr := steps[i].undo(ctx, c); undoErr != nil {
				return trace, errors.Join(err, undoErr)
			}
			trace = append(trace, tracedEvent{time.Now(), "compensated", steps[i].name, nil})
		}
		return trace, err
	}
	return trace, nil
}

func tracedSteps(n int, last func(context.Context, *counter) error) []tracedStep {
	steps := make([]tracedStep, n)
	for i := range steps {
		steps[i] = tracedStep{fmt.Sprint("step", i), count, uncount}
	}
	steps[n-1].do = last
	return steps
}

func planOf(n int, last builder.StepFunc[counter]) builder.Builder[counter] {
	b := chain.New[counter]()
	for i := range n - 1 {
		b = b.Step(fmt.Sprint("step", i), count).Compensate(uncount).Builder
	}
	return b.Step(fmt.Sprint("step", n-1), last).Builder
}

func bench(b *testing.B, r runner.Runner[counter], want error) {
	b.ReportAllocs()
	ctx := context.Background()
	for b.Loop() {
		if _, err := r.Run(ctx, counter{}); !errors.Is(err, want) {
			b.Fatal(err)
		}
	}
}

func benchLoop(b *testing.B, steps []tracedStep, want error) {
	b.ReportAllocs()
	ctx := context.Background()
	for b.Loop() {
		var c counter
		if _, err := tracedLoop(ctx, steps, &c); err != want {
			b.Fatal(err)
		}
	}
}

func BenchmarkSteps(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("n=%d/loop", n), func(b *testing.B) { benchLoop(b, tracedSteps(n, count), nil) })
		b.Run(fmt.Sprintf("n=%d/sync", n), func(b *testing.B) {
			bench(b, runner.NewSync(planOf(n, count).MustBuild()), nil)
		})
	}
}

func BenchmarkCompensate(b *testing.B) {
	b.Run("loop", func(b *testing.B) { benchLoop(b, tracedSteps(10, failLast), errLast) })
	b.Run("sync", func(b *testing.B) {
		bench(b, runner.NewSync(planOf(10, failLast).OnFailure(policy.Compensate).MustBuild()), errLast)
	})
}

func BenchmarkRetry(b *testing.B) {
	b.Run("backoff", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			n := 0
			err := backoff.Retry(func() error {
				if n++; n < 3 {
					return errLast
				}
				return nil
			}, &backoff.ZeroBackOff{})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("sync", func(b *testing.B) {
		bench(b, runner.NewSync(chain.New[counter]().Step("flaky", func(_ context.Context, c *counter) error {
			if c.n++; c.n < 3 {
				return errLast
			}
			return nil
		}).Retry(policy.Fixed(3, 0)).MustBuild()), nil)
	})
}

func BenchmarkAsync(b *testing.B) {
	plan := planOf(10, count).MustBuild()
	b.Run("sync", func(b *testing.B) { bench(b, runner.NewSync(plan), nil) })
	b.Run("async", func(b *testing.B) { bench(b, runner.NewAsync(plan), nil) })
}

func BenchmarkShared(b *testing.B) {
	r := runner.NewSync(planOf(10, count).MustBuild())
	b.Run("one", func(b *testing.B) { bench(b, r, nil) })
	b.Run("two", func(b *testing.B) {
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if _, err := r.Run(context.Background(), counter{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}

func BenchmarkNested(b *testing.B) {
	b.Run("flat", func(b *testing.B) { bench(b, runner.NewSync(planOf(100, count).MustBuild()), nil) })
	b.Run("nested", func(b *testing.B) {
		outer := chain.New[counter]()
		for i := range 10 {
			outer = outer.Process(fmt.Sprint("process", i), planOf(10, count)).Builder
		}
		bench(b, runner.NewSync(outer.MustBuild()), nil)
	})
}

func BenchmarkWatched(b *testing.B) {
	plan := planOf(10, count).MustBuild()
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
