package main

import (
	"flag"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A sample is what one run of the work cost in one round.
type sample struct{ ns, bytes, allocs float64 }

// A row is a contender with what was measured of it.
type row struct {
	contender
	samples []sample // one a round
}

// A result is a work with what was measured of its contenders.
type result struct {
	work
	rows []row
}

// measure has the contenders take turns, so that a machine that gets slower does
// so for all of them.
func measure(w work, rounds int) (result, error) {
	defer longer(w.longer)()
	r := result{work: w}
	for _, c := range w.contenders {
		r.rows = append(r.rows, row{contender: c})
	}
	for range rounds {
		for i := range r.rows {
			s, err := bench(r.rows[i].contender, w.fails)
			if err != nil {
				return result{}, fmt.Errorf("%s: %s: %w", w.name, r.rows[i].name, err)
			}
			r.rows[i].samples = append(r.rows[i].samples, s)
		}
	}
	r.contenders = nil
	for i := range r.rows {
		r.rows[i].run = nil // what it holds is not for the others
	}
	return r, nil
}

// longer makes each measurement so many times as long, until it is undone. A number of
// runs, such as 100x, stays as it is.
func longer(factor int) (undo func()) {
	benchtime := flag.Lookup("test.benchtime").Value
	before := benchtime.String()
	d, err := time.ParseDuration(before)
	if err != nil || factor < 2 {
		return func() {}
	}
	set := func(to string) {
		if err := benchtime.Set(to); err != nil {
			panic(err) // it was one before, too
		}
	}
	set((time.Duration(factor) * d).String())
	return func() { set(before) }
}

func bench(c contender, fails bool) (sample, error) {
	var wrong atomic.Pointer[error]
	once := func() bool {
		_, err := c.run()
		if (err != nil) == fails {
			return true
		}
		other := err // err itself would cost each run an allocation
		wrong.Store(&other)
		return false
	}
	defer runtime.KeepAlive(hold(c.held))
	b := testing.Benchmark(func(b *testing.B) {
		if c.goroutines < 2 {
			for b.Loop() {
				if !once() {
					return
				}
			}
			return
		}
		var group sync.WaitGroup
		for i := range c.goroutines {
			group.Go(func() {
				for range (b.N + i) / c.goroutines { // b.N in all
					if !once() {
						return
					}
				}
			})
		}
		group.Wait()
	})
	if err := wrong.Load(); err != nil {
		return sample{}, fmt.Errorf("its error is %v", *err)
	}
	n := float64(b.N)
	return sample{float64(b.T.Nanoseconds()) / n, float64(b.MemBytes) / n, float64(b.MemAllocs) / n}, nil
}

// hold makes the process hold so many MB, and have had as many more, as one that
// has been at work for a while: no memory is new to it.
func hold(megabytes int) []byte {
	held := make([]byte, megabytes<<20)
	for range megabytes << 20 / len(garbage) {
		garbage = make([]byte, len(garbage))
	}
	return held
}

var garbage = make([]byte, 512)

func nanoseconds(s sample) float64 { return s.ns }
func bytes(s sample) float64       { return s.bytes }
func allocs(s sample) float64      { return s.allocs }

// of is the median over the rounds.
func (r row) of(what func(sample) float64) float64 {
	values := make([]float64, len(r.samples))
	for i, s := range r.samples {
		values[i] = what(s)
	}
	return median(values)
}

// ratio is the median of the ratios within each round: more steady than the
// ratio of the medians.
func (r row) ratio(to row) float64 {
	return r.against(to, func(mine, other float64) float64 { return mine / other })
}

// extra is how many nanoseconds more it takes, likewise.
func (r row) extra(to row) float64 {
	return r.against(to, func(mine, other float64) float64 { return mine - other })
}

func (r row) against(other row, compare func(mine, other float64) float64) float64 {
	values := make([]float64, len(r.samples))
	for i, s := range r.samples {
		values[i] = compare(s.ns, other.samples[i].ns)
	}
	return median(values)
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	slices.Sort(values)
	middle := len(values) / 2
	if len(values)%2 == 1 {
		return values[middle]
	}
	return (values[middle-1] + values[middle]) / 2
}
