package chain

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/taskchain-go/taskchain/builder"
)

// SnapshotVersion is the version of the wire form that this package writes. It
// reads every version up to this one.
const SnapshotVersion = 1

// A Snapshot is an execution as plain data, the wire form. Data and metadata
// are shared with the execution it was taken of, not copied.
type Snapshot[T any] struct {
	Version     int            `json:"version"`
	ID          string         `json:"id"`
	Plan        string         `json:"plan,omitempty"`
	Fingerprint string         `json:"fingerprint,omitempty"` // of the plan it ran under
	Status      Status         `json:"status"`
	Data        T              `json:"data"`
	Metadata    map[string]any `json:"metadata,omitempty"`
	Steps       []StepState    `json:"steps,omitempty"` // what is settled, in that order
	Trace       []Event        `json:"trace,omitempty"`
}

// A StepState is what an execution has settled about one step.
type StepState struct {
	Path         string       `json:"path"`
	Kind         string       `json:"kind"`                   // as builder.Kind's String has it
	Compensation bool         `json:"compensation,omitempty"` // the step has one
	State        Kind         `json:"state"`                  // succeeded, skipped or failed
	Attempts     int          `json:"attempts,omitempty"`
	Error        *StoredError `json:"error,omitempty"`
	Ending       Ending       `json:"ending,omitempty"`

	Undo         Kind         `json:"undo,omitempty"`       // compensated or compensation_failed
	UndoOrder    int          `json:"undo_order,omitempty"` // counted from 1
	UndoAttempts int          `json:"undo_attempts,omitempty"`
	UndoError    *StoredError `json:"undo_error,omitempty"`
}

// A StoredError is an error written down: its text, as WithErrorText lets it be
// seen, and a code by which errors.Is still knows the errors of this library and
// of package context when it is read back.
type StoredError struct {
	Text string `json:"text"`
	Code string `json:"code,omitempty"`
}

// Snapshot is the execution as it stands, as plain data. It reads Data, so it
// must not be called from elsewhere while steps run.
func (c *ExecutionContext[T]) Snapshot() Snapshot[T] {
	var s Snapshot[T]
	c.SnapshotSince(Position{}, &s)
	return s
}

// state is an entry written down, but for the order of the undoing.
func (r *Recorder) state(e entry) StepState {
	return StepState{
		Path: e.path, Kind: e.kind.String(), Compensation: e.compensation,
		State: e.forward, Attempts: e.attempts, Error: r.Store(e.err), Ending: e.ending,
		Undo: e.undo, UndoAttempts: e.undoAttempts, UndoError: r.Store(e.undoErr),
	}
}

// Restore makes an execution of a Snapshot, to be looked at or given to a
// runner's Resume. It returns an error, and no execution, if the snapshot is
// not one that this package can have written.
func Restore[T any](s Snapshot[T]) (*ExecutionContext[T], error) {
	if err := s.validate(); err != nil {
		return nil, fmt.Errorf("taskchain: restore: %w", err)
	}
	exec := &ExecutionContext[T]{ID: s.ID, Data: s.Data}
	runs := &earlier{past: slices.Clone(s.Trace)}
	for _, state := range s.Steps {
		kind, _ := kindNamed(state.Kind)
		e := entry{
			path: state.Path, kind: kind, compensation: state.Compensation, step: -1,
			forward: state.State, attempts: state.Attempts, ending: state.Ending,
			undo: state.Undo, undoOrder: state.UndoOrder, undoAttempts: state.UndoAttempts,
		}
		e.err = state.Error.restore(state.Path, Forward, state.Attempts)
		e.undoErr = state.UndoError.restore(state.Path, Compensation, state.UndoAttempts)
		if inside := causeInside(e, runs.before); inside != nil {
			e.err = inside
		}
		runs.before = append(runs.before, e)
	}
	r := &exec.recorder
	r.with = &Recording{Plan: s.Plan, Fingerprint: s.Fingerprint}
	r.standing.end(s.Status)
	*r.more() = rest{metadata: maps.Clone(s.Metadata), earlier: runs}
	return exec, nil
}

// restore makes the error that the step or compensation had failed with.
func (e *StoredError) restore(path string, phase Phase, attempts int) error {
	if e == nil {
		return nil
	}
	return &StepError{Path: path, Phase: phase, Attempts: attempts, Err: e.Err()}
}

