package main

import (
	"fmt"
	"math"
)

// A target is one of those the library has set itself: it says what is asked for
// and what was measured, and whether that is enough.
type target func(all report, of result, r row) verdict

type targets []target

type verdict struct {
	asked, measured string // nothing is asked where the figure is only to be told
	met             bool
	unknown         bool // what it compares with was not measured
}

func (v verdict) String() string {
	switch {
	case v.asked == "":
		return v.measured
	case v.unknown:
		return v.asked + ": not compared"
	case v.met:
		return v.asked + ": met (" + v.measured + ")"
	}
	return v.asked + ": **missed** (" + v.measured + ")"
}

// ratioAtMost is about the first contender.
func ratioAtMost(limit float64) target {
	return func(_ report, of result, r row) verdict {
		ratio := r.ratio(of.rows[0])
		return verdict{asked: fmt.Sprintf("≤ %.2f ×", limit), measured: times(ratio), met: ratio <= limit}
	}
}

// ratioBelow is about another contender of the same work.
func ratioBelow(name string, limit float64) target {
	return func(_ report, of result, r row) verdict {
		ratio := r.ratio(of.row(name))
		return verdict{asked: fmt.Sprintf("< %.2f × %s", limit, name), measured: times(ratio), met: ratio < limit}
	}
}

// extraAtMost is about the time beyond another contender's, per step or run.
func extraAtMost(name string, limit float64, units int, unit string) target {
	return func(_ report, of result, r row) verdict {
		extra := r.extra(of.row(name)) / float64(units)
		return verdict{
			asked:    fmt.Sprintf("≤ %s ns more %s than %s", thousands(limit), unit, name),
			measured: thousands(extra),
			met:      extra <= limit,
		}
	}
}

// throughputAtLeast is about the same work in one goroutine.
func throughputAtLeast(name string, least float64) target {
	return func(_ report, of result, r row) verdict {
		factor := of.row(name).ratio(r)
		return verdict{asked: fmt.Sprintf("≥ %.1f × the throughput of one", least), measured: times(factor), met: factor >= least}
	}
}

// throughput tells of it and asks for nothing.
func throughput(name string) target {
	return func(_ report, of result, r row) verdict {
		return verdict{measured: times(of.row(name).ratio(r)) + " the throughput of one"}
	}
}

func allocsAtMost(limit float64) target {
	return func(_ report, _ result, r row) verdict {
		n := r.of(allocs)
		return verdict{asked: fmt.Sprintf("≤ %.0f allocs", limit), measured: count(n), met: math.Round(n) <= limit}
	}
}

// allocsAsIn is about another work's allocations; growth is the doublings that
// the difference in size can ask for.
func allocsAsIn(workName, name string, growth float64) target {
	return func(all report, _ result, r row) verdict {
		asked := fmt.Sprintf("≤ %.0f allocs more than in %s", growth, workName)
		other, ok := all.result(workName)
		if !ok {
			return verdict{asked: asked, unknown: true}
		}
		extra := r.of(allocs) - other.row(name).of(allocs)
		return verdict{asked: asked, measured: count(extra), met: math.Round(extra) <= growth}
	}
}
