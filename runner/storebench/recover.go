package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

const recoverLimit = 5 * time.Second

// recoverRounds is how often it is measured at most: filling the folder takes
// longer than all else.
const recoverRounds = 3

// A recoverer is a contender that finds executions which a process has left
// unfinished, and carries them on.
type recoverer interface {
	// fill makes finished executions.
	fill(dir string, finished int) error
	// leave begins executions, of which each has half of its steps done when the
	// process leaves them.
	leave(dir string, unfinished int) error
	// recover opens the folder and carries them on. It is told how many there are.
	recover(dir string, unfinished int) (recovered, error)
}

// recovered is what it took.
type recovered struct{ opened, underWay, ended time.Duration } // since the begin

var recoverers = []struct {
	name string
	recoverer
}{
	{ours, ourRecovery{}},
	{"steps by hand on SQLite, FULL", byHandRecovery{}},
	{"DBOS on SQLite, NORMAL", transactRecovery{}},
}

func measureRecover(s setup) (string, verdicts, error) {
	var out strings.Builder
	var all verdicts
	fmt.Fprintf(&out, "%s finished executions and %s unfinished ones of %d steps, of which they have done %d. The files are not in the\n"+
		"memory of the system when they are opened. Of DBOS and of the steps by hand, the finished ones are copies of one.\n\n",
		thousands(float64(s.finished)), thousands(float64(s.unfinished)), steps, steps/2)
	out.WriteString("| contender | MB on disk | s to open | until all are under way | until all have ended | target |\n|---|--:|--:|--:|--:|---|\n")
	for _, r := range recoverers {
		dir, err := os.MkdirTemp(s.dir, "recover")
		if err != nil {
			return "", nil, err
		}
		times, size, err := rounds(r, dir, s)
		if err != nil {
			return "", nil, fmt.Errorf("%s: %w", r.name, err)
		}
		took := medians(times)
		var own verdicts
		if r.name == ours {
			own = verdicts{under("all are under way", took.underWay), under("all have ended", took.ended)}
		}
		all = append(all, own...)
		fmt.Fprintf(&out, "| %s | %s | %.2f | %.2f | %.2f | %s |\n", r.name,
			thousands(float64(size)/1e6), took.opened.Seconds(), took.underWay.Seconds(), took.ended.Seconds(), own)
		if err := os.RemoveAll(dir); err != nil {
			return "", nil, err
		}
	}
	return out.String(), all, nil
}

// rounds recovers some times: each time others are left unfinished, and the ones
// before have finished.
func rounds(r recoverer, dir string, s setup) (took []recovered, size int64, err error) {
	if err := r.fill(dir, s.finished); err != nil {
		return nil, 0, fmt.Errorf("fill: %w", err)
	}
	for range min(s.rounds, recoverRounds) {
		if err := r.leave(dir, s.unfinished); err != nil {
			return nil, 0, fmt.Errorf("leave: %w", err)
		}
		runtime.GC()
		if size, err = coolDown(dir); err != nil {
			return nil, 0, err
		}
		one, err := r.recover(dir, s.unfinished)
		if err != nil {
			return nil, 0, fmt.Errorf("recover: %w", err)
		}
		took = append(took, one)
	}
	return took, size, nil
}

func medians(times []recovered) recovered {
	of := func(what func(recovered) time.Duration) time.Duration {
		values := make([]float64, len(times))
		for i, t := range times {
			values[i] = float64(what(t))
		}
		return time.Duration(median(values))
	}
	return recovered{
		opened:   of(func(r recovered) time.Duration { return r.opened }),
		underWay: of(func(r recovered) time.Duration { return r.underWay }),
		ended:    of(func(r recovered) time.Duration { return r.ended }),
	}
}

// under is the verdict on what is to take less than the limit.
func under(until string, took time.Duration) verdict {
	return verdict{
		what: "recover until " + until, asked: fmt.Sprintf("< %.0f s until %s", recoverLimit.Seconds(), until),
		measured: fmt.Sprintf("%.2f s", took.Seconds()), met: took < recoverLimit,
	}
}

// coolDown has the system forget the content of the files, as if the machine had
// been started anew, and returns how many bytes they have.
func coolDown(dir string) (size int64, err error) {
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		file, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			return err
		}
		defer file.Close()
		info, err := file.Stat()
		if err != nil {
			return err
		}
		size += info.Size()
		if err := file.Sync(); err != nil { // what is not on the disk is kept
			return err
		}
		return forget(file)
	})
	return size, err
}
