package chain_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner"
)

func TestAnyFromContextFindsExecutionsOfEveryType(t *testing.T) {
	var none context.Context
	for _, ctx := range []context.Context{none, t.Context()} {
		_, ok := chain.AnyFromContext(ctx)
		require.False(t, ok)
	}
	var seen []chain.Execution
	look := func(ctx context.Context) {
		exec, ok := chain.AnyFromContext(ctx)
		require.True(t, ok)
		seen = append(seen, exec)
	}
	plan := chain.New[map[string]int]().
		Process("p", chain.New[map[string]int]().
			Step("a", func(ctx context.Context, _ *map[string]int) error { look(ctx); return nil })).
		MustBuild()
	observe := runner.WithObserver(func(ctx context.Context, _ chain.Event) { look(ctx) })

	out, err := runner.NewSync(plan, observe).Run(t.Context(), map[string]int{})

	require.NoError(t, err)
	require.Len(t, seen, 7)
	for _, exec := range seen {
		require.Same(t, out.Context, exec, "one execution, in its steps and for its observers")
	}
	var kinds []builder.Kind
	for s := range seen[0].Steps() {
		kinds = append(kinds, s.Kind)
	}
	require.Equal(t, []builder.Kind{builder.KindProcess, builder.KindStep}, kinds)
	require.Empty(t, slices.Collect(chain.NewExecutionContext(1).Steps()), "it has not begun")
}

func TestWhatIsAttachedStaysInThisProcess(t *testing.T) {
	type key struct{ name string }
	exec := chain.NewExecutionContext(1, chain.WithID("x"))
	require.Nil(t, exec.Attached(key{"a"}))
	before, err := json.Marshal(exec)
	require.NoError(t, err)

	exec.Attach(key{"a"}, 1)
	exec.Attach(key{"b"}, 2)
	exec.Attach(key{"a"}, 3)

	require.Equal(t, 3, exec.Attached(key{"a"}))
	require.Equal(t, 2, exec.Attached(key{"b"}))
	require.Nil(t, exec.Attached("a"))
	after, err := json.Marshal(exec)
	require.NoError(t, err)
	require.Equal(t, string(before), string(after))
}

func TestAttachingAtOnceLosesNothing(t *testing.T) {
	exec := chain.NewExecutionContext(1)
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() { exec.Attach(i, i) })
	}
	all.Wait()
	for i := range 50 {
		require.Equal(t, i, exec.Attached(i))
	}
}

func ExampleAnyFromContext() {
	late := runner.WithObserver(func(ctx context.Context, e chain.Event) {
		if exec, ok := chain.AnyFromContext(ctx); ok && e.Kind == chain.KindPlanEnded {
			fmt.Println(len(exec.Completed()), "of its steps are done")
		}
	})
	plan := chain.New[string]().
		Step("greet", func(_ context.Context, s *string) error { *s = "hello"; return nil }).
		MustBuild()
	_, _ = runner.NewSync(plan, late).Run(context.Background(), "")
	// Output: 1 of its steps are done
}
