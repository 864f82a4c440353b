package storetest

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/runner"
)

func TestMemory(t *testing.T) {
	Run(t, func(*testing.T) runner.Store { return NewMemory() })
	Run(t, func(*testing.T) runner.Store { return &Memory{} }, Reopens(func(_ *testing.T, s runner.Store) runner.Store { return s }))
}

func TestMemoryAddsNothingInAnEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	m := NewMemory()
	require.ErrorIs(t, m.Append(ctx, record("a", 0)), context.Canceled)
	records, err := m.Records(t.Context(), "a")
	require.NoError(t, err)
	require.Empty(t, records)
}

func TestMemoryGoesInAndOutOfBubbles(t *testing.T) {
	m := NewMemory()
	for seq := range 3 {
		synctest.Test(t, func(t *testing.T) {
			require.NoError(t, m.Append(t.Context(), record("a", seq)))
		})
	}
	records, err := m.Records(t.Context(), "a")
	require.NoError(t, err)
	require.Len(t, records, 3)
}
