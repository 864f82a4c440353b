package chain_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
	"github.com/taskchain-go/taskchain/runner"
)

func TestIdempotencyKeyIsTheSameForEveryAttempt(t *testing.T) {
	keys := map[chain.Phase][]string{}
	note := func(ctx context.Context, fail bool) error {
		step, ok := chain.StepFrom(ctx)
		if !ok {
			return fmt.Errorf("no step in its context")
		}
		keys[step.Phase] = append(keys[step.Phase], step.IdempotencyKey())
		if fail {
			return errNo
		}
		return nil
	}
	plan := chain.New[int]().
		Process("p", chain.New[int]().
			Step("a", func(ctx context.Context, n *int) error { *n++; return note(ctx, *n < 3) }).
			Retry(policy.Fixed(3, 0)).
			Compensate(func(ctx context.Context, n *int) error { *n--; return note(ctx, *n > 1) }).
			RetryCompensation(policy.Fixed(5, 0))).
		Step("b", func(context.Context, *int) error { return errNo }).
		OnFailure(policy.Compensate).
		MustBuild()

	out, err := runner.NewSync(plan).Resume(context.Background(), chain.NewExecutionContext(0, chain.WithID("o-1")))
	require.Error(t, err)
	require.Equal(t, chain.Compensated, out.Status)
	require.Equal(t, map[chain.Phase][]string{
		chain.Forward:      {"o-1/p/a", "o-1/p/a", "o-1/p/a"},
		chain.Compensation: {"o-1/p/a//compensation", "o-1/p/a//compensation"},
	}, keys)
}

func TestIdempotencyKeyIgnoresAttemptPlanAndCause(t *testing.T) {
	one := chain.StepInfo{ExecutionID: "o-1", Plan: "p", Path: "a", Attempt: 1}
	other := chain.StepInfo{ExecutionID: "o-1", Plan: "q", Path: "a", Attempt: 7, Cause: errNo}
	require.Equal(t, one.IdempotencyKey(), other.IdempotencyKey())
}

// No two steps, phases or executions may share a key, whatever is in an ID.
func FuzzIdempotencyKey(f *testing.F) {
	for _, id := range []string{"o", "o/", "o//", "/o", "o/a", "o//a", "a/b", "", "//compensation", "o/a//compensation"} {
		for _, path := range []string{"a", "a/b", "compensation", "a/compensation"} {
			f.Add(id, path, true, "o", "a", true)
			f.Add(id, path, false, "o/a", "b", true)
			f.Add("o/", "a", false, id, path, false)
		}
	}
	f.Fuzz(func(t *testing.T, id1, path1 string, undo1 bool, id2, path2 string, undo2 bool) {
		if !isPath(path1) || !isPath(path2) {
			t.Skip()
		}
		same := id1 == id2 && path1 == path2 && undo1 == undo2
		require.Equal(t, same, keyOf(id1, path1, undo1) == keyOf(id2, path2, undo2))
	})
}

// isPath tells whether the builder lets a step have this path.
func isPath(path string) bool {
	for name := range strings.SplitSeq(path, "/") {
		if name == "" {
			return false
		}
	}
	return utf8.ValidString(path)
}

func keyOf(id, path string, undo bool) string {
	info := chain.StepInfo{ExecutionID: id, Path: path}
	if undo {
		info.Phase = chain.Compensation
	}
	return info.IdempotencyKey()
}

func TestIdempotencyKeysOfSmallAlphabetsDiffer(t *testing.T) {
	words := func(alphabet string, longest int) []string {
		all, last := []string{""}, []string{""}
		for range longest {
			var longer []string
			for _, word := range last {
				for _, letter := range alphabet {
					longer = append(longer, word+string(letter))
				}
			}
			all, last = append(all, longer...), longer
		}
		return all
	}
	keys := map[string]string{}
	for _, id := range words("a/", 4) {
		for _, path := range words("a/", 4) {
			if !isPath(path) {
				continue
			}
			for _, undo := range []bool{false, true} {
				who, key := fmt.Sprintf("%q %q %t", id, path, undo), keyOf(id, path, undo)
				require.NotContains(t, keys, key, who)
				keys[key] = who
			}
		}
	}
	require.Greater(t, len(keys), 200)
}

