package journal_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/runner/journal"
	"github.com/taskchain-go/taskchain/runner/journal/internal/faultfs"
)

// FuzzOpen opens any bytes as files of a journal, as they are and as groups with
// checksums that fit. It opens or says why not; what opens can be read, goes on,
// and is the same when it is opened again.
func FuzzOpen(f *testing.F) {
	a := journal.AppendRecord(nil, recordOf("a", 0, []byte("body")))
	one, end := journal.Segment(1, 0, a)
	two, _ := journal.Segment(2, end, a)
	f.Add(one, two, false)
	f.Add(one[:100], []byte{}, false)
	f.Add(a, journal.AppendRecord(journal.AppendTombstone(nil, "a"), recordOf("a", 0, nil)), true)
	f.Add(journal.AppendRecord(a, recordOf("a", 1, nil)), journal.AppendRecord(nil, recordOf("b", 3, nil)), true)
	f.Add(journal.AppendTombstone(nil, ""), a, true)
	f.Fuzz(func(t *testing.T, first, second []byte, sealed bool) {
		d := faultfs.New()
		if sealed && len(first) > 0 && len(second) > 0 {
			file, end := journal.Segment(1, 0, first, second)
			d.Put("0000000001.journal", file)
			file, _ = journal.Segment(2, end, second, first)
			d.Put("0000000002.journal", file)
		} else {
			d.Put("0000000001.journal", first)
			if len(second) > 0 {
				d.Put("0000000002.journal", second)
			}
		}
		j, err := journal.OpenIn(d, small)
		if err != nil {
			require.Regexp(t, `00000000\d\d\.journal`, err.Error())
			require.Zero(t, d.OpenFiles())
			return
		}
		before, err := stateOf(j)
		require.NoError(t, err)
		r := recordOf("fuzz", 0, []byte("goes on"))
		if have := before["fuzz"]; len(have) > 0 {
			r.Seq = have[len(have)-1].Seq + 1
		}
		require.NoError(t, j.Append(background, r))
		before["fuzz"] = append(before["fuzz"], r)
		j.WaitUpkeep()
		require.NoError(t, j.Close())
		j = openOn(t, d)
		after, err := stateOf(j)
		require.NoError(t, err)
		require.True(t, before.equal(after), "%v\n%v", before, after)
		require.NoError(t, j.Close())
	})
}
