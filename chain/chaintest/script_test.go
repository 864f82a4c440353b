package chaintest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
)

// The engine does none of this, or its own tests would tell; so the script is
// asked itself.
func TestWhatWasRecordedMustNotRunAgain(t *testing.T) {
	run := func(s *script, p point) {
		_ = s.attempt(t.Context(), p, work{do: func(context.Context) error { return nil }})
	}
	do := func(path string) point { return point{path, chain.Forward} }
	undo := func(path string) point { return point{path, chain.Compensation} }

	s := newScript(nil)
	s.resume([]chain.StepState{
		{Path: "completed", State: chain.KindSucceeded},
		{Path: "undone", State: chain.KindSucceeded, Undo: chain.KindCompensated},
		{Path: "failed", State: chain.KindFailed},
		{Path: "again", State: chain.KindSucceeded, Undo: chain.KindCompensated},
	})
	run(s, do("new"))
	run(s, do("failed"))
	run(s, undo("completed"))
	run(s, undo("failed"))
	run(s, do("again")) // of a Process that runs anew
	run(s, undo("again"))
	require.Empty(t, s.complaints)

	run(s, do("completed"))
	run(s, undo("undone"))
	run(s, undo("undone"))
	require.Equal(t, []string{
		"completed was recorded as completed and ran again",
		"undo undone was recorded as done and ran again",
	}, s.complaints)
}

// What a process has recorded is what the script holds the next one to.
func TestTheScriptKnowsWhatWasRecorded(t *testing.T) {
	nothing := func(context.Context, *int) error { return nil }
	plan := chain.New[int]().Step("a", nothing).Step("b", nothing).MustBuild()
	s, err := newStage(
		func(struct{}) *builder.Plan[int] { return plan },
		func() (struct{}, int) { return struct{}{}, 0 },
		func(chain.Outcome[int], struct{}) error { return nil }, collect(nil))
	require.NoError(t, err)
	crash, ok := parse("b/crash-after", s.sites)
	require.True(t, ok)
	script := newScript(crash)
	s.execute(script, chain.NewExecutionContext(0), struct{}{}, &result{})
	require.True(t, script.completed[point{path: "a"}])
	require.False(t, script.completed[point{path: "b"}])
}

func TestEachKindHasANameOfItsOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range kinds {
		require.False(t, seen[k.name], k.name)
		seen[k.name] = true
		require.NotContains(t, k.name, "/")
		require.NotContains(t, k.name, and)
	}
}