func TestFromContextInStepsConditionsAndObservers(t *testing.T) {
	var seen []string
	look := func(where string, ctx context.Context) {
		exec, ok := chain.FromContext[int](ctx)
		info, has := chain.ExecutionFrom(ctx)
		step, inStep := chain.StepFrom(ctx)
		seen = append(seen, fmt.Sprintln(where, ok && exec.ID == "o-1" && has && info == chain.ExecutionInfo{ID: "o-1", Plan: "checkout"},
			inStep, step.Path, step.Plan, step.Attempt, step.Phase, step.Cause))
		_, other := chain.FromContext[string](ctx)
		require.False(t, other, "over another type")
	}
	plan := chain.New[int]().Named("checkout").
		Step("a", func(ctx context.Context, _ *int) error { look("step", ctx); return nil }).
		When(func(ctx context.Context, _ *int) bool { look("condition", ctx); return true }).
		Compensate(func(ctx context.Context, _ *int) error { look("compensation", ctx); return nil }).
		Step("b", func(ctx context.Context, _ *int) error { return errNo }).
		OnFailure(policy.Compensate).
		MustBuild()
	_, err := runner.NewSync(plan, runner.WithObserver(func(ctx context.Context, e chain.Event) {
		if e.Kind == chain.KindPlanEnded {
			look("observer", ctx)
		}
	})).Resume(context.Background(), chain.NewExecutionContext(0, chain.WithID("o-1")))
	require.Error(t, err)
	require.Equal(t, []string{
		"condition true true a checkout 1 forward <nil>\n",
		"step true true a checkout 1 forward <nil>\n",
		"compensation true true a checkout 1 compensation step \"b\" failed: no\n",
		"observer true false   0 forward <nil>\n",
	}, seen)
}

func TestContextsElsewhereHaveNothing(t *testing.T) {
	for name, ctx := range map[string]context.Context{"nil": nil, "outside": context.Background()} {
		t.Run(name, func(t *testing.T) {
			exec, ok := chain.FromContext[int](ctx)
			require.Nil(t, exec)
			require.False(t, ok)
			step, ok := chain.StepFrom(ctx)
			require.Zero(t, step)
			require.False(t, ok)
			info, ok := chain.ExecutionFrom(ctx)
			require.Zero(t, info)
			require.False(t, ok)
		})
	}
}

type tenantKey struct{}

func TestStepsAndObserversHaveTheCallersValues(t *testing.T) {
	var tenants []any
	note := func(ctx context.Context) { tenants = append(tenants, ctx.Value(tenantKey{})) }
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), tenantKey{}, "acme"))
	plan := chain.New[int]().
		Step("a", func(ctx context.Context, _ *int) error { note(ctx); return nil }).
		Compensate(func(ctx context.Context, _ *int) error { note(ctx); return ctx.Err() }).
		Step("b", func(context.Context, *int) error { cancel(); return nil }).
		Step("c", func(context.Context, *int) error { return nil }).
		OnFailure(policy.Compensate).
		MustBuild()
	out, err := runner.NewSync(plan, runner.WithObserver(func(ctx context.Context, e chain.Event) {
		if e.Kind == chain.KindPlanEnded {
			note(ctx)
			require.NoError(t, ctx.Err(), "an observer's context does not end")
		}
	})).Run(ctx, 0)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, chain.Compensated, out.Status)
	require.Equal(t, []any{"acme", "acme", "acme"}, tenants)
}

// A goroutine that a step leaves behind still sees its own step.
func TestStepFromIsStable(t *testing.T) {
	var first context.Context
	plan := chain.New[int]().
		Step("a", func(ctx context.Context, _ *int) error { first = ctx; return nil }).
		Step("b", func(context.Context, *int) error { return nil }).
		MustBuild()
	_, err := runner.NewSync(plan).Run(context.Background(), 0)
	require.NoError(t, err)
	step, ok := chain.StepFrom(first)
	require.True(t, ok)
	require.Equal(t, "a", step.Path)
}
