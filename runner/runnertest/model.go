package runnertest

import (
	"slices"
	"strings"

	"github.com/taskchain-go/taskchain/chain"
)

// This file is §3 of the design as a program: what must become of a spec. It is
// written for reading, from the rules and not from the engine, and shares
// nothing with that. It is slow, it knows no time, no goroutine and no user's
// function, and the rules it follows are named where it follows them.

// A model is one run of a plan.
type model struct {
	memory
	plan     *level
	together bool // branches begin together, and then work in the order of the plan
	caller   *scope
	snapshot int     // to take after that many events
	taken    *memory // the snapshot
}

// An ending is how a context has ended, and whether a failure came of that.
type ending uint8

const (
	byItself  ending = iota // not at all: the step failed by itself
	byCaller                // the caller has cancelled
	bySibling               // another branch has failed
)

// A scope is a context: the caller's, or that of a Parallel's branches.
type scope struct {
	ended ending
	inner []*scope
}

func (s *scope) end(why ending) {
	if s.ended == byItself {
		s.ended = why
	}
	for _, inner := range s.inner {
		inner.end(why)
	}
}

func (s *scope) branch() *scope {
	inner := &scope{ended: s.ended}
	s.inner = append(s.inner, inner)
	return inner
}

// A failure is on its way up from the step that failed.
type failure struct {
	ending ending
	text   string
}

// run interprets the plan from its begin, or from what is in memory.
func (m *model) run() {
	if m.status != chain.Compensating {
		m.status = chain.Running
	}
	m.tell(chain.KindPlanStarted, chain.Forward, "", 0)
	w := walker{model: m, scope: m.caller}
	f := w.sequence(m.plan, "", m.plan.OnFailure)
	if f != nil && m.plan.OnFailure == compensates {
		m.undoInside("")
	}
	m.undoing, m.status = 0, m.end(f)
	m.tell(chain.KindPlanEnded, chain.Forward, "", 0)
}

// end is the status that the failures make (rules 5 and 8).
func (m *model) end(f *failure) chain.Status {
	failures, stuck := m.failures()
	switch {
	case len(stuck) > 0:
		return chain.Stuck
	case f == nil && len(failures) == 0:
		return chain.Succeeded
	case f == nil:
		return chain.Partial
	case m.plan.OnFailure == compensates:
		return chain.Compensated
	}
	return chain.Aborted
}

// A walker goes through the plan, or through one branch of a Parallel.
type walker struct {
	*model
	scope *scope
	// waiting: it has begun together with its siblings and waits in the first
	// function of the user's that it calls, so that the end of its context
	// finds it there.
	waiting bool
}

// sequence is rule 1, and what rule 5 says of Continue. stated is the nearest
// strategy that is stated around.
func (w *walker) sequence(l *level, at string, stated strategy) *failure {
	for i := range l.Steps {
		f := w.step(&l.Steps[i], at+l.Steps[i].Name, stated)
		if f == nil || l.OnFailure == continues && f.ending == byItself { // rule 7: a cancellation is never continued
			continue
		}
		return f
	}
	return nil
}

func (w *walker) step(n *node, path string, stated strategy) *failure {
	if s := w.recorded(path); s != nil { // rule 11: nothing that is settled runs
		return w.again(s)
	}
	if n.When != always && !w.knows(path) && (w.scope.ended == byItself || w.waiting) {
		w.waiting = false
		switch {
		case n.When == panicsWhen: // rule 4
			return w.fail(n, path, 0, panics.text())
		case n.When == no, n.When == fresh && w.touched(path):
			w.settle(settled{node: n, path: path, how: chain.KindSkipped})
			return nil
		}
	}
	if n.Inside.OnFailure != unstated {
		stated = n.Inside.OnFailure
	}
	switch n.Shape {
	case process:
		w.tell(chain.KindStarted, chain.Forward, path, 0)
		return w.leave(n, path, w.sequence(&n.Inside, path+"/", stated))
	case parallel:
		w.tell(chain.KindStarted, chain.Forward, path, 0)
		return w.leave(n, path, w.branches(&n.Inside, path+"/", stated))
	}
	return w.attempts(n, path)
}

// again answers for a step from the record. A Process that undoes its own
// failures may have been interrupted while it did.
func (w *walker) again(s *settled) *failure {
	if s.how != chain.KindFailed {
		return nil
	}
	f := &failure{s.ending, s.text}
	if s.node.composite() && s.node.Inside.OnFailure == compensates {
		w.undoInside(s.path + "/")
		w.leaveUndoing()
	}
	return f
}

