package chain_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
)

// The engine settles a step once. Should another interpreter do so twice, it is
// nevertheless one step, to be undone once, and what was recorded last counts.
func TestTheNewestSettlingCounts(t *testing.T) {
	plan := chain.New[int]().
		Step("a", func(context.Context, *int) error { return nil }).Compensate(func(context.Context, *int) error { return nil }).
		MustBuild()
	exec := chain.NewExecutionContext(0)
	with := &chain.Recording{Steps: append([]builder.Step{plan.Root()}, slices.Collect(plan.Steps())...)}
	r, _, err := chain.Begin(t.Context(), exec, with, time.Now(), new(chain.Scope))
	require.NoError(t, err)
	settled := func() (attempts []int) {
		for s := range r.Settled() {
			_, n := s.Forward()
			attempts = append(attempts, n)
		}
		return attempts
	}
	for attempts := 1; attempts <= 2; attempts++ {
		r.Record(chain.NewRecord(time.Second, chain.KindSucceeded, 1, chain.Forward, attempts))
		require.Equal(t, []int{attempts}, settled())
		require.Equal(t, []string{"a"}, exec.Completed())
	}
	for attempts := 1; attempts <= 2; attempts++ {
		r.Record(chain.NewRecord(time.Minute, chain.KindCompensated, 1, chain.Compensation, attempts))
		require.Equal(t, []string{"a"}, exec.Compensated())
		require.Equal(t, attempts, exec.Snapshot().Steps[0].UndoAttempts)
	}
	require.Empty(t, exec.Completed())
	require.Equal(t, []int{2}, settled())
	for range r.Settled() {
		break
	}
	require.Len(t, exec.Trace(), 4, "the lock is free again")
}
