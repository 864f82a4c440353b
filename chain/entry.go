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

// A settling says where it stands what has settled a step: in a record of this run, or
// in an entry of earlier ones.
type settling struct {
	step  int32 // its index in the plan; -1 if it is not bound to one
	what  what  // of the record; of an entry it is none
	index int32 // of the record, or the complement of that of the entry
	undo  int32 // the index of the record of the undo's end, plus 1; 0 if none has ended in this run
}

// newest reads what is settled off the trace, the newest settling first. The
// lock must be held, in the body of the loop too.
func (r *Recorder) newest(yield func(settling) bool) { r.newestOf(r.all(), yield) }

// newestOf is newest of the trace as far as it is given.
func (r *Recorder) newestOf(all records, yield func(settling) bool) {
	const passed = -1
	var (
		steps = r.recording().Steps
		few   [32]int32 // for more steps it costs an allocation
		marks = few[:]  // by step: the index of the newest record of an undo's end, plus 1, or passed
	)
	if len(steps) > len(few) {
		marks = make([]int32, len(steps))
	}
	for i := all.len() - 1; i >= 0; i-- {
		rec := all.at(i)
		mark := &marks[rec.step]
		switch rec.what.kind() {
		case KindCompensated, KindCompensationFailed:
			if *mark == 0 {
				*mark = int32(i) + 1
			}
		case KindSucceeded, KindSkipped, KindFailed:
			undo := *mark
			if *mark = passed; undo != passed && !yield(settling{rec.step, rec.what, int32(i), undo}) {
				return
			}
		}
	}
	before := r.earlier().before
	for i := len(before) - 1; i >= 0; i-- {
		step, undo := before[i].step, int32(0)
		if step >= 0 && len(steps) > 0 {
			undo = marks[step]
		}
		if undo != passed && !yield(settling{step: int32(step), index: ^int32(i), undo: undo}) {
			return
		}
	}
}

// entry is all that s says.
func (r *Recorder) entry(s settling) (e entry) {
	if s.index < 0 {
		e = r.earlier().before[^s.index]
	} else {
		e = r.settledBy(s.step, s.what, int(s.index))
	}
	if s.undo > 0 {
		r.undoneBy(&e, int(s.undo)-1)
	}
	return e
}

// settledBy is what the i-th record settles, which is of step, but for an undo.
func (r *Recorder) settledBy(step int32, by what, i int) entry {
	s := &r.with.Steps[step]
	e := entry{
		path: s.Path, kind: s.Kind, compensation: s.HasCompensation,
		step: s.Index, forward: by.kind(), attempts: by.attempt(),
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
	r.newestOf(all, func(s settling) bool {
		entries = append(entries, r.entry(s))
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

// Settled is what an execution has recorded of one step, for authors of runners. It is
// looked at where it stands: only in the loop over [Recorder.Settled] that it comes
// from, where the lock is held.
type Settled struct {
	r *Recorder
	s settling
}

// Step is the step's index in the plan.
func (s Settled) Step() int { return int(s.s.step) }

// Forward is how it has ended, KindSucceeded, KindSkipped or KindFailed, and after how
// many attempts.
func (s Settled) Forward() (end Kind, attempts int) {
	if s.s.index < 0 {
		e := s.r.entry(s.s)
		return e.forward, e.attempts
	}
	return s.s.what.kind(), s.s.what.attempt()
}

// Failure is why it has failed, if it has.
func (s Settled) Failure() (Ending, error) {
	e := s.r.entry(s.s)
	return e.ending, e.err
}

// Undo is how its undo has ended, KindCompensated or KindCompensationFailed; zero where
// none has.
func (s Settled) Undo() Kind {
	if s.s.index >= 0 && s.s.undo == 0 { // an entry of an earlier run may have an undo of its own
		return 0
	}
	return s.r.entry(s.s).undo
}

// Settled is what has been settled so far, the newest first: it tells which steps
// need not run, and which there are to undo. The Recorder must not be used in the
// body of the loop, during which its lock is held.
func (r *Recorder) Settled() iter.Seq[Settled] {
	return func(yield func(Settled) bool) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.newest(func(s settling) bool { return yield(Settled{r, s}) })
	}
}

// above is the path of the level that a step is in, "" for the plan itself.
func above(path string) string { return path[:max(0, strings.LastIndexByte(path, '/'))] }
