package chain_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner"
)

// An execution may have run in this process before it is replaced by what became of
// it elsewhere.
func TestReplaceOfAnExecutionThatHasRun(t *testing.T) {
	plan := chain.New[int]().
		Step("a", func(context.Context, *int) error { return nil }).
		Step("b", func(context.Context, *int) error { return errors.New("no") }).
		MustBuild()
	exec := chain.NewExecutionContext(0)
	_, err := runner.NewSync(plan).Resume(t.Context(), exec)
	require.Error(t, err)
	with, err := chain.Restore(exec.Snapshot())
	require.NoError(t, err)
	want := exec.Trace().String()

	exec.Replace(with)
	require.Equal(t, want, exec.Trace().String())
	require.Equal(t, []string{"a"}, exec.Completed())
	require.Equal(t, chain.Aborted, exec.Status())
}

// moody fails, and panics when it is asked why.
type moody struct{ asked *int }

func (m moody) MarshalJSON() ([]byte, error) {
	if *m.asked++; *m.asked == 1 {
		return nil, errors.New("first")
	}
	panic("then")
}

func TestAppendSnapshotReturnsNothingWithAnError(t *testing.T) {
	doc, head, err := chain.AppendSnapshot([]byte("before"), chain.Snapshot[moody]{Version: 1, ID: "x", Data: moody{new(int)}})
	require.ErrorContains(t, err, "panic: then")
	require.Nil(t, doc)
	require.Zero(t, head)
}
