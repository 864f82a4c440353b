package chain

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestIDsSortByTime(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var ids []string
	for i := range 1000 {
		ids = append(ids, newID(start.Add(time.Duration(i)*time.Millisecond)))
		start = start.Add(time.Duration(i*i) * time.Second)
	}
	require.True(t, slices.IsSorted(ids))
	require.Equal(t, "01ARYZ6S41", newID(time.UnixMilli(1469918176385))[:10], "the example of github.com/ulid/spec")
}
