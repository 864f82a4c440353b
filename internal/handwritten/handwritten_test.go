package handwritten_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/internal/handwritten"
)

func kinds(trace []handwritten.Event) (kinds []string) {
	for _, e := range trace {
		kinds = append(kinds, e.Kind+" "+e.Step)
	}
	return kinds
}

func TestTracedUndoesInReverse(t *testing.T) {
	var tally handwritten.Tally
	trace, err := handwritten.Traced(t.Context(), handwritten.Steps(3, handwritten.Fail), &tally)
	require.Equal(t, handwritten.Err, err)
	require.Equal(t, handwritten.Tally{Done: 2, Undone: 2}, tally)
	require.Equal(t, []string{
		"started step0", "succeeded step0",
		"started step1", "succeeded step1",
		"started step2", "failed step2",
		"compensating step1", "compensated step1",
		"compensating step0", "compensated step0",
	}, kinds(trace))
}

func TestPlainDoesTheSameWork(t *testing.T) {
	var tally handwritten.Tally
	require.Equal(t, handwritten.Err, handwritten.Plain(t.Context(), handwritten.Steps(3, handwritten.Fail), &tally))
	require.Equal(t, handwritten.Tally{Done: 2, Undone: 2}, tally)

	require.NoError(t, handwritten.Plain(t.Context(), handwritten.Steps(3, handwritten.Do), &tally))
	require.Equal(t, handwritten.Tally{Done: 5, Undone: 2}, tally)
}

func TestRetriedTriesUntilItSucceedsOrMayNoMore(t *testing.T) {
	step := handwritten.Step{Name: "flaky", Do: handwritten.FailTwice}
	var tally handwritten.Tally
	trace, err := handwritten.Retried(t.Context(), step, 3, &tally)
	require.NoError(t, err)
	require.Equal(t, handwritten.Tally{Done: 1, Tried: 3}, tally)
	require.Equal(t, []string{
		"started flaky", "retrying flaky", "started flaky", "retrying flaky", "started flaky", "succeeded flaky",
	}, kinds(trace))

	tally = handwritten.Tally{}
	_, err = handwritten.Retried(t.Context(), step, 2, &tally)
	require.Equal(t, handwritten.Err, err)
	require.Equal(t, handwritten.Tally{Tried: 2}, tally)
}