// attempts is rules 1, 2 and 7 for a step.
func (w *walker) attempts(n *node, path string) *failure {
	last := ""
	for attempt := 1; ; attempt++ {
		waiting := w.waiting
		w.waiting = false
		if w.scope.ended != byItself && !waiting { // it can't begin
			return w.fail(n, path, attempt-1, last)
		}
		w.tell(chain.KindStarted, chain.Forward, path, attempt)
		if w.scope.ended != byItself { // it had begun, and ended for the context
			return w.fail(n, path, attempt, "")
		}
		does := w.call(&n.work, path, path)
		if does == succeed || does == cancels {
			w.settle(settled{node: n, path: path, how: chain.KindSucceeded, attempts: attempt})
			return nil
		}
		if w.scope.ended != byItself || !n.Retry.again(attempt, does) {
			return w.fail(n, path, attempt, does.text())
		}
		w.tell(chain.KindRetrying, chain.Forward, path, attempt)
		last = does.text()
	}
}

// touched tells whether anything of an element has been called.
func (m *model) touched(path string) bool {
	return slices.ContainsFunc(m.notes[m.lane(path)], func(note string) bool {
		return note == path || strings.HasPrefix(note, path+"/")
	})
}

// again is rule 2: what the policy says after the attempt has failed so.
func (r retry) again(attempt int, does act) bool {
	if does == exits { // a Goexit is a panic (rule 4)
		does = panics
	}
	switch {
	case attempt >= r.Attempts, does == forGood, slices.Contains(r.GiveUps, does):
		return false
	case len(r.RetryOn) > 0:
		return slices.Contains(r.RetryOn, does)
	}
	return does != panics
}

// call notes a call and finds out what it does.
func (m *model) call(work *work, path, note string) act {
	lane := m.lane(path)
	m.notes[lane] = append(m.notes[lane], note)
	calls := 0
	for _, each := range m.notes[lane] {
		if each == note {
			calls++
		}
	}
	does := work.act(calls)
	if does == cancels || does == cancelled {
		m.caller.end(byCaller)
	}
	return does
}

// fail settles a step as failed. text is the step's own error, if it has one.
func (w *walker) fail(n *node, path string, attempts int, text string) *failure {
	if attempts == 0 {
		attempts = w.inFlight(path) // of an earlier run, which may have had its effect
	}
	why := w.scope.ended
	if why == bySibling && text != "" {
		why = byCaller // a failure of its own besides, which is heard (rule 10)
	}
	if why == bySibling && attempts == 0 {
		return &failure{ending: why} // never begun, and nobody asked
	}
	if why == byCaller && text == "" {
		text = cancelled.text()
	}
	w.settle(settled{node: n, path: path, how: chain.KindFailed, attempts: attempts, text: text, ending: why})
	return &failure{why, text}
}

// leave is the end of a Process or Parallel, which handles its failure first
// (rule 6).
func (w *walker) leave(n *node, path string, f *failure) *failure {
	if f == nil {
		w.settle(settled{node: n, path: path, how: chain.KindSucceeded})
		return nil
	}
	if n.Inside.OnFailure == compensates {
		w.undoInside(path + "/")
	}
	s := settled{node: n, path: path, how: chain.KindFailed, text: f.text, ending: w.scope.ended}
	if w.attempted(path + "/") {
		s.attempts = 1
	}
	w.settle(s)
	if n.Inside.OnFailure == compensates {
		w.leaveUndoing()
	}
	return &failure{s.ending, f.text}
}

// attempted tells whether anything inside has been.
func (m *model) attempted(inside string) bool {
	return slices.ContainsFunc(m.settled, func(s settled) bool {
		return strings.HasPrefix(s.path, inside) && !s.node.composite() && s.attempts > 0
	})
}

// branches is rule 10.
func (w *walker) branches(l *level, at string, stated strategy) *failure {
	scope := w.scope.branch()
	waiting := w.together && (scope.ended == byItself || w.waiting)
	w.waiting = false
	if stated != continues && w.anyDoomed(l, at) {
		scope.end(bySibling)
		waiting = false
	}
	var own, cut *failure
	for i := range l.Steps {
		n := &l.Steps[i]
		if scope.ended == bySibling && !waiting && !w.knows(at+n.Name) {
			cut = &failure{ending: bySibling} // not begun behind a failure
			continue
		}
		branch := walker{w.model, scope, waiting}
		f := branch.step(n, at+n.Name, stated)
		switch {
		case f == nil:
			continue
		case f.ending == bySibling:
			cut = f
		case f.ending == byItself && l.OnFailure == continues:
		default:
			own = f
		}
		if stated != continues {
			scope.end(bySibling)
		}
	}
	if own != nil {
		return own
	}
	return cut
}

