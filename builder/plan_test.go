package builder_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/policy"
)

func stepsOf[T any](p *builder.Plan[T]) []builder.Step { return slices.Collect(p.Steps()) }

func pathsOf[T any](p *builder.Plan[T]) []string {
	var paths []string
	for s := range p.Steps() {
		paths = append(paths, s.Path)
	}
	return paths
}

// requireSound checks what a runner relies on when it walks a plan by index.
func requireSound[T any](t *testing.T, p *builder.Plan[T]) {
	t.Helper()
	all := append([]builder.Step{p.Root()}, stepsOf(p)...)
	root := all[0]
	require.Zero(t, root.Index)
	require.Empty(t, root.Path)
	require.Equal(t, builder.KindProcess, root.Kind)
	require.Equal(t, len(all), root.Next)

	paths := map[string]bool{}
	for i, s := range all {
		require.Equal(t, i, s.Index, "indexes are consecutive")
		require.Greater(t, s.Next, s.Index, s.Path)
		require.LessOrEqual(t, s.Next, len(all), s.Path)
		require.Equal(t, s.Kind.Composite(), s.Next > s.Index+1, "%s: only a Process or Parallel holds steps, and it holds one at least", s.Path)
		if i == 0 {
			continue
		}
		require.False(t, paths[s.Path], "%s: a path twice", s.Path)
		paths[s.Path] = true

		parent := all[s.Parent]
		require.Less(t, s.Parent, s.Index, s.Path)
		require.True(t, parent.Kind.Composite(), s.Path)
		require.LessOrEqual(t, s.Next, parent.Next, "%s: inside its parent", s.Path)
		require.Equal(t, parent.Depth+1, s.Depth, s.Path)
		if s.Parent == 0 {
			require.Equal(t, s.Name, s.Path)
		} else {
			require.Equal(t, parent.Path+"/"+s.Name, s.Path)
		}
		if s.Next < parent.Next {
			require.Equal(t, s.Parent, all[s.Next].Parent, "%s: Next is the next sibling", s.Path)
		}

		f := p.Funcs(i)
		require.Equal(t, s.Kind == builder.KindStep, f.Do != nil, s.Path)
		require.Equal(t, s.Kind == builder.KindAsync, f.Start != nil, s.Path)
		require.Equal(t, s.HasCompensation && !s.AsyncCompensation, f.Undo != nil, s.Path)
		require.Equal(t, s.HasCompensation && s.AsyncCompensation, f.StartUndo != nil, s.Path)
		require.Equal(t, s.Conditional, f.When != nil, s.Path)
	}
}

func TestPlansAreSound(t *testing.T) {
	for _, p := range []*builder.Plan[Data]{
		checkout(), everything(), named(strange...), outer(),
		begin().Step("only", pass).MustBuild(),
		begin().Process("a", begin().Process("b", begin().Process("c", begin().Step("d", pass)))).Step("e", pass).MustBuild(),
	} {
		t.Run(p.Name(), func(t *testing.T) { requireSound(t, p) })
	}
}

func TestStepsInOrder(t *testing.T) {
	require.Equal(t, []string{
		"background",
		"ask", "ask/left", "ask/middle", "ask/right", "ask/right/first", "ask/right/second",
		"tell", "tell/near", "tell/near/one", "tell/near/two", "tell/far",
		"tidy", "tidy/sweep", "tidy/mop",
		"end",
	}, pathsOf(everything()))
}

func TestStepsStopEarly(t *testing.T) {
	var seen []string
	for s := range everything().Steps() {
		seen = append(seen, s.Path)
		if s.Path == "ask" {
			break
		}
	}
	require.Equal(t, []string{"background", "ask"}, seen)
}

func TestStepsSayWhatWasSaid(t *testing.T) {
	retry, again := policy.Fixed(2, time.Second), policy.Linear(3, time.Second)
	p := begin().Named("p").Within(time.Hour).OnFailure(policy.Continue).
		Step("a", pass).Retry(retry).Timeout(time.Minute).Compensate(pass).RetryCompensation(again).
		CompensationTimeout(2*time.Minute).CompensateOnFailure().When(always).Describe("about a").
		AsyncStep("b", start).CompensateAsync(start).
		Process("c", begin().OnFailure(policy.Abort).Within(time.Second).Step("d", pass)).
		Parallel("e", begin().Step("f", pass)).
		MustBuild()

	require.Equal(t, "p", p.Name())
	require.Equal(t, policy.Continue, p.Failure())
	require.Equal(t, builder.Step{
		Kind: builder.KindProcess, Next: 7, Failure: policy.Continue, HandlesFailure: true, Within: time.Hour,
	}, p.Root())
	require.Equal(t, []builder.Step{
		{
			Path: "a", Name: "a", Kind: builder.KindStep, Index: 1, Next: 2, Depth: 1,
			Retry: retry, Timeout: time.Minute, HasCompensation: true, CompensationRetry: again,
			CompensationTimeout: 2 * time.Minute, CompensateOnFailure: true, Conditional: true, Description: "about a",
		},
		{Path: "b", Name: "b", Kind: builder.KindAsync, Index: 2, Next: 3, Depth: 1, HasCompensation: true, AsyncCompensation: true},
		{Path: "c", Name: "c", Kind: builder.KindProcess, Index: 3, Next: 5, Depth: 1, Failure: policy.Abort, HandlesFailure: true, Within: time.Second},
		{Path: "c/d", Name: "d", Kind: builder.KindStep, Index: 4, Parent: 3, Next: 5, Depth: 2},
		{Path: "e", Name: "e", Kind: builder.KindParallel, Index: 5, Next: 7, Depth: 1},
		{Path: "e/f", Name: "f", Kind: builder.KindStep, Index: 6, Parent: 5, Next: 7, Depth: 2},
	}, stepsOf(p))
}

