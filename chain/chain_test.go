package chain_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner"
)

func TestNewIsAnEmptyPlan(t *testing.T) {
	_, err := chain.New[int]().Build()
	require.ErrorContains(t, err, "no steps")
}

func TestDoHandsOverTheExecution(t *testing.T) {
	plan := chain.New[int]().
		Step("a", chain.Do(func(ctx context.Context, exec *chain.ExecutionContext[int]) error {
			exec.Data++
			exec.Set("seen", exec.Status().String())
			return errNo
		})).
		MustBuild()
	out, err := runner.NewSync(plan).Run(context.Background(), 41)
	require.ErrorIs(t, err, errNo)
	require.Equal(t, 42, out.Context.Data)
	seen, _ := out.Context.Get("seen")
	require.Equal(t, "running", seen)
}

func TestDoOfNilIsReportedByBuild(t *testing.T) {
	_, err := chain.New[int]().Step("a", chain.Do[int](nil)).Build()
	require.ErrorContains(t, err, `step "a": nil func (chain_test.go:`)
}

func TestDoInsideAnEmbeddedPlan(t *testing.T) {
	type order struct{ items int }
	inner := chain.New[int]().
		Step("a", chain.Do(func(context.Context, *chain.ExecutionContext[int]) error { return nil })).
		MustBuild()
	outer := chain.New[order]().
		Process("p", builder.Embed(inner, func(o *order) *int { return &o.items })).
		MustBuild()
	out, err := runner.NewSync(outer).Run(context.Background(), order{})
	require.Equal(t, chain.Aborted, out.Status)
	require.ErrorContains(t, err, `step "p/a" failed: chain: Do: the context has no execution over int; `+
		`inside an embedded plan it is over the outer plan's data`)
}
