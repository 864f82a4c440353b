package journal_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/runner/journal"
)

// What a person does to the folder while a journal has it open. On Windows the
// system refuses all of it.

// unixOnly skips a test of what the system doesn't let happen.
func unixOnly(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("what is open can be neither moved nor removed here")
	}
}

// Moved, the folder is still the journal's, and what stands in its old place is not.
func TestAFolderThatIsMovedAway(t *testing.T) {
	unixOnly(t)
	dir := t.TempDir()
	here, there := filepath.Join(dir, "here"), filepath.Join(dir, "there")
	first := open(t, here, small)
	grow(t, first, 0, 10)
	require.NoError(t, os.Rename(here, there))
	second, err := journal.Open(here, small)
	require.NoError(t, err)
	for i := range 40 { // over several files, of which the old ones are cleaned up
		finish(t, first, 10+i, 11+i, i > 0)
		grow(t, second, i, i+1)
	}
	before, err := stateOf(first)
	require.NoError(t, err)
	require.NoError(t, first.Close())
	require.NoError(t, second.Close())

	moved, err := stateOf(open(t, there))
	require.NoError(t, err)
	require.Equal(t, before, moved)
	new, err := stateOf(open(t, here))
	require.NoError(t, err)
	require.Len(t, new, 40)
}

// What is written to a file without a name is lost with the process.
func TestAFolderThatIsRemoved(t *testing.T) {
	unixOnly(t)
	dir := filepath.Join(t.TempDir(), "journal")
	j, err := journal.Open(dir)
	require.NoError(t, err)
	require.NoError(t, j.Append(t.Context(), recordOf("a", 0, nil)))
	require.NoError(t, os.RemoveAll(dir))
	err = j.Append(t.Context(), recordOf("a", 1, nil))
	require.ErrorIs(t, err, journal.ErrFailed)
	require.ErrorContains(t, err, dir+": it was removed")
	require.ErrorIs(t, j.Close(), journal.ErrFailed)
	_, err = os.Stat(dir)
	require.ErrorIs(t, err, fs.ErrNotExist, "nothing is made anew in its place")
}

// Who is refused removes the lock, and is refused nevertheless.
func TestALockThatIsRemoved(t *testing.T) {
	unixOnly(t)
	dir := t.TempDir()
	j := open(t, dir)
	require.NoError(t, os.Remove(filepath.Join(dir, "lock")))
	said, kill := holder(t, dir)
	kill()
	require.Equal(t, "opened: journal: the folder is in use: lock "+dir+": it is locked\n", said)
	_, err := journal.Open(dir)
	require.ErrorIs(t, err, journal.ErrInUse)
	require.NoError(t, j.Close())
	require.NoError(t, open(t, dir).Close())
}