func TestPlanDefaults(t *testing.T) {
	p := begin().Step("a", pass).MustBuild()
	require.Empty(t, p.Name())
	require.Equal(t, policy.Abort, p.Failure())
	require.Equal(t, builder.Step{Kind: builder.KindProcess, Next: 2}, p.Root())
	require.False(t, p.Async())
}

func TestPlanIsAsync(t *testing.T) {
	for _, test := range []struct {
		name  string
		b     builder.Builder[Data]
		async bool
	}{
		{"sync", begin().Step("a", pass).Compensate(pass).Builder, false},
		{"parallel", begin().Parallel("p", begin().Step("a", pass)).Builder, false},
		{"async step", begin().Step("a", pass).AsyncStep("b", start).Builder, true},
		{"async compensation", begin().Step("a", pass).CompensateAsync(start).Builder, true},
		{"async compensation of a Process", begin().Process("p", begin().Step("a", pass)).CompensateAsync(start).Builder, true},
		{"nested", begin().Process("p", begin().Process("q", begin().AsyncStep("b", start))).Builder, true},
	} {
		t.Run(test.name, func(t *testing.T) { require.Equal(t, test.async, test.b.MustBuild().Async()) })
	}
}

func TestFuncsAreThoseOfTheStep(t *testing.T) {
	p := begin().
		Step("a", note("a")).Compensate(note("undo a")).
		AsyncStep("b", noteAsync("b")).CompensateAsync(noteAsync("undo b")).
		Process("c", begin().Step("d", note("d"))).Compensate(note("undo c")).
		When(func(_ context.Context, d *Data) bool { return len(d.Ran) > 0 }).
		MustBuild()

	ctx, d := t.Context(), new(Data)
	require.False(t, p.Funcs(3).When(ctx, d))
	require.NoError(t, p.Funcs(1).Do(ctx, d))
	require.NoError(t, <-p.Funcs(2).Start(ctx, d))
	require.True(t, p.Funcs(3).When(ctx, d))
	require.NoError(t, p.Funcs(4).Do(ctx, d))
	require.NoError(t, p.Funcs(3).Undo(ctx, d))
	require.NoError(t, <-p.Funcs(2).StartUndo(ctx, d))
	require.NoError(t, p.Funcs(1).Undo(ctx, d))
	require.Equal(t, []string{"a", "b", "d", "undo c", "undo b", "undo a"}, d.Ran)

	for _, index := range []int{-1, 0, 5, 1 << 40} {
		require.Zero(t, p.Funcs(index))
	}
}

func TestPlanStaysAsItIs(t *testing.T) {
	p := everything()
	before, picture := stepsOf(p), p.String()
	for s := range p.Steps() {
		s.Path, s.Next = "changed", 99
	}
	root := p.Root()
	root.Next = 1
	m := p.Manifest()
	m.Steps[1].Path, m.Steps[1].Steps[0].Path = "changed", "changed"
	*m.Steps[3].OnFailure = policy.Abort
	f := p.Funcs(1)
	f.Start = nil
	require.Equal(t, before, stepsOf(p))
	require.Equal(t, picture, p.String())
	require.NotNil(t, p.Funcs(1).Start)
	require.Equal(t, policy.Continue, *p.Manifest().Steps[3].OnFailure)
}

func TestPlanIsUsedFromManyGoroutines(t *testing.T) {
	p, marks := outer(), everyMark()
	steps, tree, mermaid, dot, manifest := stepsOf(p), p.Picture(marks).String(), p.Mermaid(), p.DOT(), p.Manifest()
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			if !slices.EqualFunc(stepsOf(p), steps, func(a, b builder.Step) bool { return a.Path == b.Path && a.Next == b.Next }) ||
				p.Picture(marks).String() != tree || p.Mermaid() != mermaid || p.DOT() != dot ||
				p.Manifest().Fingerprint != manifest.Fingerprint || !p.Async() || p.Root().Next != len(steps)+1 {
				t.Error("a plan differs between goroutines")
			}
			if err := p.Funcs(1).Do(context.Background(), new(Data)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestKinds(t *testing.T) {
	for _, test := range []struct {
		kind      builder.Kind
		text      string
		composite bool
	}{
		{0, "unknown kind", false},
		{builder.KindStep, "step", false},
		{builder.KindAsync, "async step", false},
		{builder.KindProcess, "process", true},
		{builder.KindParallel, "parallel", true},
		{99, "unknown kind", false},
	} {
		require.Equal(t, test.text, test.kind.String())
		require.Equal(t, test.composite, test.kind.Composite())
	}
}
