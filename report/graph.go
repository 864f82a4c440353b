package report

import (
	"fmt"
	"strings"

	"github.com/taskchain-go/taskchain/builder"
)

// A drawing is the plan as boxes and lines, for SVG: steps from top to bottom,
// branches side by side.
type drawing struct {
	Width, Height int
	Boxes         []box
	Lines         []string // paths of SVG
}

// A box is a step, or the frame of a Process or Parallel.
type box struct {
	X, Y, W, H  int
	State       string // a class
	Frame       bool
	Conditional bool
	Undo        bool // it has a compensation
	Sign        string
	Name, Note  string
	Title       string // all there is to say, for a pointer that rests on it
}

// Sizes in pixels.
const (
	leafPad  = 44 // beside the name: the sign, and that of a compensation
	leafH    = 32
	noteH    = 16
	gapY     = 24 // an arrow's length
	gapX     = 18
	framePad = 14
	headH    = 28 // of a frame
	forkH    = 16 // from a Parallel's frame to its branches
	leafMin  = 150
	mostName = 290
	mostNote = 290
	margin   = 8
)

// size is how much place a step takes.
type size struct{ w, h int }

// draw lays the plan out.
func draw(steps []builder.Step, marks map[string]builder.Mark) drawing {
	d := drawer{steps: steps, marks: marks, sizes: make([]size, len(steps))}
	for i := len(steps) - 1; i >= 0; i-- { // what is inside first
		d.sizes[i] = d.measure(steps[i])
	}
	inner := d.column(steps[0])
	d.placeColumn(steps[0], margin, margin, inner.w)
	d.out.Width, d.out.Height = inner.w+2*margin, inner.h+2*margin
	return d.out
}

type drawer struct {
	steps []builder.Step
	marks map[string]builder.Mark
	sizes []size
	out   drawing
}

func (d *drawer) inside(s builder.Step) []builder.Step {
	var inside []builder.Step
	for i := s.Index + 1; i < s.Next; i = d.steps[i].Next {
		inside = append(inside, d.steps[i])
	}
	return inside
}

func (d *drawer) measure(s builder.Step) size {
	switch {
	case s.Kind == builder.KindParallel:
		row := d.row(s)
		return size{max(row.w+2*framePad, d.textWidth(s)), row.h + headH + 2*forkH + framePad}
	case s.Kind == builder.KindProcess && s.Index > 0:
		column := d.column(s)
		return size{max(column.w+2*framePad, d.textWidth(s)), column.h + headH + 2*framePad}
	}
	h := leafH
	if d.marks[s.Path].Note != "" {
		h += noteH
	}
	return size{d.textWidth(s), h}
}

func (d *drawer) textWidth(s builder.Step) int {
	name, note := fit(printable(s.Name), mostName), fit(printable(d.marks[s.Path].Note), mostNote)
	w := width(name) + leafPad
	if s.Kind.Composite() { // the name is bold, and the note beside it
		return max(w+width(name)/10+width(note)+gapX, leafMin)
	}
	return max(w, width(note)*7/8+leafPad, leafMin)
}

// column is the size of steps one below the other, row of steps side by side.
func (d *drawer) column(s builder.Step) (c size) {
	for i, each := range d.inside(s) {
		c.w, c.h = max(c.w, d.sizes[each.Index].w), c.h+d.sizes[each.Index].h
		if i > 0 {
			c.h += gapY
		}
	}
	return c
}

func (d *drawer) row(s builder.Step) (r size) {
	for i, each := range d.inside(s) {
		r.w, r.h = r.w+d.sizes[each.Index].w, max(r.h, d.sizes[each.Index].h)
		if i > 0 {
			r.w += gapX
		}
	}
	return r
}

// placeColumn puts what is inside s one below the other, in the middle of w.
func (d *drawer) placeColumn(s builder.Step, x, y, w int) {
	for i, each := range d.inside(s) {
		if i > 0 {
			d.arrow(x+w/2, y, x+w/2, y+gapY)
			y += gapY
		}
		z := d.sizes[each.Index]
		d.place(each, x+(w-z.w)/2, y)
		y += z.h
	}
}

// placeRow puts what is inside s side by side, below a line that forks and above
// one that joins.
func (d *drawer) placeRow(s builder.Step, x, y, w int) {
	row := d.row(s)
	middle, top, bottom := x+w/2, y, y+2*forkH+row.h
	x += (w - row.w) / 2
	for _, each := range d.inside(s) {
		z := d.sizes[each.Index]
		center := x + z.w/2
		d.out.Lines = append(d.out.Lines,
			fmt.Sprintf("M%d %d H%d V%d", middle, top, center, top+forkH),
			fmt.Sprintf("M%d %d V%d H%d", center, top+forkH+z.h, bottom, middle))
		d.place(each, x, y+forkH)
		x += z.w + gapX
	}
}

func (d *drawer) arrow(x1, y1, x2, y2 int) {
	d.out.Lines = append(d.out.Lines, fmt.Sprintf("M%d %d L%d %d m-4 -5 l4 5 l4 -5", x1, y1, x2, y2-1))
}

func (d *drawer) place(s builder.Step, x, y int) {
	mark, z := d.marks[s.Path], d.sizes[s.Index]
	d.out.Boxes = append(d.out.Boxes, box{
		X: x, Y: y, W: z.w, H: z.h,
		State:       slug(mark.State.String()),
		Frame:       s.Kind.Composite(),
		Conditional: s.Conditional,
		Undo:        s.HasCompensation,
		Sign:        signs[mark.State],
		Name:        fit(printable(s.Name), mostName),
		Note:        fit(printable(mark.Note), mostNote),
		Title:       titleOf(s, mark),
	})
	switch s.Kind {
	case builder.KindProcess:
		d.placeColumn(s, x, y+headH+framePad, z.w)
	case builder.KindParallel:
		d.placeRow(s, x, y+headH, z.w)
	}
}

var signs = map[builder.State]string{
	builder.Untouched:          "·",
	builder.Underway:           "…",
	builder.Completed:          "✓",
	builder.Skipped:            "○",
	builder.Failed:             "✗",
	builder.Compensated:        "↩",
	builder.CompensationFailed: "!",
}

// titleOf is all there is to say of a step.
func titleOf(s builder.Step, mark builder.Mark) string {
	words := []string{printable(s.Path) + " (" + s.Kind.String() + "): " + mark.State.String()}
	say := func(applies bool, text string) {
		if applies && text != "" {
			words = append(words, text)
		}
	}
	say(true, printable(mark.Note))
	say(true, printable(s.Description))
	say(s.Conditional, "conditional")
	say(!s.Retry.IsZero(), s.Retry.String())
	say(s.Timeout > 0, "timeout "+s.Timeout.String())
	say(s.Within > 0, "within "+s.Within.String())
	say(s.HandlesFailure, "on failure: "+s.Failure.String())
	say(s.HasCompensation, "has a compensation")
	say(s.CompensateOnFailure, "compensated even if it fails")
	return strings.Join(words, "\n")
}
