package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/taskchain-go/taskchain/internal/durablework"
)

const atOnce = 64

// A sample is what a step, or a write of the floor, took in one slice of time.
type sample struct {
	wall, cpu float64 // ns; cpu is the whole process's
}

// A row is a contender with a sample of each round, and one of the floor that
// took turns with it.
type row struct {
	name               string
	floor, alone, many []sample
}

// measureThroughput has the floor of the disk and the contenders take turns, so
// that what else the machine and its disk do is there for all of them.
func measureThroughput(s setup) (string, verdicts, error) {
	rows := make([]row, len(contenders))
	dir, err := os.MkdirTemp(s.dir, "throughput")
	if err != nil {
		return "", nil, err
	}
	floor, err := durablework.NewFloor(dir)
	if err != nil {
		return "", nil, err
	}
	defer floor.Close()
	for range s.rounds {
		for i, c := range contenders {
			if err := rows[i].turn(c, floor, dir, s.slice); err != nil {
				return "", nil, fmt.Errorf("%s: %w", c.name, err)
			}
		}
	}
	table, targets := throughputTable(rows)
	return table, targets, nil
}

// turn takes a sample of the contender alone, an execution after as many writes of
// the floor over and over, and of many executions at once, in the folder of its
// earlier turns.
func (r *row) turn(c contender, floor *durablework.Floor, dir string, least time.Duration) (err error) {
	r.name = c.name
	sys, err := c.open(dir, steps)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sys.Close()) }()
	once := func() error { return execute(sys, steps) }
	if err := once(); err != nil { // what the first one sets up is not measured
		return err
	}
	writes := func() error {
		for range steps {
			if err := floor.Append(); err != nil {
				return err
			}
		}
		return nil
	}
	both, err := inTurn(least, steps, writes, once)
	if err != nil {
		return err
	}
	many, err := together(least, atOnce, steps, once)
	if err != nil {
		return err
	}
	r.floor, r.alone, r.many = append(r.floor, both[0]), append(r.alone, both[1]), append(r.many, many)
	return nil
}

// execute executes and sees that it was done.
func execute(sys system, steps int) error {
	order, err := sys.Execute(context.Background())
	if err == nil && order.Done != steps {
		err = fmt.Errorf("%d of %d steps were done", order.Done, steps)
	}
	return err
}

// inTurn does the works one after another, over and over for that long and at
// least twice, and returns what each took for each of its units.
func inTurn(least time.Duration, units int, works ...func() error) ([]sample, error) {
	runtime.GC() // of what others have left
	took := make([]sample, len(works))
	begin, times := time.Now(), 0
	for ; times < 2 || time.Since(begin) < least; times++ {
		for i, work := range works {
			began, cpu := time.Now(), cpuTime()
			if err := work(); err != nil {
				return nil, err
			}
			took[i].wall += float64(time.Since(began))
			took[i].cpu += float64(cpuTime() - cpu)
		}
	}
	for i := range took {
		took[i].wall /= float64(times * units)
		took[i].cpu /= float64(times * units)
	}
	return took, nil
}

// together has so many goroutines do the work over and over for that long and at
// least twice, and returns what it took for each of its units.
func together(least time.Duration, goroutines, units int, work func() error) (sample, error) {
	runtime.GC()
	var (
		group sync.WaitGroup
		mu    sync.Mutex
		done  int
		fault error
	)
	begin, cpu := time.Now(), cpuTime()
	for range goroutines {
		group.Go(func() {
			times := 0
			var err error
			for err == nil && (times < 2 || time.Since(begin) < least) {
				err = work()
				times++
			}
			mu.Lock()
			defer mu.Unlock()
			done, fault = done+times, errors.Join(fault, err)
		})
	}
	group.Wait()
	n := float64(done * units)
	return sample{float64(time.Since(begin)) / n, float64(cpuTime()-cpu) / n}, fault
}

func throughputTable(rows []row) (string, verdicts) {
	var out strings.Builder
	var all verdicts
	out.WriteString("| contender | µs a step, alone | × floor | µs of CPU | steps/s alone | steps/s, 64 at once | × alone | µs of CPU | target |\n")
	out.WriteString("|---|--:|--:|--:|--:|--:|--:|--:|---|\n")
	var floors []sample
	for _, r := range rows {
		floors = append(floors, r.floor...)
	}
	fmt.Fprintf(&out, "| the floor: 1 KiB written and synced | %.0f | 1.00 | %.1f | | | | | |\n",
		medianOf(floors, wall)/1e3, medianOf(floors, cpu)/1e3)
	for _, r := range rows {
		toFloor, gain := ratio(r.alone, r.floor), ratio(r.alone, r.many)
		var own verdicts
		if r.name == ours {
			own = verdicts{
				{what: "a step alone", asked: "≤ 1.3 × floor", measured: fmt.Sprintf("%.2f ×", toFloor), met: toFloor <= 1.3},
				{what: "64 at once", asked: "≥ 16 × alone", measured: fmt.Sprintf("%.1f ×", gain), met: gain >= 16},
			}
		}
		fmt.Fprintf(&out, "| %s | %.0f | %.2f | %.1f | %s | %s | %.1f | %.1f | %s |\n", r.name,
			medianOf(r.alone, wall)/1e3, toFloor, medianOf(r.alone, cpu)/1e3,
			thousands(1e9/medianOf(r.alone, wall)), thousands(1e9/medianOf(r.many, wall)), gain, medianOf(r.many, cpu)/1e3, own)
		all = append(all, own...)
	}
	return out.String(), all
}

func wall(s sample) float64 { return s.wall }
func cpu(s sample) float64  { return s.cpu }

func medianOf(samples []sample, what func(sample) float64) float64 {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = what(s)
	}
	return median(values)
}

// ratio is the median of the ratios within each round: more steady than the
// ratio of the medians.
func ratio(of, to []sample) float64 {
	values := make([]float64, len(of))
	for i := range of {
		values[i] = of[i].wall / to[i].wall
	}
	return median(values)
}
