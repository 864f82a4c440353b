package journal_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/journal"
	"github.com/taskchain-go/taskchain/runner/journal/internal/disk"
	"github.com/taskchain-go/taskchain/runner/journal/internal/faultfs"
)

const holderFolder = "JOURNAL_TEST_HOLDER"

// As another process, the test binary opens a folder, says what came of it, and
// waits to be killed.
func TestMain(m *testing.M) {
	dir := os.Getenv(holderFolder)
	if dir == "" {
		os.Exit(m.Run())
	}
	_, err := journal.Open(dir)
	fmt.Println("opened:", err)
	if err == nil {
		select {}
	}
}

// holder is another process that has opened the folder, or not.
func holder(t *testing.T, dir string) (said string, kill func()) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), holderFolder+"="+dir)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	return line, func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}

func TestTwoNeverShareAFolder(t *testing.T) {
	dir := t.TempDir()
	said, kill := holder(t, dir)
	require.Equal(t, "opened: <nil>\n", said)
	_, err := journal.Open(dir)
	require.ErrorIs(t, err, journal.ErrInUse)
	require.ErrorContains(t, err, dir)
	kill()

	j, err := journal.Open(dir)
	require.NoError(t, err, "the lock ends with the process")
	said, kill = holder(t, dir)
	kill()
	require.Contains(t, said, "journal: the folder is in use: ")
	require.NotContains(t, said, "nil")

	_, err = journal.Open(dir)
	require.ErrorIs(t, err, journal.ErrInUse, "nor do two in one process")
	require.NoError(t, j.Append(t.Context(), recordOf("a", 0, nil)), "who has it is not disturbed")
	require.NoError(t, j.Close())
	j, err = journal.Open(dir)
	require.NoError(t, err)
	require.NoError(t, j.Close())
}

func TestFilesAreTheirOwnersAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("it has no such modes")
	}
	dir := filepath.Join(t.TempDir(), "deep", "inside")
	j := open(t, dir, small)
	finish(t, j, 0, 30, false)
	seen := 0
	require.NoError(t, filepath.WalkDir(filepath.Dir(dir), func(path string, d fs.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := d.Info()
		require.NoError(t, err)
		if seen++; d.IsDir() {
			require.Equal(t, fs.FileMode(0o700), info.Mode().Perm(), path)
		} else {
			require.Equal(t, fs.FileMode(0o600), info.Mode().Perm(), path)
		}
		return nil
	}))
	require.GreaterOrEqual(t, seen, 4)
}

func TestNothingStaysOpen(t *testing.T) {
	fds := func() int {
		entries, err := os.ReadDir("/proc/self/fd")
		if errors.Is(err, fs.ErrNotExist) {
			t.Skip("there is no /proc to look at")
		}
		require.NoError(t, err)
		return len(entries)
	}
	before := fds()
	dir := t.TempDir()
	for range 3 {
		synctest.Test(t, func(t *testing.T) { // which no goroutine may outlive
			j, err := journal.Open(dir, small)
			require.NoError(t, err)
			begin := 0
			for range j.List(t.Context(), runner.Query{}) {
				begin++
			}
			for i := range 4 {
				go grow(t, j, begin+100*i, begin+100*i+20)
			}
			synctest.Wait()
			_, err = stateOf(j)
			require.NoError(t, err)
			_, err = journal.Open(dir)
			require.ErrorIs(t, err, journal.ErrInUse)
			require.NoError(t, j.Close())
		})
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "0000000099.journal"), []byte("nothing"), 0o600))
	_, err := journal.Open(dir)
	require.ErrorIs(t, err, journal.ErrDamaged)
	require.Equal(t, before, fds())
}

func TestWhatCantBeOpened(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err := journal.Open(file)
	require.ErrorContains(t, err, "it is a file")
	_, err = journal.Open(filepath.Join(file, "inside"))
	require.ErrorContains(t, err, file)
	_, err = journal.Open(t.TempDir(), journal.WithSegmentSize(100), journal.LogTo(nil))
	require.ErrorContains(t, err, "WithSegmentSize: must be at least 4096, got 100")
	require.ErrorContains(t, err, "LogTo: nil logger")

	j, err := journal.Open(t.TempDir(), journal.Option{})
	require.NoError(t, err)
	require.NoError(t, j.Close())
}

