package journal_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/journal"
	"github.com/taskchain-go/taskchain/runner/storetest"
)

func open(t testing.TB, dir string, opts ...journal.Option) *journal.Journal {
	j, err := journal.Open(dir, opts...)
	require.NoError(t, err)
	t.Cleanup(func() { _ = j.Close() })
	return j
}

func TestStore(t *testing.T) {
	for name, size := range map[string]int64{"OneSegment": 1 << 20, "ManySegments": 4 << 10} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var dir string
			storetest.Run(t, func(t *testing.T) runner.Store {
				dir = t.TempDir()
				return open(t, dir, journal.WithSegmentSize(size))
			}, storetest.Reopens(func(t *testing.T, s runner.Store) runner.Store {
				require.NoError(t, s.(*journal.Journal).Close())
				return open(t, dir, journal.WithSegmentSize(size))
			}))
		})
	}
}