// causeInside is the error of the step inside e that made e fail, if e is a
// Process or Parallel that failed by one.
func causeInside(e entry, before []entry) error {
	if e.err == nil || !e.kind.Composite() {
		return nil
	}
	for _, inside := range slices.Backward(before) {
		if inside.err != nil && strings.HasPrefix(inside.path, e.path+"/") && rawText(errors.Unwrap(inside.err)) == rawText(errors.Unwrap(e.err)) {
			return inside.err
		}
	}
	return nil
}

// validate finds the first thing that no execution can be like.
func (s *Snapshot[T]) validate() error {
	switch {
	case !knownVersion(s.Version):
		return unknownVersion(s.Version)
	case s.ID == "" && s.Status != Pending: // which gets one when it begins
		return errors.New("id: is empty")
	case !utf8.ValidString(s.ID): // JSON could not hold it, and idempotency keys are made of it
		return errors.New("id: is not valid UTF-8")
	case s.Status > Stuck:
		return fmt.Errorf("status: unknown status %d", uint8(s.Status))
	case s.Status == Pending && len(s.Steps) > 0:
		return errors.New("steps: of an execution that has not begun")
	}
	seen, order := make(map[string]bool, len(s.Steps)), map[int]bool{}
	for i := range s.Steps {
		state := &s.Steps[i]
		if err := state.validate(); err != nil {
			return fmt.Errorf("steps[%d].%w", i, err)
		}
		if seen[state.Path] {
			return fmt.Errorf("steps[%d].path: %q stands there twice", i, state.Path)
		}
		if state.Undo != 0 && order[state.UndoOrder] {
			return fmt.Errorf("steps[%d].undo_order: %d stands there twice", i, state.UndoOrder)
		}
		seen[state.Path] = true
		if state.Undo != 0 {
			order[state.UndoOrder] = true
		}
	}
	for i := range s.Trace {
		switch e := &s.Trace[i]; {
		case e.Kind == 0 || int(e.Kind) >= len(kindNames):
			return fmt.Errorf("trace[%d].kind: unknown kind %d", i, uint8(e.Kind))
		case e.Time.IsZero():
			return fmt.Errorf("trace[%d].time: is missing", i)
		case e.Attempt < 0:
			return fmt.Errorf("trace[%d].attempt: is negative", i)
		case e.Phase > Compensation:
			return fmt.Errorf("trace[%d].phase: unknown phase %d", i, uint8(e.Phase))
		}
	}
	return nil
}

func (s *StepState) validate() error {
	kind, ok := kindNamed(s.Kind)
	failed, undoFailed := s.State == KindFailed, s.Undo == KindCompensationFailed
	switch {
	case s.Path == "":
		return errors.New("path: is empty")
	case !ok:
		return fmt.Errorf("kind: unknown kind %q", s.Kind)
	case s.State != KindSucceeded && s.State != KindSkipped && !failed:
		return fmt.Errorf("state: %q is no state of a step", s.State)
	case s.Undo != 0 && s.Undo != KindCompensated && !undoFailed:
		return fmt.Errorf("undo: %q is no state of a compensation", s.Undo)
	case s.Undo != 0 && !s.Compensation:
		return errors.New("undo: of a step without a compensation")
	case s.Undo != 0 && s.State == KindSkipped:
		return errors.New("undo: of a step that was skipped")
	case failed != (s.Error != nil):
		return errors.New("error: must be there if and only if the step failed")
	case undoFailed != (s.UndoError != nil):
		return errors.New("undo_error: must be there if and only if the undo failed")
	case (s.Undo != 0) != (s.UndoOrder > 0):
		return errors.New("undo_order: must be there, counted from 1, if and only if an undo has ended")
	case s.Attempts < 0:
		return errors.New("attempts: is negative")
	case s.UndoAttempts < 0:
		return errors.New("undo_attempts: is negative")
	case s.State == KindSucceeded && s.Attempts == 0 && !kind.Composite():
		return errors.New("attempts: is missing")
	case s.Ending > BySibling || s.Ending != ByItself && !failed:
		return errors.New("ending: of a step that did not fail")
	}
	return nil
}

func knownVersion(v int) bool { return v >= 1 && v <= SnapshotVersion }

func unknownVersion(v int) error {
	return fmt.Errorf("version: unknown version %d, known are 1 to %d", v, SnapshotVersion)
}

func kindNamed(name string) (builder.Kind, bool) {
	for k := builder.KindStep; k <= builder.KindParallel; k++ {
		if k.String() == name {
			return k, true
		}
	}
	return 0, false
}
