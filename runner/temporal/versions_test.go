package temporal_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner/temporal"
)

// An execution in flight goes on with the structure that it began with, whatever
// its workers have by then: a rolling deploy does not touch it.
func TestARollingDeploy(t *testing.T) {
	c, queue := dial(t), newName()
	release := make(chan struct{})
	wait := func(context.Context, *book) error { <-release; return nil }
	before := chain.New[book]().Step("a", writes("a")).Step("wait", wait).Step("old", writes("old")).Step("z", writes("z")).MustBuild()
	after := chain.New[book]().Step("z", writes("z")).Step("new", writes("new")).Step("a", writes("a")).Step("wait", wait).MustBuild()
	work(t, c, queue, before)
	first, err := temporal.NewRunner(c, before, temporal.Name(queue)).Start(t.Context(), book{}, id())
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		p, err := first.Progress(t.Context())
		return err == nil && p.Completed == 1
	}, 10*time.Second, 10*time.Millisecond)
	work(t, c, queue, after) // both at work, side by side
	second, err := temporal.NewRunner(c, after, temporal.Name(queue)).Start(t.Context(), book{}, id())
	require.NoError(t, err)
	close(release)
	for h, want := range map[*temporal.Handle[book]][]string{first: {"a", "old", "z"}, second: {"z", "new", "a"}} {
		out, err := h.Wait(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, out.Context.Data.Lines)
	}
}

// A step that no worker has any more fails, after a time.
func TestAStepThatIsGone(t *testing.T) {
	c, queue := dial(t), newName()
	work(t, c, queue, chain.New[book]().Step("a", writes("a")).MustBuild())
	plan := chain.New[book]().Step("a", writes("a")).Step("gone", writes("gone")).MustBuild()
	out, err := temporal.NewRunner(c, plan, temporal.Name(queue), temporal.MissingAfter(time.Second)).Run(t.Context(), book{})
	require.ErrorIs(t, err, chain.ErrPlanChanged)
	require.ErrorContains(t, err, queue+"/gone")
	require.Equal(t, chain.Aborted, out.Status)
	require.Equal(t, []string{"a"}, out.Context.Data.Lines)
}
