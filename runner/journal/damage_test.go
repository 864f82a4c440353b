package journal_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/runner/journal"
	"github.com/taskchain-go/taskchain/runner/journal/internal/faultfs"
)

// healthy is a closed journal of two files, and what was in it after each step:
// the begin of each execution is in the first file, and its end in the second.
func healthy(t testing.TB) (*faultfs.Disk, *history, []string, []int64) {
	t.Helper()
	d := faultfs.New()
	h := &history{states: []state{{}}}
	j := openOn(t, d)
	var script []step
	for seq := range 6 {
		for _, id := range []string{"a", "b", "c"} {
			script = append(script, step{Record: recordOf(id, seq, bytes.Repeat([]byte{byte(seq)}, 240+seq))})
		}
	}
	require.NoError(t, h.play(j, script))
	names, ends := j.Segments()
	require.NoError(t, j.Close())
	require.Len(t, names, 2)
	return d, h, names, ends
}

// judge opens a journal that somebody has changed in a file at a byte. Either
// that is said, or it makes no difference, or the last write is taken for one
// that was interrupted, which is said as well.
func judge(t *testing.T, d *faultfs.Disk, h *history, names []string, name string, at int) (verdict string) {
	t.Helper()
	damaged := faultfs.New()
	for _, n := range names {
		damaged.Put(n, d.Bytes(n))
	}
	j, err := journal.OpenIn(damaged, small)
	if err != nil {
		require.Zero(t, damaged.OpenFiles(), "nothing stays open")
		if errors.Is(err, journal.ErrVersion) {
			require.True(t, at >= 8 && at < 12, "byte %d of %s: %v", at, name, err)
			return "version"
		}
		damage, ok := errors.AsType[*journal.DamageError](err)
		require.True(t, ok, "byte %d of %s: %v", at, name, err)
		require.ErrorIs(t, err, journal.ErrDamaged)
		require.Equal(t, name, damage.File, err)
		require.LessOrEqual(t, damage.Offset, int64(at), err)
		for _, n := range names {
			require.Equal(t, d.Bytes(n), damaged.Bytes(n), "nothing is changed")
		}
		return "damage"
	}
	defer j.Close()
	now, err := stateOf(j)
	require.NoError(t, err)
	cut, was := j.Recovered()
	if was {
		require.Equal(t, names[len(names)-1], name)
		require.Equal(t, name, cut.File)
		require.LessOrEqual(t, cut.Offset, int64(at))
	}
	if h.states[len(h.states)-1].equal(now) {
		return "nothing"
	}
	require.True(t, was, "byte %d of %s is another, and nobody says so:\n%v", at, name, now)
	require.True(t, h.states[len(h.states)-2].equal(now), "byte %d of %s", at, name)
	return "last write"
}

func TestEachByteMatters(t *testing.T) {
	t.Parallel()
	d, h, names, ends := healthy(t)
	verdicts := map[string]int{}
	for i, name := range names {
		for at := range d.Bytes(name) {
			d.Bytes(name)[at] ^= 0x20
			verdict := judge(t, d, h, names, name, at)
			d.Bytes(name)[at] ^= 0x20
			verdicts[verdict]++
			if int64(at) >= ends[i] && i < len(names)-1 {
				require.Equal(t, "damage", verdict, "behind the groups")
			}
		}
	}
	t.Log(verdicts)
	require.Greater(t, verdicts["damage"], 4000)
	require.Equal(t, 4*len(names), verdicts["version"])
	require.Positive(t, verdicts["last write"])
	require.Less(t, verdicts["nothing"], int(4<<10-ends[len(ends)-1])+7*len(h.states), "zeros behind the last group, and up to 7 between two")
}

func TestAFileThatEndsTooSoon(t *testing.T) {
	t.Parallel()
	d, h, names, _ := healthy(t)
	for _, name := range names {
		file := d.Bytes(name)
		for size := range file {
			d.Put(name, file[:size])
			require.Equal(t, "damage", judge(t, d, h, names, name, size), "%s with %d bytes", name, size)
		}
		d.Put(name, append(file, 0))
		require.Equal(t, "damage", judge(t, d, h, names, name, len(file)), "one byte more")
		d.Put(name, file)
	}
}

