package runnertest

import "slices"

// shrink finds a small spec that still fails: whatever can be left out without
// its passing is left out, until nothing more can.
func shrink(s *spec, fails func(*spec) bool) *spec {
	for tries := 0; ; {
		smaller := (*spec)(nil)
		for _, edit := range s.edits() {
			next := s.clone()
			edit(next)
			if tries++; tries > 5000 {
				return s
			}
			if next.size() < s.size() && fails(next) {
				smaller = next
				break
			}
		}
		if smaller == nil {
			return s
		}
		s = smaller
	}
}

// edits are the ways to make a spec simpler by one thing, those that take away
// most first. Each is for a clone of s.
func (s *spec) edits() []func(*spec) {
	edits := []func(*spec){
		func(s *spec) { s.Snapshot = 0 },
		func(s *spec) { s.Snapshot /= 2 },
		func(s *spec) { s.Snapshot = max(0, s.Snapshot-1) },
		func(s *spec) { s.Resumes = max(0, s.Resumes-1) },
		func(s *spec) { s.OnFailure = unstated },
	}
	for _, edit := range []func(siblings *[]node, i int){
		func(siblings *[]node, i int) {
			if len(*siblings) > 1 {
				*siblings = slices.Delete(*siblings, i, i+1)
			}
		},
		inPlaceOf(0), inPlaceOf(1), inPlaceOf(2), inPlaceOf(3),
		onNode(func(n *node) { n.Undo, n.CompensateOnFailure = nil, false }),
		onNode(func(n *node) { n.CompensateOnFailure = false }),
		onNode(func(n *node) { n.When = always }),
		onNode(func(n *node) { n.Async = false }),
		onNode(func(n *node) { n.Inside.OnFailure = unstated }),
		onNode(func(n *node) { n.Shape = min(n.Shape, process) }),
		onWork(func(w *work) { w.Acts, w.Retry = nil, retry{} }),
		onWork(func(w *work) { w.Retry = retry{} }),
		onWork(func(w *work) { w.Retry.RetryOn = nil }),
		onWork(func(w *work) { w.Retry.GiveUps = nil }),
		onWork(func(w *work) { w.Retry.Attempts-- }),
		onWork(func(w *work) { w.Acts = w.Acts[:max(0, len(w.Acts)-1)] }),
		onWork(func(w *work) {
			for i := range w.Acts {
				w.Acts[i] = min(w.Acts[i], boom)
			}
		}),
	} {
		for k := range s.nodes() {
			edits = append(edits, func(s *spec) {
				before := k
				s.Steps = editIn(s.Steps, &before, edit)
			})
		}
	}
	return edits
}

func (s *spec) nodes() int {
	n := 0
	s.walk(func(*node, string, string) { n++ })
	return n
}

// editIn applies the edit to the node that has so many before it in the order of
// the plan.
func editIn(siblings []node, before *int, edit func(*[]node, int)) []node {
	for i := range siblings {
		if *before == 0 {
			*before--
			edit(&siblings, i)
			return siblings
		}
		*before--
		siblings[i].Inside.Steps = editIn(siblings[i].Inside.Steps, before, edit)
		if *before < 0 {
			return siblings
		}
	}
	return siblings
}

func onNode(edit func(*node)) func(*[]node, int) {
	return func(siblings *[]node, i int) { edit(&(*siblings)[i]) }
}

// onWork edits the work of a step and of its compensation.
func onWork(edit func(*work)) func(*[]node, int) {
	return onNode(func(n *node) {
		edit(&n.work)
		if n.Undo != nil {
			edit(n.Undo)
		}
		for _, w := range []*work{&n.work, n.Undo} {
			if w != nil && w.Retry.Attempts <= 0 {
				w.Retry = retry{}
			}
		}
	})
}

// inPlaceOf puts the j-th step inside a Process in its place.
func inPlaceOf(j int) func(*[]node, int) {
	return onNode(func(n *node) {
		if j < len(n.Inside.Steps) {
			inside := n.Inside.Steps[j]
			inside.Name = n.Name
			*n = inside
		}
	})
}

func (s *spec) clone() *spec {
	c := *s
	c.level = s.level.clone()
	return &c
}

func (l level) clone() level {
	l.Steps = slices.Clone(l.Steps)
	for i := range l.Steps {
		n := &l.Steps[i]
		n.work = n.work.clone()
		n.Inside = n.Inside.clone()
		if n.Undo != nil {
			undo := n.Undo.clone()
			n.Undo = &undo
		}
	}
	return l
}

func (w work) clone() work {
	w.Acts = slices.Clone(w.Acts)
	w.Retry.RetryOn, w.Retry.GiveUps = slices.Clone(w.Retry.RetryOn), slices.Clone(w.Retry.GiveUps)
	return w
}
