package runnertest

import (
	"math/rand/v2"
	"slices"
)

// generate makes a spec of a seed: the same one each time.
func generate(seed uint64, has Trait) *spec {
	g := generator{rand.New(rand.NewPCG(seed, 0)), has, 4 + int(seed%9)}
	s := &spec{}
	s.Steps = g.steps(1)
	s.OnFailure = pick(g, unstated, aborts, continues, continues, compensates, compensates, compensates, compensates)
	if has&Resumes != 0 {
		s.Resumes = g.IntN(3)
		if g.IntN(3) == 0 {
			s.Snapshot = 1 + g.IntN(30)
		}
	}
	oneOddity(s)
	if has&RealTime != 0 {
		calm(s)
	}
	if has&Remote != 0 {
		calmUndos(s)
	}
	return s
}

type generator struct {
	*rand.Rand
	has  Trait
	left int // steps to spend
}

func pick[T any](g generator, from ...T) T { return from[g.IntN(len(from))] }

// often is true n times out of ten.
func (g generator) often(n int) bool { return g.IntN(10) < n }

func (g *generator) steps(depth int) []node {
	var steps []node
	for i := range 1 + g.IntN(4) {
		if i > 0 && g.left <= 0 {
			break
		}
		steps = append(steps, g.node(string(rune('a'+i)), depth))
	}
	return steps
}

func (g *generator) node(name string, depth int) node {
	n := node{Name: name}
	if g.often(2) {
		n.When = pick(*g, yes, fresh, fresh, no, no, no, panicsWhen)
	}
	if depth < 4 && g.often(4) {
		n.Shape = pick(*g, process, process, parallel)
		n.Inside.Steps = g.steps(depth + 1)
		if g.often(5) {
			n.Inside.OnFailure = pick(*g, aborts, continues, compensates)
		}
	} else {
		g.left--
		n.Async = g.has&AsyncSteps != 0 && g.often(2)
		n.work = g.work(3, n.Async)
	}
	if n.Shape == plain && g.often(7) || g.often(3) {
		undo := g.work(2, n.Async)
		n.Undo = &undo
		n.CompensateOnFailure = g.often(3)
	}
	return n
}

// work fails now and then, and async work without ending its goroutine.
func (g *generator) work(fails int, async bool) work {
	var w work
	if g.often(fails) {
		for range 1 + g.IntN(3) {
			w.Acts = append(w.Acts, g.act(async))
		}
	}
	if g.often(4) {
		w.Retry.Attempts = 1 + g.IntN(3)
		w.Retry.RetryOn = g.kinds()
		w.Retry.GiveUps = g.kinds()
	}
	return w
}

func (g *generator) act(async bool) act {
	a := pick(*g, succeed, boom, boom, boom, boom, boom, boom, bust, bust, forGood, panics, panics, exits, cancels, cancelled)
	if async && (a == panics || a == exits) || a == exits && g.has&(Resumes|Returns) == 0 {
		return boom
	}
	return a
}

func (g *generator) kinds() []act {
	if !g.often(3) {
		return nil
	}
	kinds := []act{boom, bust, panics}
	g.Shuffle(3, func(i, j int) { kinds[i], kinds[j] = kinds[j], kinds[i] })
	return slices.Clone(kinds[:1+g.IntN(2)])
}

// oneOddity is enough: a compensation that ends its goroutine has the walk begin
// anew, and if the caller has cancelled by then, branches that had not begun tell
// of that. So there are no such compensations where there is a cancellation.
func oneOddity(s *spec) {
	if !s.has(cancels, cancelled) {
		return
	}
	s.walk(func(n *node, _, _ string) {
		for i := 0; n.Undo != nil && i < len(n.Undo.Acts); i++ {
			if n.Undo.Acts[i] == exits {
				n.Undo.Acts[i] = panics
			}
		}
	})
}

// calm takes the failures out of branches: where they run together in real time,
// how far the others are when one fails is an accident. So is the order in which
// they are undone, in the middle of which there is no snapshot then.
func calm(s *spec) {
	if !s.hasShape(parallel) {
		return
	}
	s.Snapshot = 0
	s.walk(func(n *node, path, lane string) {
		if lane == "" {
			return
		}
		n.Acts = nil
		if n.When == panicsWhen {
			n.When = no
		}
	})
}

// calmUndos takes the cancellations out of compensations, whose context does not
// end: when one comes through to a remote runner they can't tell, and what it
// still meets there is an accident.
func calmUndos(s *spec) {
	s.walk(func(n *node, _, _ string) {
		for i := 0; n.Undo != nil && i < len(n.Undo.Acts); i++ {
			switch n.Undo.Acts[i] {
			case cancels:
				n.Undo.Acts[i] = succeed
			case cancelled:
				n.Undo.Acts[i] = boom
			}
		}
	})
}
