package builder_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
)

func TestStates(t *testing.T) {
	for state, want := range map[builder.State]string{
		builder.Untouched:          "untouched",
		builder.Underway:           "underway",
		builder.Completed:          "completed",
		builder.Skipped:            "skipped",
		builder.Failed:             "failed",
		builder.Compensated:        "compensated",
		builder.CompensationFailed: "compensation failed",
		99:                         "unknown state",
	} {
		require.Equal(t, want, state.String())
	}
}