// anyDoomed tells whether a branch has failed for good in an earlier run: then
// the others must not begin before it has done so again.
func (m *model) anyDoomed(l *level, at string) bool {
	return slices.ContainsFunc(l.Steps, func(n node) bool {
		_, doomed := m.doomed(&n, at+n.Name)
		return doomed
	})
}

func (m *model) doomed(n *node, path string) (ending, bool) {
	if s := m.recorded(path); s != nil {
		return s.ending, s.how == chain.KindFailed
	}
	for i := range n.Inside.Steps {
		why, doomed := m.doomed(&n.Inside.Steps[i], path+"/"+n.Inside.Steps[i].Name)
		if doomed && !(n.Inside.OnFailure == continues && why == byItself) {
			return why, true
		}
	}
	return byItself, false
}

// knows tells whether anything of an element is settled, or was in flight when an
// earlier run ended.
func (m *model) knows(path string) bool {
	return m.recorded(path) != nil || m.inFlight(path) > 0 ||
		slices.ContainsFunc(m.settled, func(s settled) bool { return strings.HasPrefix(s.path, path+"/") }) ||
		slices.ContainsFunc(m.trace, func(e event) bool { return strings.HasPrefix(e.path, path+"/") && m.inFlight(e.path) > 0 })
}

// inFlight is how many attempts at a step have begun, if its end is not in the
// trace.
func (m *model) inFlight(path string) (attempts int) {
	for _, e := range m.trace {
		if e.path != path || e.phase != chain.Forward {
			continue
		}
		switch e.kind {
		case chain.KindStarted:
			attempts = e.attempt
		case chain.KindSucceeded, chain.KindFailed, chain.KindSkipped:
			attempts = 0
		}
	}
	return attempts
}

// undoInside is rules 5, 6 and 8: newest completion first, each once, a Process
// with a compensation of its own in place of its steps, and the next one even
// when one has failed. Rule 7 is that no scope is asked.
func (m *model) undoInside(inside string) {
	m.undoing++
	m.status = chain.Compensating
	for i := len(m.settled) - 1; i >= 0; i-- {
		s := &m.settled[i]
		if strings.HasPrefix(s.path, inside) && s.toUndo() && s.undo == 0 && !m.undoneAsOne(s.path, inside) {
			m.undo(s)
		}
	}
}

func (m *model) leaveUndoing() {
	if m.undoing--; m.undoing <= 0 {
		m.status = chain.Running
	}
}

// undoneAsOne tells whether something around a step, but inside the level, is
// undone in its place.
func (m *model) undoneAsOne(path, inside string) bool {
	return slices.ContainsFunc(m.settled, func(around settled) bool {
		return strings.HasPrefix(around.path, inside) && strings.HasPrefix(path, around.path+"/") && around.toUndo()
	})
}

func (m *model) undo(s *settled) {
	for attempt := 1; ; attempt++ {
		m.tell(chain.KindCompensating, chain.Compensation, s.path, attempt)
		does := m.call(s.node.Undo, s.path, "undo "+s.path)
		switch {
		case does == succeed || does == cancels:
			s.undo, s.undoAttempts = chain.KindCompensated, attempt
			m.undone = append(m.undone, s.path)
		case s.node.Undo.Retry.again(attempt, does):
			m.tell(chain.KindRetrying, chain.Compensation, s.path, attempt)
			continue
		default:
			s.undo, s.undoAttempts, s.undoText = chain.KindCompensationFailed, attempt, does.text()
		}
		m.tell(s.undo, chain.Compensation, s.path, attempt)
		return
	}
}

// settle records the end of a step.
func (m *model) settle(s settled) {
	m.settled = append(m.settled, s)
	m.tell(s.how, chain.Forward, s.path, s.attempts)
}

// tell adds to the trace (rule 12).
func (m *model) tell(kind chain.Kind, phase chain.Phase, path string, attempt int) {
	m.trace = append(m.trace, event{kind, phase, path, attempt})
	if len(m.trace) == m.snapshot {
		taken := m.memory.clone()
		m.taken = &taken
	}
}

func (m *model) lane(path string) (lane string) {
	m.plan.walk(func(_ *node, at, in string) {
		if at == path {
			lane = in
		}
	})
	return lane
}
