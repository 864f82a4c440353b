package durablework

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/runner"
)

func TestAnOrderHasOneKiB(t *testing.T) {
	doc, err := json.Marshal(NewOrder())
	require.NoError(t, err)
	require.InDelta(t, 1024, len(doc), 32)
}

func TestAPlanDoesEachStepOnce(t *testing.T) {
	out, err := runner.NewSync(Plan(10)).Run(t.Context(), NewOrder())
	require.NoError(t, err)
	require.Equal(t, 10, out.Context.Data.Done)
	require.Equal(t, 10, out.Context.Progress().Completed)
}

func TestAnotherStepChangesNoStructure(t *testing.T) {
	plan := PlanWith(10, 4, func(_ context.Context, o *Order) error { o.Done += 100; return nil })
	require.Equal(t, Plan(10).Fingerprint(), plan.Fingerprint())
	out, err := runner.NewSync(plan).Run(t.Context(), NewOrder())
	require.NoError(t, err)
	require.Equal(t, 109, out.Context.Data.Done)
}

func TestTheFloorWritesOneKiBAfterAnother(t *testing.T) {
	dir := t.TempDir()
	f, err := NewFloor(dir)
	require.NoError(t, err)
	for range 3 {
		require.NoError(t, f.Append())
	}
	content, err := os.ReadFile(filepath.Join(dir, "floor"))
	require.NoError(t, err)
	require.Len(t, content, floorSize)
	for i, b := range content[:3<<10] {
		require.Equal(t, byte(i), b)
	}
	require.Equal(t, make([]byte, floorSize-3<<10), content[3<<10:])

	f.at = floorSize - 1<<10
	require.NoError(t, f.Append())
	require.Zero(t, f.at)
	require.NoError(t, f.Close())
	require.Error(t, f.Append())
}
