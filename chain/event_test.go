package chain_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/chain"
)

func TestKindText(t *testing.T) {
	requireTexts(t, chain.KindPlanStarted,
		"plan_started", "plan_ended", "started", "succeeded", "failed", "retrying", "skipped",
		"compensating", "compensated", "compensation_failed", "log")
	require.Equal(t, "compensation_failed", chain.KindCompensationFailed.String())
}

func TestKindZeroIsNone(t *testing.T) {
	require.Equal(t, "kind(0)", chain.Kind(0).String())
	require.Equal(t, "kind(12)", chain.Kind(12).String())
	_, err := chain.Kind(0).MarshalText()
	require.EqualError(t, err, "chain: unknown kind 0")

	var k chain.Kind
	require.EqualError(t, k.UnmarshalText(nil), `unknown kind ""`)
}
