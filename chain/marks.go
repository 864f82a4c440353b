package chain

import (
	"fmt"
	"strings"
	"time"

	"github.com/taskchain-go/taskchain/builder"
)

// Marks is what became of each step, to be laid over the plan's picture:
//
//	fmt.Println(plan.Picture(exec.Marks()))
func (c *ExecutionContext[T]) Marks() map[string]builder.Mark { return c.recorder.marks() }

func (r *Recorder) marks() map[string]builder.Mark {
	r.mu.Lock()
	defer r.mu.Unlock()
	spent := spentOn(r.events())
	marks := map[string]builder.Mark{}
	for path, s := range spent {
		marks[path] = builder.Mark{State: builder.Underway, Note: s.String()}
	}
	entries := r.fold()
	undone := undoneIn(entries)
	for _, e := range entries {
		state := e.state()
		if state == builder.Completed && undone(e) {
			state = builder.Compensated
		}
		marks[e.path] = builder.Mark{State: state, Note: spent[e.path].String()}
	}
	for _, e := range entries { // what is inside comes first
		if e.kind.Composite() && marks[e.path].State == builder.Completed {
			marks[e.path] = builder.Mark{State: stateInside(e, entries, marks), Note: marks[e.path].Note}
		}
	}
	return marks
}

// stateInside is the state of a completed Process or Parallel as the steps inside
// it show it: undone if one of them was, for then all were that can be.
func stateInside(e entry, entries []entry, marks map[string]builder.Mark) builder.State {
	state := builder.Completed
	for _, inside := range entries {
		if strings.HasPrefix(inside.path, e.path+"/") {
			switch marks[inside.path].State {
			case builder.CompensationFailed:
				return builder.CompensationFailed
			case builder.Compensated:
				state = builder.Compensated
			}
		}
	}
	return state
}

func (e entry) state() builder.State {
	switch {
	case e.undo == KindCompensated:
		return builder.Compensated
	case e.undo == KindCompensationFailed:
		return builder.CompensationFailed
	case e.forward == KindSkipped:
		return builder.Skipped
	case e.forward == KindFailed:
		return builder.Failed
	}
	return builder.Completed
}

// effort is what a step's own work has taken, waits included.
type effort struct {
	begun    time.Time
	took     time.Duration
	attempts int
}

func (s effort) String() string {
	var words []string
	if s.attempts > 1 {
		words = append(words, fmt.Sprintf("%d attempts", s.attempts))
	}
	if s.took > 0 {
		words = append(words, short(s.took))
	}
	return strings.Join(words, ", ")
}

// spentOn reads the effort of every step off the trace.
func spentOn(events []Event) map[string]effort {
	spent := map[string]effort{}
	for _, e := range events {
		s := spent[e.Path]
		switch {
		case e.Path == "" || e.Phase == Compensation:
			continue
		case e.Kind == KindStarted && e.Attempt <= 1:
			s.begun = e.Time
		case e.Kind == KindSucceeded || e.Kind == KindFailed:
			s.attempts = e.Attempt
			if !s.begun.IsZero() {
				s.took = e.Time.Sub(s.begun)
			}
		default:
			continue
		}
		spent[e.Path] = s
	}
	return spent
}
