package faultfs_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/runner/journal/internal/disk"
	"github.com/taskchain-go/taskchain/runner/journal/internal/faultfs"
)

func file(t *testing.T, d *faultfs.Disk) disk.File {
	f, err := d.Create("f")
	require.NoError(t, err)
	require.NoError(t, d.Sync())
	return f
}

func fill(c byte, sectors int) []byte { return bytes.Repeat([]byte{c}, sectors*faultfs.Sector) }

func TestAPowerCutKeepsWhatIsSafe(t *testing.T) {
	d := faultfs.New()
	f := file(t, d)
	_, err := f.WriteAt(fill('a', 3), 0)
	require.NoError(t, err)
	require.NoError(t, f.Sync())
	_, err = f.WriteAt(fill('b', 2), faultfs.Sector)
	require.NoError(t, err)
	require.Equal(t, []int{1, 2}, d.Unsafe("f"))
	require.Equal(t, fill('a', 3), d.PowerCut(0, func(string, int) bool { return false }).Bytes("f"))
	left := d.PowerCut(0, func(_ string, sector int) bool { return sector == 2 })
	require.Equal(t, append(fill('a', 2), fill('b', 1)...), left.Bytes("f"))
	require.Equal(t, append(fill('a', 1), fill('b', 2)...), d.Crash().Bytes("f"))
}

// As Linux has it, a sync that failed makes later ones succeed without writing.
func TestASyncThatFailedIsNotMadeUpFor(t *testing.T) {
	d := faultfs.New()
	f := file(t, d)
	_, err := f.WriteAt(fill('a', 1), 0)
	require.NoError(t, err)
	ops, _ := d.Count()
	d.Fail(faultfs.Fault{Op: ops + 1})
	require.ErrorIs(t, f.Sync(), faultfs.ErrFault)
	require.NoError(t, f.Sync())
	require.Equal(t, []int{0}, d.Unsafe("f"))
	_, err = f.WriteAt(fill('a', 1), 0)
	require.NoError(t, err)
	require.NoError(t, f.Sync())
	require.Empty(t, d.Unsafe("f"))
}

func TestAWriteEndsBeforeAByte(t *testing.T) {
	d := faultfs.New()
	f := file(t, d)
	d.Fail(faultfs.Fault{Byte: 8})
	_, err := f.WriteAt([]byte("12345"), 0)
	require.NoError(t, err)
	n, err := f.WriteAt([]byte("67890"), 5)
	require.ErrorIs(t, err, faultfs.ErrFault)
	require.Equal(t, 2, n)
	n, err = f.WriteAt([]byte("890"), 7)
	require.ErrorIs(t, err, faultfs.ErrFault, "the disk is full")
	require.Zero(t, n)
	require.Equal(t, "1234567", string(d.Bytes("f")))
}

func TestNamesAreSafeInTheirOrder(t *testing.T) {
	d := faultfs.New()
	require.NoError(t, file(t, d).Close())
	require.NoError(t, d.Rename("f", "g"))
	require.NoError(t, d.Remove("g"))
	for names, want := range [][]string{{"f"}, {"g"}, nil} {
		left, err := d.PowerCut(names, func(string, int) bool { return true }).Names()
		require.NoError(t, err)
		require.Equal(t, want, left)
	}
}
