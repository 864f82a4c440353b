package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// The code moves on, and the list must follow it.
func TestEachMutationFitsTheCode(t *testing.T) {
	require.GreaterOrEqual(t, len(mutations), 30)
	seen := map[string]bool{}
	for _, m := range mutations {
		require.False(t, seen[m.does], m.does)
		seen[m.does] = true
		right, err := os.ReadFile(filepath.Join("..", "..", m.file))
		require.NoError(t, err)
		wrong, err := m.apply(right)
		if err != nil {
			t.Errorf("%s: %v", m.does, err)
			continue
		}
		require.NotEqual(t, string(right), string(wrong), m.does)
	}
}
