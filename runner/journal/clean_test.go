package journal_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/runner/journal"
	"github.com/taskchain-go/taskchain/runner/journal/internal/disk"
	"github.com/taskchain-go/taskchain/runner/journal/internal/faultfs"
)

// grow has executions grow and end in one Whole record.
func grow(t testing.TB, j *journal.Journal, from, to int) {
	for i := from; i < to; i++ {
		for seq := range 4 {
			r := recordOf(fmt.Sprint("e", i), seq, make([]byte, 100))
			r.Whole = seq == 3
			require.NoError(t, j.Append(t.Context(), r))
		}
	}
}

// finish also forgets them, if asked to, and waits for what that causes.
func finish(t testing.TB, j *journal.Journal, from, to int, forget bool) {
	for i := from; i < to; i++ {
		grow(t, j, i, i+1)
		if forget {
			require.NoError(t, j.Forget(t.Context(), fmt.Sprint("e", i)))
		}
		j.WaitUpkeep()
	}
}

// However long it runs, the files are no more than what counts asks for, and what
// stays behind in the oldest file is carried along.
func TestFilesAreCleanedUp(t *testing.T) {
	d := faultfs.New()
	j := openOn(t, d)
	want := recordOf("stays", 0, []byte("from the first file"))
	require.NoError(t, j.Append(t.Context(), want))
	finish(t, j, 0, 9, true)
	newer := recordOf("stays", 1, []byte("from another file"))
	newer.Plan = "newer"
	require.NoError(t, j.Append(t.Context(), newer))
	most := 0
	for i := range 200 {
		finish(t, j, i, i+1, true)
		names, _ := j.Segments()
		most = max(most, len(names))
		_, err := stateOf(j)
		require.NoError(t, err)
	}
	require.LessOrEqual(t, most, 5) // of more than twenty that there were
	names, _ := j.Segments()
	require.Greater(t, names[0], "0000000020.journal")
	for i := 200; ; i++ { // until there is a file for the next segment
		finish(t, j, i, i+1, true)
		onDisk, err := d.Names()
		require.NoError(t, err)
		if slices.Contains(onDisk, "next.tmp") {
			break
		}
	}
	require.NoError(t, j.Close()) // with what the cleaning is at
	require.NoError(t, j.CheckLive())
	names, _ = j.Segments()
	onDisk, err := d.Names()
	require.NoError(t, err)
	require.Equal(t, names, onDisk)

	j = openOn(t, d)
	now, err := stateOf(j)
	require.NoError(t, err)
	require.Len(t, now, 1)
	require.True(t, sameRecord(want, now["stays"][0]))
	require.True(t, sameRecord(newer, now["stays"][1]))
	require.NoError(t, j.Close())
}

// Of executions that are finished and kept, nothing but their last record takes
// room, twice at most.
func TestWhatCountsIsHalfOfTheFiles(t *testing.T) {
	j := openOn(t, faultfs.New())
	finish(t, j, 0, 300, false)
	names, ends := j.Segments()
	live := int64(300 * 150)
	used := int64(0)
	for _, end := range ends {
		used += end
	}
	require.LessOrEqual(t, used, 2*live+8<<10, names)
	require.NoError(t, j.Close())
	require.ErrorIs(t, j.Close(), journal.ErrClosed)
}

// What was forgotten takes no memory, though much that counts keeps its files from
// being cleaned up.
func TestWhatIsForgottenIsNotRemembered(t *testing.T) {
	j := openOn(t, faultfs.New())
	for i := range 20 {
		require.NoError(t, j.Append(t.Context(), recordOf(fmt.Sprint("large", i), 0, make([]byte, 2000))))
	}
	finish(t, j, 0, 60, true)
	names, _ := j.Segments()
	require.Greater(t, len(names), 10, "the files are still there")
	require.NoError(t, j.CheckLive())
	require.NoError(t, j.Close())
}

