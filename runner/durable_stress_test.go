package runner_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/storetest"
)

// moody is a Store of which now and then an Append fails, with its record kept or
// not, and that lets others go first.
type moody struct {
	*storetest.Memory
	calm atomic.Bool
}

func (s *moody) Append(ctx context.Context, r runner.Record) error {
	runtime.Gosched()
	if !s.calm.Load() {
		switch rand.IntN(40) {
		case 0:
			return errDied
		case 1:
			return errors.Join(s.Memory.Append(ctx, r), errDied)
		}
	}
	return s.Memory.Append(ctx, r)
}

func (s *moody) Records(ctx context.Context, id string) ([]runner.Record, error) {
	runtime.Gosched()
	if !s.calm.Load() && rand.IntN(40) == 0 {
		return nil, errDied
	}
	return s.Memory.Records(ctx, id)
}

// An inspector sees to it that no execution runs twice at once, and nothing that
// is recorded as completed or compensated runs again.
type inspector struct {
	store  *moody
	faults chan string
	atWork sync.Map // of ID to *atomic.Int32
}

func (i *inspector) inspect(ctx context.Context, step chain.StepInfo, next func(context.Context) error) error {
	n, _ := i.atWork.LoadOrStore(step.ExecutionID, new(atomic.Int32))
	if n.(*atomic.Int32).Add(1) != 1 {
		i.faults <- fmt.Sprintf("%s runs twice at once", step.ExecutionID)
	}
	defer n.(*atomic.Int32).Add(-1)
	exec, err := runner.NewDurable(money(nil), i.store.Memory).Get(ctx, step.ExecutionID)
	switch {
	case err != nil:
		i.faults <- fmt.Sprintf("%s %s %s: %v", step.ExecutionID, step.Path, step.Phase, err)
	case step.Phase == chain.Forward && slices.Contains(exec.Completed(), step.Path),
		slices.Contains(exec.Compensated(), step.Path):
		i.faults <- fmt.Sprintf("%s: %s %s again", step.ExecutionID, step.Path, step.Phase)
	}
	runtime.Gosched()
	return next(ctx)
}

// Whatever is asked of the runners of a store at once, and whatever the store
// does, each execution runs once at a time, and comes to an end at last.
func TestDurableUnderStress(t *testing.T) {
	store := &moody{Memory: storetest.NewMemory()}
	watch := &inspector{store: store, faults: make(chan string, 1000)}
	tolerable := func(name string) builder.StepFunc[books] {
		return func(ctx context.Context, w *books) error {
			if rand.IntN(8) == 0 {
				return errBoom
			}
			w.Done = append(w.Done, name)
			return context.Cause(ctx)
		}
	}
	plan := sagas().Named("money").
		Step("reserve", tolerable("reserve")).Retry(policy.Fixed(2, 1)).Compensate(tolerable("release")).
		Parallel("both", sagas().
			Step("charge", tolerable("charge")).Compensate(tolerable("refund")).
			Step("pack", tolerable("pack")).Compensate(tolerable("unpack"))).
		Step("ship", tolerable("ship")).Compensate(tolerable("recall")).
		OnFailure(policy.Compensate).MustBuild()
	fresh := func() *runner.Durable[books] {
		return runner.NewDurable(plan, store, runner.WithInterceptor(watch.inspect), runner.WithConcurrency(5))
	}
	var current atomic.Pointer[runner.Durable[books]]
	current.Store(fresh())
	ctx := context.Background()
	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			for range 400 {
				d, id := current.Load(), fmt.Sprint(rand.IntN(8))
				switch rand.IntN(16) {
				case 0, 1:
					_, _ = d.Cancel(ctx, id, nil)
				case 2, 3:
					_, _ = d.Retry(ctx, id)
				case 4:
					_ = d.Forget(ctx, id)
				case 5:
					_, _ = d.Recover(ctx)
				case 6:
					if exec, err := d.Get(ctx, id); err == nil {
						_, _ = d.Resume(ctx, exec)
					}
				case 7:
					if rand.IntN(4) == 0 && current.CompareAndSwap(d, fresh()) {
						_ = d.Shutdown(ctx)
					}
				default:
					h := d.Start(ctx, books{}, chain.WithID(id))
					if rand.IntN(2) == 0 {
						_, _ = h.Wait(ctx)
					}
				}
			}
		})
	}
	group.Wait()
	require.NoError(t, current.Load().Shutdown(ctx))
	store.calm.Store(true)
	last := fresh()
	found, err := last.Recover(ctx)
	require.NoError(t, err)
	for _, h := range found.Resumed {
		_, _ = h.Wait(ctx)
	}
	require.NoError(t, last.Shutdown(ctx))
	for head := range store.List(ctx, runner.Query{}) {
		require.True(t, head.Status.Ended(), "%s is %s", head.ID, head.Status)
	}
	close(watch.faults)
	for fault := range watch.faults {
		require.Fail(t, fault)
	}
}
