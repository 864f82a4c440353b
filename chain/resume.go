package chain

import (
	"fmt"
	"slices"

	"github.com/samber/lo"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/policy"
)

// ground makes the entries of earlier runs the ground that a run under a plan,
// which may have changed, stands on: it binds them to the plan's steps, forgets
// the failures that are to be tried again, and says which step differs where the
// rest does not fit. Steps behind the recorded ones may have been added, changed
// or taken away; a recorded step must be there, of the same kind and with a
// compensation if it had one, in the same order, with no unrecorded step before
// it. A step that was in flight must be there too: its effect may have happened.
func ground(entries []entry, open []inFlight, fingerprint string, status Status, with *Recording) ([]entry, error) {
	bind(entries, with.Steps)
	entries = reopen(entries, with.Steps, status)
	for _, e := range entries {
		if e.step < 0 {
			return nil, changed("step %q was recorded and is not in the plan", e.path)
		}
		s := with.Steps[e.step]
		if sequential(s.Kind) != sequential(e.kind) {
			return nil, changed("step %q was recorded as a %s and is a %s", e.path, e.kind, s.Kind)
		}
		if s.HasCompensation != e.compensation && e.undo != KindCompensated {
			if e.compensation {
				return nil, changed("step %q was recorded with a compensation and has none", e.path)
			}
			return nil, changed("step %q was recorded without a compensation and has one", e.path)
		}
	}
	if fingerprint == with.Fingerprint {
		return entries, nil
	}
	begun := make([]entry, 0, len(open))
	for _, f := range open {
		if f.phase == Forward {
			begun = append(begun, entry{path: f.path})
		}
	}
	bind(begun, with.Steps)
	for _, e := range begun {
		if e.step < 0 {
			return nil, changed("step %q was in flight and is not in the plan", e.path)
		}
	}
	return entries, fitOrder(slices.Concat(entries, begun), with.Steps)
}

// bind finds the step of each entry, -1 if there is none, and the level it is
// or would be in.
func bind(entries []entry, steps []builder.Step) {
	index := make(map[string]int, len(steps))
	for _, s := range steps {
		index[s.Path] = s.Index
	}
	for i := range entries {
		e := &entries[i]
		step, ok := index[e.path]
		if ok {
			e.step, e.level = step, steps[step].Parent
			continue
		}
		e.step = -1
		for path := e.path; !ok; e.level, ok = index[path] {
			path = above(path)
		}
	}
}

func changed(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrPlanChanged}, args...)...)
}

// sequential makes no difference between a step and an async step: how the work
// is awaited changes nothing in what was recorded of it.
func sequential(k builder.Kind) builder.Kind {
	if k == builder.KindAsync {
		return builder.KindStep
	}
	return k
}

// fitOrder checks that in every sequence the recorded steps come first, and in
// the order in which they were recorded.
func fitOrder(entries []entry, steps []builder.Step) error {
	touched := make([]bool, len(steps)) // recorded, or with a recorded step inside
	newest := make([]int, len(steps))   // of each sequence, the child recorded last
	for _, e := range entries {
		for child := e.step; child > 0; child = steps[child].Parent {
			level := steps[child].Parent
			touched[child] = true
			if steps[level].Kind == builder.KindParallel {
				continue
			}
			if child < newest[level] {
				return changed("step %q was recorded before step %q and comes after it in the plan",
					steps[newest[level]].Path, steps[child].Path)
			}
			newest[level] = child
		}
	}
	settled := make([]bool, len(steps))
	for _, e := range entries {
		settled[e.step] = true
	}
	for _, level := range steps {
		if level.Kind != builder.KindProcess || settled[level.Index] {
			continue
		}
		for child := level.Index + 1; child < newest[level.Index]; child = steps[child].Next {
			if !touched[child] {
				return changed("step %q was not recorded and comes before step %q, which was",
					steps[child].Path, steps[newest[level.Index]].Path)
			}
		}
	}
	return nil
}

// reopen forgets the failures that a resume is to try again. An execution that
// was compensating goes on with that: everything stands. A stuck one tries its
// failed undos again. Otherwise what failed runs again, unless the plan has gone
// on past it or has to undo because of it.
func reopen(entries []entry, steps []builder.Step, status Status) []entry {
	order := undoOrder(entries)
	for rank, i := range order { // below zero: before everything this run will undo
		entries[i].undoOrder = rank - len(order)
	}
	if status == Stuck {
		for i := range entries {
			if entries[i].undo == KindCompensationFailed {
				entries[i].undo, entries[i].undoErr, entries[i].undoAttempts = 0, nil, 0
			}
		}
	}
	if status == Compensating || status == Stuck {
		return entries
	}
	failed := map[int]entry{} // by step
	for _, e := range entries {
		if e.forward == KindFailed && e.step >= 0 {
			failed[e.step] = e
		}
	}
	undone := undoneIn(entries)
	return lo.Reject(entries, func(e entry, _ int) bool {
		if e.forward == KindFailed && isOpen(e.level, e.ending, failed, steps) {
			return e.ending != BySibling || !siblingStands(e, failed, steps)
		}
		stands := e.forward == KindSucceeded && !e.kind.Composite() && !undone(e)
		return !stands && isAnew(e.level, failed, steps)
	})
}

// isOpen tells whether a failure inside level was neither continued nor is a
// reason to undo.
func isOpen(level int, ending Ending, failed map[int]entry, steps []builder.Step) bool {
	for {
		if steps[level].Failure == policy.Continue && ending == ByItself {
			return false
		}
		if level == 0 {
			return steps[0].Failure != policy.Compensate
		}
		if e, ok := failed[level]; ok {
			ending = e.ending
		}
		level = steps[level].Parent
	}
}

// siblingStands tells whether a failure that is not tried again has ended the
// branch that e is in: then e would not run again, and may have to be undone.
func siblingStands(e entry, failed map[int]entry, steps []builder.Step) bool {
	for level := e.level; level > 0; level = steps[level].Parent {
		if steps[level].Kind != builder.KindParallel {
			continue
		}
		for _, f := range failed {
			if reaches(level, f, failed, steps) && !isOpen(f.level, f.ending, failed, steps) {
				return true
			}
		}
	}
	return false
}

// reaches tells whether the failure of e, which is inside parallel, is one of
// its branches' failure.
func reaches(parallel int, e entry, failed map[int]entry, steps []builder.Step) bool {
	ending := e.ending
	for level := e.level; level > 0; level = steps[level].Parent {
		if steps[level].Failure == policy.Continue && ending == ByItself {
			return false // which ends no sibling
		}
		if level == parallel {
			return true
		}
		if above, ok := failed[level]; ok {
			ending = above.ending
		}
	}
	return false
}

// isAnew tells whether level is inside a Process, or is one, that has undone its
// own failure and is to be tried again. It begins anew: of what is inside it,
// only completed steps that were not undone still stand.
func isAnew(level int, failed map[int]entry, steps []builder.Step) bool {
	for ; level > 0; level = steps[level].Parent {
		e, ok := failed[level]
		if ok && !isOpen(e.level, e.ending, failed, steps) {
			return false // the plan has gone on past it
		}
		if ok && steps[level].Failure == policy.Compensate {
			return true
		}
	}
	return false
}