// The cleaning stops where it fails, which the log and Close tell; appends don't.
func TestACleaningThatFails(t *testing.T) {
	for _, c := range []struct {
		what  string
		spoil func(d *spoiled)
	}{
		{"the file can't be taken away", func(d *spoiled) { d.remove = errors.New("spoiled") }},
		{"the file can't be opened", func(d *spoiled) { d.open = errors.New("spoiled") }},
		{"the file is damaged", func(d *spoiled) {
			file := d.Disk.Bytes("0000000001.journal")
			file[bytes.Index(file, []byte("stays"))]++
		}},
	} {
		t.Run(c.what, func(t *testing.T) {
			var log bytes.Buffer
			d := &spoiled{Disk: faultfs.New()}
			j, err := journal.OpenIn(d, small, journal.LogTo(slog.New(slog.NewTextHandler(&log, nil))))
			require.NoError(t, err)
			require.NoError(t, j.Append(t.Context(), recordOf("stays", 0, nil)))
			c.spoil(d)
			finish(t, j, 0, 50, true)
			names, _ := j.Segments()
			require.Equal(t, "0000000001.journal", names[0])
			err = j.Close()
			require.Error(t, err)
			require.True(t, strings.Contains(err.Error(), "spoiled") || errors.Is(err, journal.ErrDamaged), err)
			require.Equal(t, 1, strings.Count(log.String(), "level=ERROR"), "it is said once: %s", &log)
			require.Zero(t, d.OpenFiles())
		})
	}
}

// spoiled is a disk that fails for one file.
type spoiled struct {
	*faultfs.Disk
	remove, open error
}

func (s *spoiled) Remove(name string) error {
	if s.remove != nil && name == "0000000001.journal" {
		return s.remove
	}
	return s.Disk.Remove(name)
}

func (s *spoiled) Open(name string) (disk.File, error) {
	if s.open != nil && name == "0000000001.journal" {
		return nil, s.open
	}
	return s.Disk.Open(name)
}

// What was forgotten is not carried along, even if nobody but the index knows of
// that yet, and the files that the tombstone is needed for are gone before it.
func TestForgettingWhileFilesAreCleaned(t *testing.T) {
	d := faultfs.New()
	j := openOn(t, d)
	require.NoError(t, j.Append(t.Context(), recordOf("anew", 0, []byte("old"))))
	finish(t, j, 0, 5, false) // the first file is full
	require.NoError(t, j.Append(t.Context(), recordOf("anew", 1, []byte("old"))))
	require.NoError(t, j.Forget(t.Context(), "anew"))
	require.NoError(t, j.Append(t.Context(), recordOf("anew", 0, []byte("new"))))
	for i := range 40 {
		finish(t, j, 100+i, 101+i, true)
		again := d.Crash()
		k := openOn(t, again)
		now, err := stateOf(k)
		require.NoError(t, err)
		require.Len(t, now["anew"], 1)
		require.Equal(t, "new", string(now["anew"][0].Body))
		require.NoError(t, k.Close())
	}
	require.NoError(t, j.Close())
}

// An older record that is carried past a newer one does not become what List
// tells.
func TestAnOldRecordCarriedPastANewerOne(t *testing.T) {
	j := openOn(t, faultfs.New())
	r := recordOf("stays", 0, nil)
	require.NoError(t, j.Append(t.Context(), r))
	for i := range 20 { // which fill the first file
		require.NoError(t, j.Append(t.Context(), recordOf(fmt.Sprint("full", i), 0, make([]byte, 200))))
	}
	r.Seq, r.Plan = 1, "newer"
	require.NoError(t, j.Append(t.Context(), r))
	names, _ := j.Segments()
	require.Equal(t, []string{"0000000001.journal", "0000000002.journal"}, names)
	for i := range 20 {
		require.NoError(t, j.Forget(t.Context(), fmt.Sprint("full", i)))
	}
	require.NoError(t, j.Append(t.Context(), recordOf("other", 0, nil)))
	j.WaitUpkeep()
	names, _ = j.Segments()
	require.Equal(t, []string{"0000000002.journal"}, names)
	now, err := stateOf(j)
	require.NoError(t, err)
	require.Len(t, now["stays"], 2)
	require.NoError(t, j.Close())
}
