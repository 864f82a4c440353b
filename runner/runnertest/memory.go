package runnertest

import (
	"slices"
	"strings"

	"github.com/taskchain-go/taskchain/chain"
)

// This file is what the model remembers: what is recorded of an execution, and
// how a resumed one takes it up. The walk that records is in model.go.

// A memory is what is recorded of an execution. A resumed one begins with it.
type memory struct {
	status  chain.Status
	undoing int // levels that are being undone
	settled []settled
	undone  []string // paths, in order
	notes   map[string][]string
	trace   []event
}

// settled is a step, Process or Parallel that has completed, was skipped or has
// failed.
type settled struct {
	node     *node
	path     string
	how      chain.Kind // KindSucceeded, KindSkipped or KindFailed
	attempts int
	text     string // in the error of a failed one
	ending   ending

	undo         chain.Kind // KindCompensated, KindCompensationFailed or none
	undoAttempts int
	undoText     string
}

// An event is one entry of the trace.
type event struct {
	kind    chain.Kind
	phase   chain.Phase
	path    string
	attempt int
}

// toUndo tells whether a step's compensation is called for: it has completed, or
// it failed and may have had an effect. A fragment that has undone itself has
// none left.
func (s *settled) toUndo() bool {
	switch {
	case s.node.Undo == nil:
		return false
	case s.how == chain.KindSucceeded:
		return true
	}
	return s.how == chain.KindFailed && s.node.CompensateOnFailure && s.attempts > 0 &&
		!(s.node.composite() && s.node.Inside.OnFailure == compensates)
}

// resume makes the memory the begin of another run (rule 11): what failed is
// tried again, unless the plan has gone on past it or undoes because of it.
func (m *memory) resume(plan *level) {
	if m.status == chain.Stuck {
		for i := range m.settled {
			if m.settled[i].undo == chain.KindCompensationFailed {
				m.settled[i].undo = 0
			}
		}
	}
	if m.status == chain.Compensating || m.status == chain.Stuck {
		return
	}
	again := map[string]bool{}
	for _, s := range m.settled {
		stands := s.how == chain.KindSucceeded && !s.node.composite() && !m.isUndone(s.path)
		again[s.path] = s.how == chain.KindFailed && m.stops(plan, s.path, s.ending) || !stands && m.anew(plan, s.path)
	}
	m.settled = slices.DeleteFunc(m.settled, func(s settled) bool { return again[s.path] })
	m.undone = slices.DeleteFunc(m.undone, func(path string) bool { return again[path] })
}

// anew tells whether something is inside a Process that has undone its own
// failure and is to be tried again. Then only completed steps that were not
// undone still stand.
func (m *memory) anew(plan *level, path string) bool {
	for _, around := range parents(path) {
		s := m.recorded(around)
		if s == nil || s.how != chain.KindFailed {
			continue
		}
		if !m.stops(plan, around, s.ending) {
			return false
		}
		if s.node.Inside.OnFailure == compensates {
			return true
		}
	}
	return false
}

// stops tells whether a failure stopped the plan: no level around goes on past
// it, and the plan does not undo because of it.
func (m *memory) stops(plan *level, path string, why ending) bool {
	for _, around := range parents(path) {
		n := plan.find(around)
		if n == nil {
			break
		}
		if n.Inside.OnFailure == continues && why == byItself {
			return false
		}
		if s := m.recorded(around); s != nil && s.how == chain.KindFailed {
			why = s.ending
		}
	}
	return !(plan.OnFailure == continues && why == byItself) && plan.OnFailure != compensates
}

// parents is the paths around one, the nearest first.
func parents(path string) []string {
	var all []string
	for i := strings.LastIndexByte(path, '/'); i >= 0; i = strings.LastIndexByte(path[:i], '/') {
		all = append(all, path[:i])
	}
	return all
}

func (l *level) find(path string) *node {
	var found *node
	l.walk(func(n *node, at, _ string) {
		if at == path {
			found = n
		}
	})
	return found
}

// isUndone tells whether a step was undone, or something around it in its place.
func (m *memory) isUndone(path string) bool {
	return slices.ContainsFunc(append([]string{path}, parents(path)...), func(at string) bool {
		s := m.recorded(at)
		return s != nil && s.undo == chain.KindCompensated
	})
}

func (m *memory) recorded(path string) *settled {
	for i := range m.settled {
		if m.settled[i].path == path {
			return &m.settled[i]
		}
	}
	return nil
}

func (m *memory) clone() memory {
	c := *m
	c.settled, c.undone, c.trace = slices.Clone(m.settled), slices.Clone(m.undone), slices.Clone(m.trace)
	c.notes = map[string][]string{}
	for lane, notes := range m.notes {
		c.notes[lane] = slices.Clone(notes)
	}
	return c
}

// A failed is what an outcome says of a failure.
type failed struct {
	path     string
	attempts int
	text     string
}

// failures are the steps that failed, and the compensations that did. A branch
// that a sibling ended is none of its own (rule 10), nor is a Process for a step
// inside it.
func (m *memory) failures() (forward, compensation []failed) {
	for _, s := range m.settled {
		because := slices.ContainsFunc(m.settled, func(inside settled) bool {
			return inside.how == chain.KindFailed && strings.HasPrefix(inside.path, s.path+"/")
		})
		if s.how == chain.KindFailed && s.ending != bySibling && !because {
			forward = append(forward, failed{s.path, s.attempts, s.text})
		}
		if s.undo == chain.KindCompensationFailed {
			compensation = append(compensation, failed{s.path, s.undoAttempts, s.undoText})
		}
	}
	return forward, compensation
}

// completed is what is completed and not undone since; a Process counts where it
// is undone as one.
func (m *memory) completed() []string {
	var paths []string
	for _, s := range m.settled {
		if s.how == chain.KindSucceeded && (!s.node.composite() || s.node.Undo != nil) && !m.isUndone(s.path) {
			paths = append(paths, s.path)
		}
	}
	return paths
}
