package runnertest

import (
	"slices"
	"strings"
)

// State is the data of the suite's plans: what the functions of the steps have
// noted of themselves. A runner may carry it as bytes; it is what JSON can hold.
//
// Each branch of a Parallel notes in a lane of its own, named by its path, and
// the steps outside of any in the lane "". All lanes are there from the begin, so
// that branches change disjoint parts and no map is written to.
type State struct {
	Lanes map[string]*Lane `json:"lanes"`
}

// A Lane is the notes of one branch, oldest first.
type Lane struct {
	Notes []string `json:"notes"`
}

// newState has the lane "" and those named.
func newState(lanes ...string) State {
	s := State{Lanes: map[string]*Lane{"": {}}}
	for _, lane := range lanes {
		s.Lanes[lane] = &Lane{}
	}
	return s
}

// note writes to a lane. A runner that has lost the lane is told so by a panic,
// which is a failure of the step.
func (s *State) note(lane, what string) {
	l := s.Lanes[lane]
	if l == nil {
		panic("runnertest: the state has lost its lane " + lane)
	}
	l.Notes = append(l.Notes, what)
}

// notes is a copy of a lane.
func (s *State) notes(lane string) []string {
	if l := s.Lanes[lane]; l != nil {
		return slices.Clone(l.Notes)
	}
	return nil
}

// count is how often something was noted in a lane. A step knows by it which of
// its calls this is, in every process and after every resume.
func (s *State) count(lane, what string) int {
	n := 0
	for _, each := range s.notes(lane) {
		if each == what {
			n++
		}
	}
	return n
}

// untouched tells whether nothing was noted in a lane of a step or of what is
// inside it.
func (s *State) untouched(lane, path string) bool {
	for _, each := range s.notes(lane) {
		if each == path || strings.HasPrefix(each, path+"/") {
			return false
		}
	}
	return true
}
