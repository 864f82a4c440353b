package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/taskchain-go/taskchain/runner"
	"github.com/taskchain-go/taskchain/runner/storetest"
)

var lengths = []int{100, 1000, 10_000} // of executions, in steps

// growth is how much more the longest execution may write for a step than the
// shortest: what has its place and number in it has more digits.
const growth = 1.1

// measureBytes tells what an execution hands to write calls, which are counted by
// the system, and what of that are the records of ours.
func measureBytes(s setup) (string, verdicts, error) {
	var out strings.Builder
	out.WriteString("| contender | 100 steps, B a step | 1,000 steps | 10,000 steps | target |\n|---|--:|--:|--:|---|\n")
	records, err := eachLength(recordBytes)
	if err != nil {
		return "", nil, err
	}
	times := records[len(records)-1] / records[0]
	own := verdicts{{
		what: "bytes for a step", asked: fmt.Sprintf("10,000 steps ≤ %.1f × 100 steps", growth),
		measured: fmt.Sprintf("%.2f ×", times), met: times <= growth,
	}}
	fmt.Fprintf(&out, "| taskchain, the records alone | %s | %s |\n", cells(records), own)
	for _, c := range contenders {
		written, err := eachLength(func(steps int) (int64, error) { return fileBytes(c, s.dir, steps) })
		if err != nil {
			return "", nil, fmt.Errorf("%s: %w", c.name, err)
		}
		fmt.Fprintf(&out, "| %s | %s | |\n", c.name, cells(written))
	}
	return out.String(), own, nil
}

// eachLength is the bytes a step of executions of each length.
func eachLength(bytes func(steps int) (int64, error)) ([]float64, error) {
	var each []float64
	for _, n := range lengths {
		all, err := bytes(n)
		if err != nil {
			return nil, fmt.Errorf("%d steps: %w", n, err)
		}
		each = append(each, float64(all)/float64(n))
	}
	return each, nil
}

func cells(values []float64) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = thousands(v)
	}
	return strings.Join(texts, " | ")
}

// A countingStore counts the bytes of the bodies.
type countingStore struct {
	*storetest.Memory
	bytes atomic.Int64
}

func (s *countingStore) Append(ctx context.Context, r runner.Record) error {
	s.bytes.Add(int64(len(r.Body)))
	return s.Memory.Append(ctx, r)
}

func (s *countingStore) Close() error { return nil }

func recordBytes(steps int) (int64, error) {
	store := &countingStore{Memory: storetest.NewMemory()}
	sys := over(store, steps)
	err := errors.Join(execute(sys, steps), sys.Close())
	return store.bytes.Load(), err
}

// fileBytes is what one execution writes between the opening and the end.
func fileBytes(c contender, dir string, steps int) (bytes int64, err error) {
	dir, err = os.MkdirTemp(dir, "bytes")
	if err != nil {
		return 0, err
	}
	sys, err := c.open(dir, steps)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, sys.Close()) }()
	before, err := written()
	if err != nil {
		return 0, err
	}
	if err := execute(sys, steps); err != nil {
		return 0, err
	}
	after, err := written()
	return after - before, err
}

// written is how many bytes the process has handed to write calls so far.
func written() (int64, error) {
	stats, err := os.ReadFile("/proc/self/io")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(stats)) {
		if n, is := strings.CutPrefix(line, "wchar: "); is {
			return strconv.ParseInt(strings.TrimSpace(n), 10, 64)
		}
	}
	return 0, errors.New("/proc/self/io has no wchar")
}
