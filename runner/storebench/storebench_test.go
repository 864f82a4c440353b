//go:build linux

package main

import (
	"context"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/internal/durablework"
	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/storetest"
)

func TestTheStoreOnSQLiteKeepsItsPromises(t *testing.T) {
	open := func(t *testing.T, path string) *sqliteStore {
		s, err := openSQLiteStore(path)
		require.NoError(t, err)
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	paths := map[runner.Store]string{}
	storetest.Run(t, func(t *testing.T) runner.Store {
		path := filepath.Join(t.TempDir(), "store.db")
		s := open(t, path)
		paths[s] = path
		return s
	}, storetest.Reopens(func(t *testing.T, s runner.Store) runner.Store {
		require.NoError(t, s.(*sqliteStore).Close())
		again := open(t, paths[s])
		paths[again] = paths[s]
		return again
	}))
}

// What a contender promises is what it is measured with.
func TestSQLiteSyncsAsTheTableSays(t *testing.T) {
	for synchronous, want := range map[string]string{"FULL": "2", "NORMAL": "1"} {
		db, err := openSQLite(filepath.Join(t.TempDir(), "a.db"), synchronous, "")
		require.NoError(t, err)
		var got, mode string
		require.NoError(t, db.QueryRow("PRAGMA synchronous").Scan(&got))
		require.NoError(t, db.QueryRow("PRAGMA journal_mode").Scan(&mode))
		require.NoError(t, db.Close())
		require.Equal(t, []string{want, "wal"}, []string{got, mode})
	}
}

// A contender that did less than the others would win for nothing.
func TestEachContenderDoesItsWork(t *testing.T) {
	for _, c := range contenders {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			for range 2 { // the second time in the folder of the first
				sys, err := c.open(dir, steps)
				require.NoError(t, err)
				for range 2 {
					require.NoError(t, execute(sys, steps))
				}
				require.ErrorContains(t, execute(sys, steps+1), "10 of 11 steps were done")
				require.NoError(t, sys.Close())
			}
		})
	}
}

func TestAStepByHandIsKept(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, byHandRecovery{}.leave(dir, 1))
	sys, err := openByHand(dir, steps)
	require.NoError(t, err)
	defer sys.Close()
	var kept int
	require.NoError(t, sys.(*byHand).db.QueryRow("SELECT count(*) FROM steps").Scan(&kept))
	require.Equal(t, steps/2, kept)
}

func TestEachRecovererFindsWhatWasLeft(t *testing.T) {
	for _, r := range recoverers {
		t.Run(r.name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, r.fill(dir, 5))
			for range 2 { // the second time the first ones have ended
				require.NoError(t, r.leave(dir, 3))
				size, err := coolDown(dir)
				require.NoError(t, err)
				require.Positive(t, size)
				took, err := r.recover(dir, 3)
				require.NoError(t, err)
				require.Less(t, took.opened, took.underWay)
				require.LessOrEqual(t, took.underWay, took.ended)
			}
		})
	}
}

