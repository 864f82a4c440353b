package runnertest

import (
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
)

// A spec is a plan and what happens to it, as plain data: it is generated, built
// into a real plan, interpreted by the model, shrunk, and printed as Go code.
type spec struct {
	level
	Snapshot int // resume also from a snapshot after that many events; 0: no
	Resumes  int // how often an end that allows it is resumed
}

// A level is the steps of the plan, of a Process or of a Parallel.
type level struct {
	OnFailure strategy
	Steps     []node
}

// A strategy is a failure strategy, or none stated.
type strategy uint8

const (
	unstated strategy = iota
	aborts
	continues
	compensates
)

func (s strategy) policy() policy.Failure {
	return [...]policy.Failure{policy.Abort, policy.Abort, policy.Continue, policy.Compensate}[s]
}

// A node is one element of a level.
type node struct {
	Name  string
	Shape shape
	Async bool // of a plain step: it and its compensation are asynchronous
	When  condition
	work  // of a plain step

	Inside level // of a Process or Parallel

	Undo                *work // the compensation, if there is one
	CompensateOnFailure bool
}

type shape uint8

const (
	plain shape = iota
	process
	parallel
)

func (n *node) composite() bool { return n.Shape != plain }

// A condition is what a step's When answers.
type condition uint8

const (
	always condition = iota // has none
	yes
	no
	panicsWhen
	fresh // holds as long as nothing of the step has been called
)

// work is a function of the user's: what its first call does, its second, and so
// on. After the last it succeeds.
type work struct {
	Acts  []act
	Retry retry
}

func (w *work) act(call int) act {
	if call <= len(w.Acts) {
		return w.Acts[call-1]
	}
	return succeed
}

// An act is what one call of a function does.
type act uint8

const (
	succeed   act = iota
	boom          // fails with errBoom
	bust          // fails with errBust, which some retries tell from the other
	forGood       // fails with a policy.Permanent
	panics        // panics
	exits         // calls runtime.Goexit
	cancels       // ends the caller's context, and succeeds
	cancelled     // ends the caller's context, and fails
)

// text is in the error that the act makes.
func (a act) text() string {
	return [...]string{"", "boom", "bust", "for good", "aaargh", chain.ErrGoexit.Error(), "", "cancelled on the way"}[a]
}

// A retry is a policy.Retry without delay. The zero one is no retry.
type retry struct {
	Attempts         int
	RetryOn, GiveUps []act // boom, bust or panics
}

// walk calls visit for each node, with its path and the lane it notes in.
func (l *level) walk(visit func(n *node, path, lane string)) { l.walkIn("", "", false, visit) }

func (l *level) walkIn(at, lane string, branches bool, visit func(n *node, path, lane string)) {
	for i := range l.Steps {
		n := &l.Steps[i]
		path, lane := at+n.Name, lane
		if branches {
			lane = path
		}
		visit(n, path, lane)
		n.Inside.walkIn(path+"/", lane, n.Shape == parallel, visit)
	}
}

// size is a measure for shrinking: how much there is to read.
func (s *spec) size() int {
	size := s.Snapshot + s.Resumes + int(s.OnFailure)
	ofWork := func(w *work) {
		size += 2*len(w.Acts) + 2*w.Retry.Attempts + len(w.Retry.RetryOn) + len(w.Retry.GiveUps)
		for _, a := range w.Acts {
			size += int(a)
		}
	}
	s.walk(func(n *node, _, _ string) {
		size += 10 + 5*int(n.Shape) + int(n.When) + int(n.Inside.OnFailure)
		ofWork(&n.work)
		if n.Undo != nil {
			size += 3
			ofWork(n.Undo)
		}
		for _, flag := range []bool{n.Async, n.CompensateOnFailure} {
			if flag {
				size++
			}
		}
	})
	return size
}

// has tells whether some function in the spec does one of the acts.
func (s *spec) has(acts ...act) bool {
	found := false
	s.walk(func(n *node, _, _ string) {
		for _, w := range []*work{&n.work, n.Undo} {
			if w == nil {
				continue
			}
			for _, a := range w.Acts {
				for _, b := range acts {
					found = found || a == b
				}
			}
		}
	})
	return found
}

// hasShape tells whether there is an element of that shape.
func (s *spec) hasShape(of shape) bool {
	found := false
	s.walk(func(n *node, _, _ string) { found = found || n.Shape == of })
	return found
}
