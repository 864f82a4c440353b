package builder_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
)

func passOther(context.Context, *Other) error { return nil }

func other(d *Data) *Other { return d.Other }

func noteOther(text string) builder.StepFunc[Other] {
	return func(_ context.Context, o *Other) error { o.Ran = append(o.Ran, text); return nil }
}

func noteOtherAsync(text string) builder.AsyncFunc[Other] {
	return func(_ context.Context, o *Other) <-chan error {
		o.Ran = append(o.Ran, text)
		done := make(chan error, 1)
		done <- errors.New(text)
		return done
	}
}

// innermost, inner and outer are plans one inside the other.
func innermost() *builder.Plan[[]string] {
	return chain.New[[]string]().Named("innermost").
		Step("x", func(_ context.Context, ran *[]string) error { *ran = append(*ran, "x"); return nil }).
		Parallel("y", chain.New[[]string]().Step("z", func(context.Context, *[]string) error { return nil })).
		MustBuild()
}

func inner() *builder.Plan[Other] {
	return chain.New[Other]().Named("inner").
		Step("do", noteOther("do")).Compensate(noteOther("undo")).Retry(policy.Fixed(2, 0)).
		AsyncStep("start", noteOtherAsync("start")).CompensateAsync(noteOtherAsync("undo start")).
		Process("deep", builder.Embed(innermost(), func(o *Other) *[]string { return &o.Ran })).
		When(func(_ context.Context, o *Other) bool { return len(o.Ran) > 0 }).
		Within(time.Second).
		OnFailure(policy.Continue).
		MustBuild()
}

func outer() *builder.Plan[Data] {
	return begin().Named("outer").
		Step("first", pass).
		Process("box", begin().
			Step("before", pass).
			Process("in", builder.Embed(inner(), other)).Compensate(pass).
			Step("after", pass)).
		Parallel("branches", builder.Embed(inner(), other)).
		Step("last", pass).
		MustBuild()
}

func TestEmbedPaths(t *testing.T) {
	require.Equal(t, []string{
		"first",
		"box", "box/before",
		"box/in", "box/in/do", "box/in/start", "box/in/deep", "box/in/deep/x", "box/in/deep/y", "box/in/deep/y/z",
		"box/after",
		"branches", "branches/do", "branches/start", "branches/deep", "branches/deep/x", "branches/deep/y", "branches/deep/y/z",
		"last",
	}, pathsOf(outer()))
}

// An embedded plan is in every way what the same chain is as a Builder.
func TestEmbedIsLikeABuilder(t *testing.T) {
	fragment := func() builder.Builder[Data] {
		return begin().Named("fragment").OnFailure(policy.Compensate).Within(time.Second).
			Step("a", pass).Retry(policy.Fixed(2, 0)).Timeout(time.Second).Compensate(pass).Describe("a").
			Process("b", begin().Step("c", pass).Parallel("d", begin().Step("e", pass).AsyncStep("f", start))).When(always).
			Step("g", pass).Builder
	}
	same := func(d *Data) *Data { return d }
	within := func(f builder.Fragment[Data]) *builder.Plan[Data] {
		return begin().Step("0", pass).Process("1", begin().Parallel("2", f).Step("3", pass)).Step("4", pass).MustBuild()
	}
	want, got := within(fragment()), within(builder.Embed(fragment().MustBuild(), same))
	require.Equal(t, stepsOf(want), stepsOf(got))
	require.Equal(t, want.Fingerprint(), got.Fingerprint())
	requireSound(t, got)
}

func TestEmbedCarriesOnlyWhatWasSaid(t *testing.T) {
	for _, test := range []struct {
		name    string
		plan    builder.Builder[Other]
		handles bool
		failure policy.Failure
		within  time.Duration
	}{
		{"nothing", chain.New[Other]().Step("a", passOther).Builder, false, policy.Abort, 0},
		{"abort", chain.New[Other]().Step("a", passOther).OnFailure(policy.Abort), true, policy.Abort, 0},
		{"compensate", chain.New[Other]().Step("a", passOther).OnFailure(policy.Compensate), true, policy.Compensate, 0},
		{"within", chain.New[Other]().Step("a", passOther).Within(time.Second), false, policy.Abort, time.Second},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := begin().OnFailure(policy.Continue).Within(time.Hour).
				Process("in", builder.Embed(test.plan.MustBuild(), other)).MustBuild()
			in := stepsOf(p)[0]
			require.Equal(t, test.handles, in.HandlesFailure)
			require.Equal(t, test.failure, in.Failure)
			require.Equal(t, test.within, in.Within)
			require.Equal(t, policy.Continue, p.Failure())
			require.Equal(t, time.Hour, p.Root().Within)
		})
	}
}

func at[T any](t *testing.T, p *builder.Plan[T], path string) builder.Funcs[T] {
	t.Helper()
	for s := range p.Steps() {
		if s.Path == path {
			return p.Funcs(s.Index)
		}
	}
	require.Fail(t, "no such step", path)
	return builder.Funcs[T]{}
}

func TestEmbedLiftsFuncs(t *testing.T) {
	p, ctx, d := outer(), t.Context(), &Data{Other: new(Other)}

	require.False(t, at(t, p, "box/in/deep").When(ctx, d))
	require.NoError(t, at(t, p, "box/in/do").Do(ctx, d))
	require.NoError(t, at(t, p, "box/in/do").Undo(ctx, d))
	require.EqualError(t, <-at(t, p, "box/in/start").Start(ctx, d), "start")
	require.EqualError(t, <-at(t, p, "box/in/start").StartUndo(ctx, d), "undo start")
	require.NoError(t, at(t, p, "box/in/deep/x").Do(ctx, d))
	require.True(t, at(t, p, "box/in/deep").When(ctx, d))
	require.Equal(t, []string{"do", "undo", "start", "undo start", "x"}, d.Other.Ran)
	require.Empty(t, d.Ran)
}

func TestEmbedWithNilData(t *testing.T) {
	p, ctx, d := outer(), t.Context(), new(Data)
	const want = `builder: embedded plan "inner": its data is nil`
	require.EqualError(t, at(t, p, "box/in/do").Do(ctx, d), want)
	require.EqualError(t, at(t, p, "box/in/do").Undo(ctx, d), want)
	require.EqualError(t, <-at(t, p, "box/in/start").Start(ctx, d), want)
	require.EqualError(t, <-at(t, p, "box/in/start").StartUndo(ctx, d), want)
	require.EqualError(t, at(t, p, "box/in/deep/x").Do(ctx, d), want)
	require.PanicsWithError(t, want, func() { at(t, p, "box/in/deep").When(ctx, d) })
}

func TestEmbedIsAsync(t *testing.T) {
	require.True(t, outer().Async())
	require.False(t, begin().Process("in", builder.Embed(innermost(), func(*Data) *[]string { return nil })).MustBuild().Async())
}

func TestFragmentIsAsItWasWhenGiven(t *testing.T) {
	b := begin().Step("a", pass).Builder
	s := begin().Step("b", pass)
	outer := begin().Process("p", &b).Process("q", &s)
	b, s = b.Step("later", pass).Builder, s.Step("later", pass)
	require.Equal(t, []string{"p", "p/a", "q", "q/b"}, pathsOf(outer.MustBuild()))
}

func TestFragmentInTwoPlaces(t *testing.T) {
	f := begin().Step("a", pass)
	p := begin().Process("p", f).Parallel("q", f).Process("r", begin().Process("p", f)).MustBuild()
	require.Equal(t, []string{"p", "p/a", "q", "q/a", "r", "r/p", "r/p/a"}, pathsOf(p))
	requireSound(t, p)
}