func TestWorksTakeTurns(t *testing.T) {
	var order strings.Builder
	does := func(name string) func() error {
		return func() error { order.WriteString(name); return nil }
	}
	took, err := inTurn(0, 1, does("a"), does("b"))
	require.NoError(t, err)
	require.Len(t, took, 2)
	require.Equal(t, "abab", order.String())

	_, err = inTurn(0, 1, func() error { return io.ErrUnexpectedEOF })
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func TestTogetherCountsWhatAllHaveDone(t *testing.T) {
	var done atomic.Int64
	took, err := together(time.Nanosecond, 8, 1, func() error { done.Add(1); return nil })
	require.NoError(t, err)
	require.Positive(t, took.wall)
	require.GreaterOrEqual(t, done.Load(), int64(16))

	_, err = together(time.Nanosecond, 8, 1, func() error { return io.ErrUnexpectedEOF })
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
}

func rowOf(name string, floor, alone, many float64) row {
	return row{name, []sample{{wall: floor}}, []sample{{wall: alone}}, []sample{{wall: many}}}
}

func TestRecoverTargets(t *testing.T) {
	took := medians([]recovered{{1, 2, recoverLimit}, {3, 4, 9}, {2, 9 * recoverLimit, 0}})
	require.Equal(t, recovered{2, 4, 9}, took)
	require.True(t, under("x", recoverLimit-1).met)
	require.Equal(t, "< 5 s until x: **missed** (5.00 s)", under("x", recoverLimit).String())
}

func TestTargets(t *testing.T) {
	for want, r := range map[string]row{
		"≤ 1.3 × floor: met (1.30 ×); ≥ 16 × alone: met (16.0 ×)":               rowOf(ours, 1000, 1300, 81.25),
		"≤ 1.3 × floor: **missed** (1.31 ×); ≥ 16 × alone: **missed** (15.9 ×)": rowOf(ours, 1000, 1310, 82.4),
		"": rowOf("another", 1000, 1300, 81.25),
	} {
		table, all := throughputTable([]row{r})
		require.Equal(t, want, all.String())
		require.Contains(t, table, "| "+want+" |\n")
	}
	missed := verdicts{{what: "a", asked: "1", measured: "2"}, {what: "b", met: true}}
	require.Equal(t, "Targets met: 1 of 2. Missed:\n\n- a: 1: **missed** (2)", missed.summary())
	require.Equal(t, "Targets met: 1 of 1.", missed[1:].summary())
}

func TestRatiosAreOfTheSameRound(t *testing.T) {
	of := []sample{{wall: 200}, {wall: 400}, {wall: 100}}
	to := []sample{{wall: 100}, {wall: 200}, {wall: 900}}
	require.Equal(t, 2.0, ratio(of, to))
	require.Equal(t, 2.5, median([]float64{4, 1, 2, 3}))
	require.True(t, math.IsNaN(median(nil)))
	require.Equal(t, []string{"0", "999", "1,000", "12,345,678"}, []string{thousands(0), thousands(999), thousands(999.5), thousands(12345678)})
}

func TestLongExecutionsWriteInProportion(t *testing.T) {
	short, err := recordBytes(10)
	require.NoError(t, err)
	long, err := recordBytes(200)
	require.NoError(t, err)
	const least = 2*1024 + 200*steps // all of the state at the begin and at the end, and what each step has done
	require.Greater(t, short, int64(least))
	require.Less(t, float64(long)/200, growth*float64(short)/10)

	for _, c := range contenders {
		written, err := fileBytes(c, t.TempDir(), steps)
		require.NoError(t, err)
		require.Greater(t, written, int64(least), "%s kept less than that", c.name)
	}
}

func TestTheCommandPrintsATableOfEachWork(t *testing.T) {
	lengths = []int{10, 20}
	t.Cleanup(func() { lengths = []int{100, 1000, 10_000} })
	var out strings.Builder
	require.NoError(t, run(&out, io.Discard, []string{"-rounds", "1", "-benchtime", "1ms", "-finished", "3", "-unfinished", "2", "-dir", onDisk(t)}))
	for _, w := range works {
		require.Contains(t, out.String(), "### "+w.name+"\n")
	}
	for _, c := range contenders {
		require.GreaterOrEqual(t, strings.Count(out.String(), "| "+c.name+" | "), 2, c.name)
	}
	require.Regexp(t, `\nTargets met: \d of 5\.`, out.String())
}

// onDisk is a folder beside the sources: the system's for what is temporary may
// be in memory.
func onDisk(t *testing.T) string {
	dir, err := os.MkdirTemp(".", "disk*.test")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return dir
}

func TestTheCommandRefusesBadFlags(t *testing.T) {
	for _, args := range [][]string{{"-rounds", "0"}, {"-benchtime", "soon"}, {"-work", "("}, {"-no-such-flag"}, {"-dir", "/nowhere"}} {
		require.Error(t, run(io.Discard, io.Discard, args), "%v", args)
	}
	require.ErrorContains(t, run(io.Discard, io.Discard, []string{"-dir", "/dev/shm"}), "/dev/shm is in memory")
}

func TestAFailureOfASystemIsAnError(t *testing.T) {
	require.ErrorIs(t, execute(failing{}, steps), io.ErrUnexpectedEOF)
}

type failing struct{}

func (failing) Execute(context.Context) (durablework.Order, error) {
	return durablework.Order{}, io.ErrUnexpectedEOF
}
func (failing) Close() error { return errors.ErrUnsupported }
