package runnertest

import "slices"

// spareKnown keeps a spec away from what the engine is known to get wrong, so
// that other faults are found. Delete it with the fault.
//
// A Process inside one that undid its own failure, as "r" in
//
//	Process("p", Process("r", Step("a").Compensate) Step("b" fails) OnFailure(Compensate)), OnFailure(Abort)
//
// counts as completed when the execution is resumed, although "a" was undone:
// "a" is not run again, and the plan succeeds without its effect.
//
// What a Process undid that the plan has gone on past is forgotten, though the
// Process is not run again, if something further out is.
func spareKnown(s *spec) {
	if s.Resumes > 0 || s.Snapshot > 0 {
		spareIn(&s.level, false)
	}
}

func spareIn(l *level, past bool) {
	for i := range l.Steps {
		n := &l.Steps[i]
		nested := slices.ContainsFunc(n.Inside.Steps, func(n node) bool { return n.composite() })
		if n.Inside.OnFailure == compensates && (nested || past) {
			n.Inside.OnFailure = aborts
		}
		spareIn(&n.Inside, past || n.Inside.OnFailure == continues)
	}
}
