package chaintest

import (
	"slices"
	"testing"

	"github.com/taskchain-go/taskchain/chain"
)

// An exploration goes through all the cases of a plan.
//
// What can go wrong is found by running: each point that a case reaches for the
// first time becomes the subject of cases of its own, in which what made it run
// happens too. So a compensation is tried after a failure, and a step that only
// runs once a compensation has failed after that.
type exploration struct {
	t       testing.TB
	plan    string
	sites   []site
	options *options
	play    func(trial) *result

	results []*result       // of the cases that came about, in order
	seen    map[string]bool // by name
	reached map[point]bool  // by any case
	unfit   string          // what the data loses in JSON
}

// A result is what became of one case.
type result struct {
	trial      trial
	status     chain.Status
	complaints []string
	reached    []point        // in order of the first attempt
	acted      map[point]bool // whose own function was called
	struck     int            // how many of them when the last fault first acted
	came       bool           // every fault has come about
	trace      func() chain.Trace
	unfit      string // what the data loses in JSON
}

// sentence describes the case and its end.
func (r *result) sentence() string { return r.trial.words() + "; then " + r.status.String() }

func (e *exploration) run() {
	e.base()
	for tried := 0; tried < len(e.results); {
		fresh := e.results[tried:]
		tried = len(e.results)
		for _, p := range e.discover(fresh) {
			t := trigger(p, fresh)
			for _, f := range e.faults(p) {
				e.try(t.with(f))
			}
		}
	}
	if e.options.pairs {
		e.pairs()
	}
}

// base runs the case in which nothing goes wrong and the one in which nothing
// begins.
func (e *exploration) base() {
	e.try(nil)
	e.unfit = e.results[0].unfit
	e.try(trial(e.faults(point{})))
}

// try runs a case, unless it has been run. It counts if all of it came about: a
// failure that was meant to be followed by another attempt, but was not, is that
// for good and has a case already.
func (e *exploration) try(t trial) {
	if e.seen[t.String()] {
		return
	}
	e.seen[t.String()] = true
	r := e.playNamed(t)
	r.trace = nil // nobody looks at it, and there may be many
	if r.came {
		e.results = append(e.results, r)
	}
}

// playNamed says which case it was if a function of the user's ends the test, as
// t.FailNow does.
func (e *exploration) playNamed(t trial) (r *result) {
	e.t.Helper()
	defer func() {
		if r == nil {
			e.t.Logf("chaintest: the test was ended in the case %q (%s)\n    run this case alone with: %s", t, t.words(), command(e.t.Name(), t.String()))
		}
	}()
	return e.play(t)
}

// faults is what can go wrong at p. Where the data does not survive JSON, no
// process dies.
func (e *exploration) faults(p point) []fault {
	i := slices.IndexFunc(e.sites, func(s site) bool { return s.point == p })
	if i < 0 { // another plan than the first
		return nil
	}
	all := e.sites[i].faults()
	if e.unfit != "" {
		all = slices.DeleteFunc(all, func(f fault) bool { return f.kind.mortal })
	}
	return all
}

// discover is the points that nobody has reached before.
func (e *exploration) discover(fresh []*result) []point {
	var points []point
	for _, r := range fresh {
		for _, p := range r.reached {
			if !e.reached[p] {
				e.reached[p] = true
				points = append(points, p)
			}
		}
	}
	return points
}

// trigger is the case in which to let p go wrong: one in which there is something
// to undo, of those the one that runs most, and of those the first.
func trigger(p point, among []*result) trial {
	var best *result
	for _, r := range among {
		if slices.Contains(r.reached, p) && (best == nil || r.better(best, point{path: p.path})) {
			best = r
		}
	}
	return best.trial
}

// better tells whether r is the better trigger for what undoes step.
func (r *result) better(than *result, step point) bool {
	if r.acted[step] != than.acted[step] {
		return r.acted[step]
	}
	return len(r.reached) > len(than.reached)
}

// pairs lets something more go wrong after each single fault.
func (e *exploration) pairs() {
	for _, first := range slices.Clone(e.results) {
		if len(first.trial) != 1 {
			continue
		}
		for _, p := range first.reached[first.struck:] {
			for _, f := range e.faults(p) {
				e.try(first.trial.with(f))
			}
		}
	}
}