// A group is known by a checksum in which its place is, so that one of another
// file, or of another place, is none.
func TestAGroupCountsInItsPlaceOnly(t *testing.T) {
	d, h, names, ends := healthy(t)
	group := bytes.Clone(d.Bytes(names[0])[64:360])
	for i, at := range []int64{ends[1], ends[1] + 8} {
		file := bytes.Clone(d.Bytes(names[1]))
		copy(d.Bytes(names[1])[at:], [][]byte{group, file[64:360]}[i])
		require.Equal(t, "nothing", judge(t, d, h, names, names[1], int(at)))
		d.Put(names[1], file)
	}
}

// Nor is one of another journal, in the very same place.
func TestAGroupCountsInItsFileOnly(t *testing.T) {
	one, other := faultfs.New(), faultfs.New()
	j := openOn(t, one)
	require.NoError(t, j.Append(background, recordOf("a", 0, nil)))
	_, ends := j.Segments()
	require.NoError(t, j.Close())
	require.NoError(t, openOn(t, other).Close())
	copy(other.Bytes("0000000001.journal")[64:], one.Bytes("0000000001.journal")[64:ends[0]])
	j = openOn(t, other)
	_, was := j.Recovered()
	require.True(t, was)
	now, err := stateOf(j)
	require.NoError(t, err)
	require.Empty(t, now)
	require.NoError(t, j.Close())
}

func TestAGroupHasAsManyEntriesAsItSays(t *testing.T) {
	file, _ := journal.Segment(1, 0, journal.AppendTombstone(nil, "a"))
	journal.Miscount(file)
	d := faultfs.New()
	d.Put("0000000001.journal", file)
	_, err := journal.OpenIn(d, small)
	require.ErrorIs(t, err, journal.ErrDamaged)
	require.ErrorContains(t, err, "at byte 64: 1 records where there should be 2")
}

func TestAMissingFile(t *testing.T) {
	d, _, names, _ := healthy(t)
	other := faultfs.New()
	third, _ := journal.Segment(3, 0)
	other.Put("0000000003.journal", third)
	other.Put(names[0], d.Bytes(names[0]))
	_, err := journal.OpenIn(other, small)
	require.ErrorIs(t, err, journal.ErrDamaged)
	require.ErrorContains(t, err, names[1]+" is damaged at byte 0: it is missing")

	other = faultfs.New()
	other.Put(names[1], d.Bytes(names[1]))
	_, err = journal.OpenIn(other, small)
	require.ErrorIs(t, err, journal.ErrDamaged, "the begin of an execution is missing")
	require.ErrorContains(t, err, "is nowhere")
}

func TestFilesThatAreNoSegments(t *testing.T) {
	d := faultfs.New()
	d.Put("README", []byte("mine"))
	d.Put("1.journal", []byte("mine"))
	d.Put("000000001x.journal", []byte("mine"))
	d.Put("next.tmp", []byte("half"))
	j := openOn(t, d)
	require.NoError(t, j.Append(background, recordOf("a", 0, nil)))
	require.NoError(t, j.Close())
	names, err := d.Names()
	require.NoError(t, err)
	require.Equal(t, []string{"0000000001.journal", "000000001x.journal", "1.journal", "README"}, names)
}

func TestANewerVersion(t *testing.T) {
	d, _, names, _ := healthy(t)
	d.Bytes(names[0])[8] = 2
	_, err := journal.OpenIn(d, small)
	require.ErrorIs(t, err, journal.ErrVersion)
	require.ErrorContains(t, err, names[0]+" has version 2, and the newest that is known here is 1")
}

// A record that has changed under a journal that is open is not read as if it
// had not.
func TestDamageWhileItIsOpen(t *testing.T) {
	d := faultfs.New()
	j := openOn(t, d)
	require.NoError(t, j.Append(background, recordOf("a", 0, []byte("what was written"))))
	require.NoError(t, j.Append(background, recordOf("b", 0, []byte("something else"))))
	file := d.Bytes("0000000001.journal")
	file[bytes.Index(file, []byte("what was written"))] = 'W'
	_, err := j.Records(background, "a")
	damage, ok := errors.AsType[*journal.DamageError](err)
	require.True(t, ok, err)
	require.Equal(t, "0000000001.journal", damage.File)
	records, err := j.Records(background, "b")
	require.NoError(t, err)
	require.Equal(t, "something else", string(records[0].Body))
	d.Put("0000000001.journal", file[:70])
	_, err = j.Records(background, "b")
	require.ErrorContains(t, err, "0000000001.journal at byte")
	require.NoError(t, j.Close())
}
