package disk_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/runner/journal/internal/disk"
	"github.com/taskchain-go/taskchain/runner/journal/internal/faultfs"
)

func onDisk(t *testing.T) disk.Folder {
	f, err := disk.At(filepath.Join(t.TempDir(), "a", "b"))
	require.NoError(t, err)
	return f
}

// The folder of the tests is like the one of the system, as far as nothing fails.
func TestFolder(t *testing.T) {
	for name, make := range map[string]func(t *testing.T) disk.Folder{
		"disk":  onDisk,
		"fault": func(*testing.T) disk.Folder { return faultfs.New() },
	} {
		t.Run(name, func(t *testing.T) {
			d := make(t)
			_, err := d.Open("file")
			require.ErrorIs(t, err, fs.ErrNotExist)
			f, err := d.Create("file")
			require.NoError(t, err)
			_, err = f.WriteAt([]byte("text"), 2)
			require.NoError(t, err)
			require.NoError(t, f.Sync())
			require.NoError(t, f.Close())
			require.NoError(t, d.Rename("file", "other"))
			require.NoError(t, d.Sync())

			f, err = d.Open("other")
			require.NoError(t, err)
			size, err := f.Size()
			require.NoError(t, err)
			require.Equal(t, int64(6), size)
			b := [6]byte{}
			n, _ := f.ReadAt(b[:], 0)
			require.Equal(t, "\x00\x00text", string(b[:n]))
			require.NoError(t, f.Close())
			_, err = d.Create("third")
			require.NoError(t, err)
			names, err := d.Names()
			require.NoError(t, err)
			slices.Sort(names)
			require.Equal(t, []string{"other", "third"}, names)
			require.NoError(t, d.Remove("third"))
			f, err = d.Create("other")
			require.NoError(t, err)
			size, err = f.Size()
			require.NoError(t, err)
			require.Zero(t, size, "in place of what was there")
			require.NoError(t, f.Close())

			lock, err := d.Lock()
			require.NoError(t, err)
			_, err = d.Lock()
			require.ErrorIs(t, err, disk.ErrLocked)
			require.NoError(t, lock.Close())
			lock, err = d.Lock()
			require.NoError(t, err)
			require.NoError(t, lock.Close())
		})
	}
}

func TestWhatIsNoFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := disk.At(file)
	require.ErrorContains(t, err, "it is a file")
	_, err = disk.At(filepath.Join(file, "below"))
	require.ErrorContains(t, err, file)
}