// A disk that is full, or not ours to write, is an error of Open as well, whatever
// Open has to do: make a folder's first file, or mend the last one.
func TestAnOpenThatFails(t *testing.T) {
	torn, _, names, ends := healthy(t)
	torn.Put("next.tmp", []byte("half"))
	torn.Bytes(names[1])[ends[1]] = 1
	for _, d := range []*faultfs.Disk{faultfs.New(), torn} {
		fine := d.Crash()
		openOn(t, fine).Close()
		ops, _ := fine.Count()
		require.Positive(t, ops)
		for op := range ops {
			d := d.Crash()
			d.Fail(faultfs.Fault{Op: op + 1, Err: syscall.EACCES})
			_, err := journal.OpenIn(d, small)
			require.ErrorIs(t, err, fs.ErrPermission, "operation %d", op+1)
			require.Zero(t, d.OpenFiles())
			d.Fail(faultfs.Fault{})
			require.NoError(t, openOn(t, d).Close(), "and nothing is in the way")
		}
	}
	_, err := journal.OpenIn(unlockable{faultfs.New()}, small)
	require.ErrorIs(t, err, errors.ErrUnsupported)
	require.NotErrorIs(t, err, journal.ErrInUse)
}

type unlockable struct{ disk.Folder }

func (unlockable) Lock() (io.Closer, error) { return nil, errors.ErrUnsupported }

func TestWhatWasCutOffIsTold(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir)
	require.NoError(t, j.Append(t.Context(), recordOf("a", 0, []byte("kept"))))
	_, ends := j.Segments()
	_, was := j.Recovered()
	require.False(t, was)
	require.NoError(t, j.Close())

	path := filepath.Join(dir, "0000000001.journal")
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	require.NoError(t, err)
	_, err = f.WriteAt([]byte("half of a group"), ends[0])
	require.NoError(t, err)
	require.NoError(t, f.Close())

	var log bytes.Buffer
	j = open(t, dir, journal.LogTo(slog.New(slog.NewTextHandler(&log, nil))))
	cut, was := j.Recovered()
	require.True(t, was)
	require.Equal(t, journal.Cut{File: "0000000001.journal", Offset: ends[0], Bytes: 15}, cut)
	require.Contains(t, log.String(), fmt.Sprintf("level=WARN msg=\"journal: the rest of an interrupted write was cut off\" file=0000000001.journal offset=%d bytes=15", ends[0]))
	require.NoError(t, j.Close())
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NotContains(t, string(file), "half", "it is wiped")
}

// Executions that nobody waits for have no other way to tell.
func TestAFailureIsTold(t *testing.T) {
	d := faultfs.New()
	var log bytes.Buffer
	j, err := journal.OpenIn(d, small, journal.LogTo(slog.New(slog.NewTextHandler(&log, nil))))
	require.NoError(t, err)
	require.NoError(t, j.Append(t.Context(), recordOf("a", 0, nil)))
	require.Empty(t, log.String())
	require.NoError(t, j.Err())
	ops, _ := d.Count()
	d.Fail(faultfs.Fault{Op: ops + 1, Err: syscall.ENOSPC})
	for range 2 {
		err := j.Append(t.Context(), recordOf("a", 1, nil))
		require.ErrorIs(t, err, syscall.ENOSPC)
		require.Equal(t, err, j.Err())
	}
	require.ErrorIs(t, j.Err(), journal.ErrFailed)
	require.ErrorIs(t, j.Close(), syscall.ENOSPC)
	require.ErrorIs(t, j.Err(), journal.ErrClosed)
	line := `level=ERROR msg="journal: nothing is written any more: mend the cause and open the folder anew" error="no space left on device"`
	require.Equal(t, 1, strings.Count(log.String(), line), log.String())
	require.Equal(t, 1, strings.Count(log.String(), "\n"), log.String())
}

// Those who wait are not left waiting when the telling goes wrong.
func TestAHandlerThatDoesNotReturn(t *testing.T) {
	for _, leave := range []func(){func() { panic("the handler") }, runtime.Goexit} {
		synctest.Test(t, func(t *testing.T) {
			d := faultfs.New()
			j, err := journal.OpenIn(d, small, journal.LogTo(slog.New(leaving{slog.DiscardHandler, leave})))
			require.NoError(t, err)
			ops, _ := d.Count()
			d.Fail(faultfs.Fault{Op: ops + 1})
			failed := make(chan error, 2)
			for range 2 {
				go func() { failed <- j.Append(t.Context(), recordOf("a", 0, nil)) }()
				synctest.Wait()
			}
			require.Len(t, failed, 2)
			require.ErrorIs(t, <-failed, journal.ErrFailed)
			require.ErrorIs(t, <-failed, journal.ErrFailed)
			require.ErrorIs(t, j.Close(), journal.ErrFailed)
		})
	}
}

type leaving struct {
	slog.Handler
	leave func()
}

func (leaving) Enabled(context.Context, slog.Level) bool { return true }
func (l leaving) Handle(context.Context, slog.Record) error {
	l.leave()
	return nil
}

