package chain

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// A Position is how far into an execution's record somebody has read, for
// authors of runners. The zero Position is its begin. It is good for one run of
// the execution: Resume begins a new record.
type Position struct {
	place
	undone int // compensations that have ended
	status Status
	past   bool // what earlier runs have recorded is read too
}

// SnapshotSince makes s what the execution has recorded since p, for authors of
// runners that write down each step without writing what they have written
// before: Steps and Trace have only what is new, all else is as it stands. What
// JoinSnapshots makes of all of them is Snapshot. It says how far it has read;
// where that is p, nothing is new. It reads Data, as Snapshot does. The room that
// the slices of s have is used anew.
func (c *ExecutionContext[T]) SnapshotSince(p Position, s *Snapshot[T]) Position {
	r := &c.recorder
	r.mu.Lock()
	defer r.mu.Unlock()
	steps, trace := s.Steps[:0], s.Trace[:0]
	*s = Snapshot[T]{
		Version:     SnapshotVersion,
		ID:          c.ID,
		Plan:        r.recording().Plan,
		Fingerprint: r.recording().Fingerprint,
		Status:      r.standing.status(),
		Data:        c.Data,
		Metadata:    maps.Clone(r.rest().metadata),
	}
	to := Position{place: r.end(), status: s.Status, past: true}
	if p.past {
		s.Steps, to.undone = r.statesSince(steps, p)
	} else {
		s.Steps, to.undone = r.states(steps)
		trace = append(trace, r.earlier().past...)
	}
	s.Trace = r.eventsFrom(trace, p.place)
	return to
}

// states adds the states of all steps to states, which has none, and tells how
// many compensations have ended by now.
func (r *Recorder) states(states []StepState) (_ []StepState, undone int) {
	entries := r.fold()
	states = slices.Grow(states, len(entries))
	for _, e := range entries {
		states = append(states, r.state(e))
	}
	order := undoOrder(entries)
	for rank, i := range order {
		states[i].UndoOrder = rank + 1
	}
	return states, len(order)
}

// statesSince is states of the steps of which something was settled since p.
func (r *Recorder) statesSince(states []StepState, p Position) (_ []StepState, undone int) {
	undone = p.undone
	all := r.all()
	for i := int(p.records); i < all.len(); i++ {
		rec := all.at(i)
		switch rec.what.kind() {
		case KindSucceeded, KindSkipped, KindFailed:
			states = append(states, r.state(r.settledBy(rec.step, rec.what, i)))
		case KindCompensated, KindCompensationFailed:
			undone++
			e := r.settledBefore(rec.step, i)
			r.undoneBy(&e, i)
			state := r.state(e)
			state.UndoOrder = undone
			at := slices.IndexFunc(states, func(s StepState) bool { return s.Path == state.Path })
			if at < 0 {
				states = append(states, state)
			} else {
				states[at] = state
			}
		}
	}
	return states, undone
}

// settledBefore is what was settled of a step before the i-th record.
func (r *Recorder) settledBefore(step int32, i int) entry {
	all := r.all()
	for i--; i >= 0; i-- {
		if rec := all.at(i); rec.step == step {
			switch rec.what.kind() {
			case KindSucceeded, KindSkipped, KindFailed:
				return r.settledBy(rec.step, rec.what, i)
			}
		}
	}
	before := r.earlier().before
	return before[slices.IndexFunc(before, func(e entry) bool { return e.step == int(step) })]
}

// JoinSnapshots puts together what SnapshotSince has taken apart. The first part
// is the one since the begin. It is an error if the parts are not of one
// execution.
func JoinSnapshots[T any](parts ...Snapshot[T]) (Snapshot[T], error) {
	if len(parts) == 0 {
		return Snapshot[T]{}, errors.New("taskchain: join: no snapshots")
	}
	whole := parts[0]
	whole.Steps, whole.Trace = slices.Clone(whole.Steps), slices.Clone(whole.Trace)
	at := make(map[string]int, len(whole.Steps))
	for i, state := range whole.Steps {
		at[state.Path] = i
	}
	for _, part := range parts[1:] {
		if part.ID != whole.ID {
			return Snapshot[T]{}, fmt.Errorf("taskchain: join: snapshots of two executions, %q and %q", whole.ID, part.ID)
		}
		for _, state := range part.Steps {
			i, known := at[state.Path]
			if !known {
				at[state.Path] = len(whole.Steps)
				whole.Steps = append(whole.Steps, state)
				continue
			}
			whole.Steps[i] = state
		}
		steps, trace := whole.Steps, append(whole.Trace, part.Trace...)
		whole = part
		whole.Steps, whole.Trace = steps, trace
	}
	return whole, nil
}
