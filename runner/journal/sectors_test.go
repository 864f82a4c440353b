package journal_test

import (
	"bytes"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/runner/journal"
	"github.com/taskchain-go/taskchain/runner/journal/internal/disk"
	"github.com/taskchain-go/taskchain/runner/journal/internal/faultfs"
)

// A slowDisk has something done before each sync, as long as that would take.
type slowDisk struct {
	disk.Folder
	meanwhile func() // nil: nothing
}

func (d *slowDisk) Open(name string) (disk.File, error) {
	f, err := d.Folder.Open(name)
	return slowFile{f, d}, err
}

type slowFile struct {
	disk.File
	of *slowDisk
}

func (f slowFile) Sync() error {
	if f.of.meanwhile != nil {
		f.of.meanwhile()
	}
	return f.File.Sync()
}

// shut has the next syncs wait until open is called.
func (d *slowDisk) shut() (open func()) {
	gate := make(chan struct{})
	d.meanwhile = func() { <-gate }
	return func() { close(gate) }
}

// oneGroup has 8 executions append records that are written together, with the
// sync of that group failing, behind one record that is safe.
func oneGroup(t *testing.T, d *faultfs.Disk, size int) {
	synctest.Test(t, func(t *testing.T) {
		g := &slowDisk{Folder: d}
		j, err := journal.OpenIn(g, journal.WithSegmentSize(16<<10))
		require.NoError(t, err)
		open := g.shut()
		go func() { _ = j.Append(t.Context(), recordOf("safe", 0, []byte("safe"))) }()
		synctest.Wait() // it is being synced
		errs := make(chan error, 8)
		for i := range 8 {
			go func() {
				errs <- j.Append(t.Context(), recordOf(fmt.Sprint("lost", i), 0, bytes.Repeat([]byte{1}, size)))
			}()
		}
		synctest.Wait() // they have joined
		ops, _ := d.Count()
		d.Fail(faultfs.Fault{Op: ops + 3, Dead: true}) // the sync under way, the group's write, and its sync
		open()
		for range 8 {
			require.ErrorIs(t, <-errs, faultfs.ErrFault)
		}
		now, err := stateOf(j)
		require.Error(t, err, "the disk is dead: %v", now)
		_ = j.Close()
	})
}

// Whichever sectors of a group were lost, what was safe is there, what is there
// is whole, and the journal opens: nobody was told that the group is kept.
func TestAnySectorsOfAGroupMayBeLost(t *testing.T) {
	d := faultfs.New()
	oneGroup(t, d, 600)
	sectors := d.Unsafe("0000000001.journal")
	require.GreaterOrEqual(t, len(sectors), 10)
	healthy, kept := 0, 0
	for subset := range 1 << len(sectors) {
		left := d.PowerCut(0, func(_ string, sector int) bool { return subset>>(sector-sectors[0])&1 == 1 })
		j, err := journal.OpenIn(left, small)
		require.NoError(t, err, "sectors %b", subset)
		now, err := stateOf(j)
		require.NoError(t, err)
		require.Equal(t, "safe", string(now["safe"][0].Body))
		_, cut := j.Recovered()
		switch len(now) {
		case 1:
			require.Equal(t, subset != 0, cut, "sectors %b: what is left is told", subset)
		case 9:
			kept++
			require.False(t, cut)
		default:
			require.Fail(t, "half a group", "sectors %b:\n%v", subset, now)
		}
		require.NoError(t, j.Close())
		healthy++
	}
	require.Equal(t, 1, kept, "with all sectors, it is a group like any other")
	t.Logf("%d of %d opened", healthy, 1<<len(sectors))
}
