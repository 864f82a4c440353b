package runner_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner"
)

func TestEngineOptionsAreWhatTheOptionsSay(t *testing.T) {
	o, err := runner.EngineOptions(runner.WithConcurrency(3), runner.WithObserver(func(context.Context, chain.Event) {}))
	require.NoError(t, err)
	require.Equal(t, 3, o.Concurrency)
	require.Len(t, o.Observers, 1)

	_, err = runner.EngineOptions(runner.WithConcurrency(0), runner.LogTo(nil))
	require.ErrorContains(t, err, "WithConcurrency")
	require.ErrorContains(t, err, "LogTo")
}

func TestOptionsSayWhatEachOfThemSays(t *testing.T) {
	nothing := runner.Options()
	o, err := runner.EngineOptions(nothing, runner.Options(runner.WithConcurrency(3), runner.Option{},
		runner.WithErrorText(func(error) string { return "hidden" })))
	require.NoError(t, err)
	require.Equal(t, 3, o.Concurrency)
	require.Equal(t, "hidden", o.ErrorText(nil))

	_, err = runner.EngineOptions(runner.Options(runner.WithConcurrency(0), runner.LogTo(nil)))
	require.ErrorContains(t, err, "WithConcurrency")
	require.ErrorContains(t, err, "LogTo")
}