func TestLimits(t *testing.T) {
	j := open(t, t.TempDir(), small)
	for _, r := range []runner.Record{
		recordOf("a", 0, make([]byte, journal.MaxRecord)),
		recordOf(strings.Repeat("a", journal.MaxRecord+1), 0, nil),
	} {
		err := j.Append(t.Context(), r)
		require.ErrorIs(t, err, journal.ErrTooLarge)
		require.ErrorContains(t, err, "and may have 67108864")
	}
	large := recordOf("a", 0, bytes.Repeat([]byte("large"), 1<<20)) // than a file, and than a group
	require.NoError(t, j.Append(t.Context(), large))
	require.NoError(t, j.Append(t.Context(), recordOf("a", 1, nil)))
	read, err := j.Records(t.Context(), "a")
	require.NoError(t, err)
	require.True(t, sameRecord(large, read[0]))
	require.Empty(t, read[1].Body)
}

func TestAClosedJournal(t *testing.T) {
	j := open(t, t.TempDir())
	require.NoError(t, j.Close())
	require.ErrorIs(t, j.Append(t.Context(), recordOf("a", 0, nil)), journal.ErrClosed)
	require.ErrorIs(t, j.Forget(t.Context(), "a"), journal.ErrClosed)
	_, err := j.Records(t.Context(), "a")
	require.ErrorIs(t, err, journal.ErrClosed)
	_, err = stateOf(j)
	require.ErrorIs(t, err, journal.ErrClosed)
	require.ErrorIs(t, j.Close(), journal.ErrClosed)
}

// Forget waits for nobody, and what it has left to others is written by Close, or
// when it has become much.
func TestForgottenOnes(t *testing.T) {
	d, size := faultfs.New(), journal.WithSegmentSize(512<<10)
	j, err := journal.OpenIn(d, size)
	require.NoError(t, err)
	ids := make([]string, 100)
	for i := range ids {
		ids[i] = fmt.Sprintf("%01000d", i)
		require.NoError(t, j.Append(t.Context(), recordOf(ids[i], 0, nil)))
	}
	_, before := d.Count()
	require.NoError(t, j.Forget(t.Context(), ids[0]))
	_, after := d.Count()
	require.Equal(t, before, after)
	for _, id := range ids[1:] {
		require.NoError(t, j.Forget(t.Context(), id))
	}
	_, after = d.Count()
	require.Greater(t, after, before+60_000)
	require.Less(t, after, before+80_000)
	require.NoError(t, j.Close())

	j, err = journal.OpenIn(d, size)
	require.NoError(t, err)
	now, err := stateOf(j)
	require.NoError(t, err)
	require.Empty(t, now)
	require.NoError(t, j.Close())
}

// An append that does not fit into a group with what Forget has left there still
// waits for its own bytes.
func TestALargeRecordBehindForgottenOnes(t *testing.T) {
	d := faultfs.New()
	j := openOn(t, d)
	id := strings.Repeat("x", 60_000)
	require.NoError(t, j.Append(t.Context(), recordOf(id, 0, nil)))
	require.NoError(t, j.Forget(t.Context(), id))
	require.NoError(t, j.Append(t.Context(), recordOf("a", 0, make([]byte, 1<<20))))
	k := openOn(t, d.PowerCut(0, none))
	now, err := stateOf(k)
	require.NoError(t, err)
	require.Len(t, now, 1)
	require.Len(t, now["a"], 1)
	require.NoError(t, k.Close())
	require.NoError(t, j.Close())
}

// What was forgotten while its record was on its way to the disk does not count
// when it arrives.
func TestForgottenOnItsWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &slowDisk{Folder: faultfs.New()}
		j := openOn(t, g)
		open := g.shut()
		done := make(chan error)
		go func() { done <- j.Append(t.Context(), recordOf("a", 0, nil)) }()
		synctest.Wait()
		require.NoError(t, j.Forget(t.Context(), "a"))
		open()
		require.NoError(t, <-done)
		now, err := stateOf(j)
		require.NoError(t, err)
		require.Empty(t, now)
		require.NoError(t, j.Append(t.Context(), recordOf("a", 0, nil)))
		require.NoError(t, j.Close())
	})
}

// A disk that is full is not made fuller by half a file.
func TestHalfAFileIsTakenAway(t *testing.T) {
	d := faultfs.New()
	d.Fail(faultfs.Fault{Byte: 1000, Err: syscall.ENOSPC})
	_, err := journal.OpenIn(d, small)
	require.ErrorIs(t, err, syscall.ENOSPC)
	names, err := d.Names()
	require.NoError(t, err)
	require.Empty(t, names)
}

func TestTimesAreInstants(t *testing.T) {
	j := open(t, t.TempDir())
	r := recordOf("a", 0, nil)
	r.Begun = time.Now().In(time.FixedZone("there", 3600))
	require.NoError(t, j.Append(t.Context(), r))
	for h, err := range j.List(t.Context(), runner.Query{}) {
		require.NoError(t, err)
		require.True(t, r.Begun.Equal(h.Begun))
	}
}
