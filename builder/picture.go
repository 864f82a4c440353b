package builder

import (
	"cmp"
	"strconv"
	"strings"
	"unicode"
)

// A Picture is a plan to look at, plain or with an execution laid over it:
// String for a terminal, Mermaid for Markdown, DOT for Graphviz.
type Picture struct {
	name  string
	steps []Step
	marks map[string]Mark
}

// A Mark is what became of one step in an execution.
type Mark struct {
	State State
	Note  string // a few words, such as "3 attempts, 120ms"
}

// State is how far one step of an execution got.
type State uint8

// The states of a step, and the sign that String puts before it.
const (
	Untouched          State = iota // ·  never began
	Underway                        // …  began, not ended
	Completed                       // ✓  succeeded
	Skipped                         // ○  its When said no
	Failed                          // ✗  failed for good
	Compensated                     // ↩  undone
	CompensationFailed              // !  its undo failed: a person must look
)

// String is "completed" and the like.
func (s State) String() string {
	if int(s) >= len(stateNames) {
		return "unknown state"
	}
	return stateNames[s]
}

var (
	stateNames = [...]string{"untouched", "underway", "completed", "skipped", "failed", "compensated", "compensation failed"}
	stateSigns = [...]string{"·", "…", "✓", "○", "✗", "↩", "!"}
)

func (s State) sign() string {
	if int(s) >= len(stateSigns) {
		return "?"
	}
	return stateSigns[s]
}

// Picture draws the plan with marks laid over it, by path; nil marks draw the
// plan alone. The marks of an execution are its Marks.
func (p *Plan[T]) Picture(marks map[string]Mark) Picture {
	return Picture{name: p.name, steps: p.steps, marks: marks}
}

// String draws the plan as a tree for a terminal.
func (p *Plan[T]) String() string { return p.Picture(nil).String() }

// Mermaid draws the plan as a Mermaid flowchart, which many Markdown viewers
// show.
func (p *Plan[T]) Mermaid() string { return p.Picture(nil).Mermaid() }

// DOT draws the plan in the language of Graphviz.
func (p *Plan[T]) DOT() string { return p.Picture(nil).DOT() }

// String draws the tree, a line a step.
func (p Picture) String() string {
	var out strings.Builder
	root := p.steps[0]
	out.WriteString(printable(cmp.Or(p.name, "plan")) + " (on failure: " + root.Failure.String())
	if root.Within > 0 {
		out.WriteString(", within " + root.Within.String())
	}
	out.WriteString(")\n")
	p.branch(&out, root, "")
	return out.String()
}

func (p Picture) branch(out *strings.Builder, parent Step, indent string) {
	for i := parent.Index + 1; i < parent.Next; i = p.steps[i].Next {
		s := p.steps[i]
		elbow, deeper := "├── ", "│   "
		if s.Next == parent.Next {
			elbow, deeper = "└── ", "    "
		}
		out.WriteString(indent + elbow)
		if p.marks != nil {
			out.WriteString(p.marks[s.Path].State.sign() + " ")
		}
		out.WriteString(printable(s.Name))
		if details := p.details(s); details != "" {
			out.WriteString("  (" + details + ")")
		}
		for _, text := range []string{p.marks[s.Path].Note, s.Description} {
			if text != "" {
				out.WriteString("  " + printable(text))
			}
		}
		out.WriteString("\n")
		p.branch(out, s, indent+deeper)
	}
}

// details is all that was said of a step, in a few words.
func (p Picture) details(s Step) string {
	var words []string
	add := func(said bool, text string) {
		if said {
			words = append(words, text)
		}
	}
	add(s.Kind != KindStep, s.Kind.String())
	add(s.Conditional, "conditional")
	add(!s.Retry.IsZero(), s.Retry.String())
	add(s.Timeout > 0, "timeout "+s.Timeout.String())
	add(s.Within > 0, "within "+s.Within.String())
	add(s.HandlesFailure, "on failure: "+s.Failure.String())
	add(s.HasCompensation, "compensation")
	add(s.CompensateOnFailure, "compensate on failure")
	return strings.Join(words, ", ")
}

// label is the text of a box in a graph, a line a piece.
func (p Picture) label(s Step) []string {
	lines := []string{s.Name}
	if p.marks != nil {
		lines[0] = p.marks[s.Path].State.sign() + " " + s.Name
	}
	if details := p.details(s); details != "" {
		lines = append(lines, details)
	}
	for _, text := range []string{p.marks[s.Path].Note, s.Description} {
		if text != "" {
			lines = append(lines, text)
		}
	}
	return lines
}

// title is the name of the whole graph.
func (p Picture) title() string {
	return cmp.Or(p.name, "plan") + " (on failure: " + p.steps[0].Failure.String() + ")"
}

// printable quotes a name that would break a line or move the cursor.
func printable(name string) string {
	if strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return strconv.Quote(name)
	}
	return name
}

// An edge leads from the end of one box to the begin of another.
type edge struct{ from, to int }

// edges is the order of the leaves: within a sequence each follows the one
// before it, a Parallel fans out and in again.
func (p Picture) edges() []edge {
	var edges []edge
	var walk func(parent Step) (first, last []int)
	walk = func(parent Step) (first, last []int) {
		for i := parent.Index + 1; i < parent.Next; i = p.steps[i].Next {
			f, l := []int{i}, []int{i}
			if p.steps[i].Kind.Composite() {
				f, l = walk(p.steps[i])
			}
			if parent.Kind == KindParallel {
				first, last = append(first, f...), append(last, l...)
				continue
			}
			for _, from := range last {
				for _, to := range f {
					edges = append(edges, edge{from, to})
				}
			}
			if first == nil {
				first = f
			}
			last = l
		}
		return first, last
	}
	walk(p.steps[0])
	return edges
}

// colors of the states, light enough for dark text.
var stateColors = map[State]string{
	Underway:           "#cfe2ff",
	Completed:          "#d1e7dd",
	Skipped:            "#e2e3e5",
	Failed:             "#f8d7da",
	Compensated:        "#fff3cd",
	CompensationFailed: "#f1aeb5",
}
