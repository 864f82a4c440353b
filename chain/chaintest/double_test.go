package chaintest_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/chain/chaintest"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

func TestDoubles(t *testing.T) {
	call := func(f builder.StepFunc[int]) error { return f(t.Context(), new(int)) }
	require.NoError(t, call(chaintest.Nothing[int]()))
	require.Equal(t, io.EOF, call(chaintest.Failing[int](io.EOF)))
	require.Equal(t, chaintest.ErrInjected, call(chaintest.Failing[int](nil)))
	require.PanicsWithValue(t, 7, func() { _ = call(chaintest.Panicking[int](7)) })
	require.PanicsWithValue(t, chaintest.ErrInjected, func() { _ = call(chaintest.Panicking[int](nil)) })

	flaky := chaintest.Flaky(2, io.EOF, func(_ context.Context, n *int) error { *n++; return nil })
	require.Equal(t, io.EOF, call(flaky))
	require.Equal(t, io.EOF, call(flaky))
	n := 0
	require.NoError(t, flaky(t.Context(), &n))
	require.Equal(t, 1, n)
	require.NoError(t, call(chaintest.Flaky[int](0, nil, nil)))
	require.Equal(t, chaintest.ErrInjected, call(chaintest.Flaky[int](1, nil, nil)))

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(io.EOF)
	require.Equal(t, io.EOF, chaintest.Slow[int]()(ctx, new(int)))
}

func TestSlowStepsRunIntoTheirTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan := chain.New[int]().Step("a", chaintest.Slow[int]()).Timeout(time.Minute).Retry(policy.Fixed(2, 0)).MustBuild()
		began := time.Now()
		_, err := runner.NewSync(plan).Run(t.Context(), 0)
		require.ErrorIs(t, err, chain.ErrTimeout)
		require.Equal(t, 2*time.Minute, time.Since(began))
	})
}

// A panic that the plan's author put there is no news.
func TestPanickingInAPlanIsNoComplaint(t *testing.T) {
	explore := func(v any) *recorder {
		r := &recorder{TB: t}
		plan := chain.New[int]().Step("a", chaintest.Panicking[int](v)).MustBuild()
		chaintest.Explore(r, plan, func() int { return 0 }, func(chain.Outcome[int]) error { return nil })
		return r
	}
	require.Empty(t, explore(nil).errors)
	require.Contains(t, explore(errors.New("boom")).errors[0], "no failure; then aborted, but: a panicked at double.go:")
}
