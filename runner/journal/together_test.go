package journal_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/journal"
	"github.com/taskchain-go/taskchain/runner/journal/internal/faultfs"
)

// Executions that run at once, with files that fill up and are cleaned, until the
// disk dies at some operation: of each execution there is what was acknowledged,
// and at most one more thing.
func TestCrashesWhileManyAppend(t *testing.T) {
	rounds := 300
	if testing.Short() || raceDetector {
		rounds = 40
	}
	died := 0
	for round := range rounds {
		random := rand.New(rand.NewPCG(1, uint64(round)))
		d := faultfs.New()
		d.Fail(faultfs.Fault{Op: 12 + random.IntN(300), Dead: random.IntN(2) == 0})
		j := openOn(t, d)
		histories := make([]*history, 8)
		var running sync.WaitGroup
		for i := range histories {
			histories[i] = &history{states: []state{{}}}
			script := scriptOf(fmt.Sprint("e", i), random.Uint64())
			running.Go(func() { histories[i].err = playAlone(j, histories[i], script) })
		}
		running.Wait()
		_ = j.Close()
		if d.Failed() {
			died++
		}
		random = rand.New(rand.NewPCG(2, uint64(round)))
		for _, left := range []*faultfs.Disk{d.Crash(), d.PowerCut(random.IntN(3), func(string, int) bool { return random.IntN(2) == 0 })} {
			j, err := journal.OpenIn(left, small)
			require.NoError(t, err, "round %d", round)
			now, err := stateOf(j)
			require.NoError(t, err)
			for i, h := range histories {
				alone := state{}
				if records := now[fmt.Sprint("e", i)]; records != nil {
					alone[fmt.Sprint("e", i)] = records
				}
				require.True(t, h.has(alone), "round %d, %v: left is\n%v\nwhere it should be at least\n%v", round, h.err, alone, h.states[h.safe])
			}
			require.NoError(t, j.Close())
		}
	}
	require.Greater(t, died, rounds/2)
	t.Logf("died %d times in %d rounds", died, rounds)
}

// scriptOf is what becomes of one ID: executions that grow, are summed up, are
// forgotten and begun anew.
func scriptOf(id string, seed uint64) (script []step) {
	random := rand.New(rand.NewPCG(3, seed))
	seq := 0
	for range 60 {
		if seq > 0 && random.IntN(8) == 0 {
			script = append(script, step{Record: recordOf(id, 0, nil), forget: true})
			seq = 0
			continue
		}
		r := recordOf(id, seq, fmt.Appendf(nil, "%0*d", random.IntN(300), seq))
		r.Whole = random.IntN(4) == 0
		script = append(script, step{Record: r})
		seq++
	}
	return script
}

// playAlone does not wait for what is done beside the writing.
func playAlone(j *journal.Journal, h *history, script []step) error {
	for _, s := range script {
		h.next(s)
		if s.forget {
			if err := j.Forget(background, s.ID); err != nil {
				return err
			}
			continue
		}
		if err := j.Append(background, s.Record); err != nil {
			return err
		}
		h.safe = len(h.states) - 1
	}
	return nil
}

// Those who wait for the same sync all learn that it failed, and those who come
// later as well.
func TestAFailureIsEverybodys(t *testing.T) {
	for _, op := range []string{"write", "sync"} {
		d := faultfs.New()
		j := openOn(t, d)
		require.NoError(t, j.Append(background, recordOf("a", 0, []byte("kept"))))
		ops, _ := d.Count()
		disk := errors.New("the disk is gone")
		f := faultfs.Fault{Op: ops + 1, Err: disk}
		if op == "sync" {
			f.Op++
		}
		d.Fail(f)
		errs := make([]error, 16)
		var running sync.WaitGroup
		for i := range errs {
			running.Go(func() { errs[i] = j.Append(background, recordOf(fmt.Sprint("e", i), 0, nil)) })
		}
		running.Wait()
		for _, err := range errs {
			require.ErrorIs(t, err, disk)
			require.ErrorIs(t, err, journal.ErrFailed)
		}
		written, _ := d.Count()
		require.ErrorIs(t, j.Append(background, recordOf("a", 1, nil)), disk)
		require.ErrorIs(t, j.Append(background, recordOf("a", 7, nil)), journal.ErrFailed)
		require.ErrorIs(t, j.Forget(background, "a"), journal.ErrFailed)
		after, _ := d.Count()
		require.Equal(t, written, after, "nothing is written or synced again")

		now, err := stateOf(j)
		require.NoError(t, err, "what was acknowledged can be read")
		require.True(t, state{"a": []runner.Record{recordOf("a", 0, []byte("kept"))}}.equal(now), now)
		require.ErrorIs(t, j.Close(), disk)
		require.Zero(t, d.OpenFiles())
	}
}

// On one processor, where nobody is overtaken, all who append at a time wait for
// the same sync, and not one half of them while the other half is on its way.
func TestThoseWhoAppendAtATimeShareSyncs(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	const atOnce, records = 16, 50
	syncs := 0
	d := &slowDisk{Folder: faultfs.New()}
	j, err := journal.OpenIn(d, journal.WithSegmentSize(1<<20)) // one is enough
	require.NoError(t, err)
	d.meanwhile = func() { syncs++; runtime.Gosched() }
	var running sync.WaitGroup
	for i := range atOnce {
		running.Go(func() {
			for seq := range records {
				if err := j.Append(background, recordOf(fmt.Sprint("e", i), seq, nil)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	running.Wait()
	require.Less(t, syncs, records*3/2)
	require.NoError(t, j.Close())
}
