package findings_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/internal/findings"
)

func TestOf(t *testing.T) {
	require.NoError(t, findings.Of("store", func(f require.TestingT) { require.True(f, true) }))
	err := findings.Of("store", func(f require.TestingT) {
		f.Errorf("first")
		require.Fail(f, "second") // and nothing behind it
		panic("not reached")
	})
	require.ErrorContains(t, err, "first\n")
	require.ErrorContains(t, err, "second")
	require.ErrorContains(t, findings.Of("store", func(require.TestingT) { panic("boom") }), "the store panicked: boom")
}
