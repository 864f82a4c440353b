package builder

import (
	"cmp"
	"slices"
	"strconv"
)

// A graph is the order of the boxes in a drawing: within a sequence each
// follows the one before it, a Parallel fans out and in again.
type graph struct {
	edges []edge
	joins []string // where branches meet branches: without it, each with each
}

type edge struct {
	from, to string
	place    int // in the plan, for a source in the plan's order
}

func (p Picture) graph() graph {
	var g graph
	g.walk(p, p.steps[0])
	slices.SortStableFunc(g.edges, func(a, b edge) int { return cmp.Compare(a.place, b.place) })
	return g
}

// walk draws the edges inside parent and returns the boxes it begins and ends
// with.
func (g *graph) walk(p Picture, parent Step) (first, last []string) {
	for _, s := range p.inside(parent) {
		begin, end := []string{box(s)}, []string{box(s)}
		if s.Kind.Composite() {
			begin, end = g.walk(p, s)
		}
		switch {
		case parent.Kind == KindParallel:
			first, last = append(first, begin...), append(last, end...)
		case first == nil:
			first, last = begin, end
		default:
			g.connect(last, begin, s.Index)
			last = end
		}
	}
	return first, last
}

func (g *graph) connect(from, to []string, place int) {
	if len(from) > 1 && len(to) > 1 {
		join := []string{"j" + strconv.Itoa(place)}
		g.joins = append(g.joins, join...)
		g.connect(from, join, place)
		from = join
	}
	for _, a := range from {
		for _, b := range to {
			g.edges = append(g.edges, edge{a, b, place})
		}
	}
}

// box is the name of a step in a drawing's source.
func box(s Step) string { return "s" + strconv.Itoa(s.Index) }

// lines is the text of a box, but for the step's compensation.
func (p Picture) lines(s Step) []string {
	var lines []string
	for _, text := range []string{p.heading(s), p.note(s), details(s), printable(s.Description)} {
		if text != "" {
			lines = append(lines, text)
		}
	}
	return lines
}
