package chain

import (
	"iter"
	"slices"
	"strings"

	"github.com/taskchain-go/taskchain/builder"
)

// An entry is what has been settled about one step, by which compensation and
// resume know what to do.
type entry struct {
	path         string
	err          error
	undoErr      error
	step         int // its index in the plan; -1 if it is not bound to one
	level        int // of the level around it, when bound
	attempts     int
	undoAttempts int
	undoOrder    int // rises with the undoing; below zero for earlier runs
	kind         builder.Kind
	forward      Kind // KindSucceeded, KindSkipped or KindFailed
	ending       Ending
	undo         Kind // KindCompensated or KindCompensationFailed, or none
	compensation bool // the step had one
}

// unit tells whether the step is completed or undone as one.
func (e entry) unit() bool { return !e.kind.Composite() || e.compensation }

// newest reads what is settled off the trace, the newest settling first. The
// lock must be held, in the body of the loop too.
func (r *Recorder) newest(yield func(entry) bool) { r.newestOf(r.all(), yield) }

// newestOf is newest of the trace as far as it is given.
func (r *Recorder) newestOf(all records, yield func(entry) bool) {
	var (
		steps = r.recording().Steps
		seen  = make([]bool, len(steps))
		undo  []int // by step, the index of the newest record of an undo's end, plus 1; made when there is one
	)
	for i := all.len() - 1; i >= 0; i-- {
		rec := all.at(i)
		switch rec.what.kind() {
		case KindCompensated, KindCompensationFailed:
			if undo == nil {
				undo = make([]int, len(steps))
			}
			if undo[rec.step] == 0 {
				undo[rec.step] = i + 1
			}
		case KindSucceeded, KindSkipped, KindFailed:
			if seen[rec.step] {
				continue
			}
			seen[rec.step] = true
			e := r.settledBy(rec, i)
			if undo != nil && undo[rec.step] > 0 {
				r.undoneBy(&e, undo[rec.step]-1)
			}
			if !yield(e) {
				return
			}
		}
	}
	for _, e := range slices.Backward(r.earlier().before) {
		if e.step >= 0 && len(seen) > 0 {
			if seen[e.step] {
				continue
			}
			if undo != nil && undo[e.step] > 0 {
				r.undoneBy(&e, undo[e.step]-1)
			}
		}
		if !yield(e) {
			return
		}
	}
}

// settledBy is what a record, the i-th, settles, but for an undo.
func (r *Recorder) settledBy(rec Record, i int) entry {
	s := &r.with.Steps[rec.step]
	e := entry{
		path: s.Path, kind: s.Kind, compensation: s.HasCompensation,
		step: s.Index, forward: rec.what.kind(), attempts: rec.what.attempt(),
	}
	if e.forward == KindFailed {
		d := r.detailOf(i)
		e.err, e.ending = d.err, d.ending
	}
	return e
}

// undoneBy adds to e the undo that ended with the i-th record.
func (r *Recorder) undoneBy(e *entry, i int) {
	rec := r.all().at(i)
	e.undo, e.undoAttempts, e.undoErr, e.undoOrder = rec.what.kind(), rec.what.attempt(), r.detailOf(i).err, i
}

// detailOf is the detail of the i-th record, or an empty one.
func (r *Recorder) detailOf(i int) detail {
	all := r.details()
	behind, _ := slices.BinarySearchFunc(all, i+1, func(d detail, i int) int { return int(d.record) - i })
	if behind > 0 && int(all[behind-1].record) == i && all[behind-1].log == nil { // a step's own events come first
		return all[behind-1]
	}
	return detail{}
}

// fold is what is settled, in order of the settling.
func (r *Recorder) fold() []entry { return r.foldOf(r.all()) }

// foldOf is fold of the trace as far as it is given.
func (r *Recorder) foldOf(all records) []entry {
	entries := make([]entry, 0, len(r.earlier().before)+min(all.len(), len(r.recording().Steps)))
	r.newestOf(all, func(e entry) bool {
		entries = append(entries, e)
		return true
	})
	slices.Reverse(entries)
	return entries
}

// entries is fold for readers.
func (r *Recorder) entries() []entry {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.fold()
}

// Settled is what an execution has recorded of one step, for authors of
// runners.
type Settled struct {
	Err      error // of a failed one
	Step     int   // its index in the plan
	Attempts int
	Forward  Kind   // KindSucceeded, KindSkipped or KindFailed
	Ending   Ending // of a failed one
	Undo     Kind   // KindCompensated or KindCompensationFailed; zero where no undo has ended
}

// Settled is what has been settled so far, the newest first: it tells which steps
// need not run, and which there are to undo. The Recorder must not be used in the
// body of the loop, during which its lock is held.
func (r *Recorder) Settled() iter.Seq[Settled] {
	return func(yield func(Settled) bool) {
		r.mu.Lock()
		defer r.mu.Unlock()
		for e := range r.newest {
			if !yield(Settled{e.err, e.step, e.attempts, e.forward, e.ending, e.undo}) {
				return
			}
		}
	}
}

// Failures are the steps that failed, and the compensations that did, in order
// of the steps' settling.
func (r *Recorder) Failures() (forward, compensation []*StepError) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var few [2]entry
	failed, ok := r.failedForward(few[:0])
	if !ok {
		for e := range r.newest {
			if e.forward == KindFailed || e.undo == KindCompensationFailed {
				failed = append(failed, e)
			}
		}
	}
	var inside map[string]bool // what failed because of a step inside, and not by its own condition
	for _, e := range failed {
		for level := above(e.path); e.forward == KindFailed && level != "" && !inside[level]; level = above(level) {
			if inside == nil {
				inside = map[string]bool{}
			}
			inside[level] = true
		}
	}
	for _, e := range slices.Backward(failed) {
		if e.forward == KindFailed && e.ending != BySibling && !inside[e.path] {
			forward = append(forward, e.stepError(Forward))
		}
		if e.undo == KindCompensationFailed {
			compensation = append(compensation, e.stepError(Compensation))
		}
	}
	return forward, compensation
}

// failedForward adds the steps that failed, the newest first, as the details alone
// tell. It is false where those don't tell all: after an earlier run, or when a
// compensation has failed.
func (r *Recorder) failedForward(failed []entry) (all []entry, ok bool) {
	if len(r.earlier().before) > 0 {
		return nil, false
	}
	for _, d := range slices.Backward(r.details()) {
		if d.log != nil {
			continue
		}
		switch rec := r.all().at(int(d.record)); rec.what.kind() {
		case KindFailed:
			failed = append(failed, r.settledBy(rec, int(d.record)))
		case KindCompensationFailed:
			return nil, false
		}
	}
	return failed, true
}

// above is the path of the level that a step is in, "" for the plan itself.
func above(path string) string { return path[:max(0, strings.LastIndexByte(path, '/'))] }

func (e entry) stepError(phase Phase) *StepError {
	err, attempts := e.err, e.attempts
	if phase == Compensation {
		err, attempts = e.undoErr, e.undoAttempts
	}
	if step, ok := err.(*StepError); ok {
		return step
	}
	return &StepError{Path: e.path, Phase: phase, Attempts: attempts, Err: err}
}
