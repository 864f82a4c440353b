package builder

import (
	"cmp"
	"maps"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A Picture is a plan to look at, plain or with an execution laid over it:
// String for a terminal, Mermaid for Markdown, DOT for Graphviz. It is
// immutable. What a name, a note or a description holds can't break a picture:
// one that would is shown as a Go string, in quotes. The
// zero Picture draws nothing.
type Picture struct {
	name  string
	steps []Step
	marks map[string]Mark
}

// Picture draws the plan with marks laid over it, by path; nil marks draw the
// plan alone. The marks of an execution are its Marks. A mark of a path that
// the plan does not have is ignored.
func (p *Plan[T]) Picture(marks map[string]Mark) Picture {
	return Picture{name: p.name, steps: p.steps, marks: maps.Clone(marks)}
}

// String draws the plan as a tree for a terminal, a line a step.
func (p *Plan[T]) String() string { return p.Picture(nil).String() }

// Mermaid draws the plan as a Mermaid flowchart, which many Markdown viewers
// show.
func (p *Plan[T]) Mermaid() string { return p.Picture(nil).Mermaid() }

// DOT draws the plan in the language of Graphviz.
func (p *Plan[T]) DOT() string { return p.Picture(nil).DOT() }

// title is the plan in one line.
func (p Picture) title() string {
	root := p.steps[0]
	title := printable(cmp.Or(p.name, "plan")) + " (on failure: " + root.Failure.String()
	if root.Within > 0 {
		title += ", within " + root.Within.String()
	}
	return title + ")"
}

// inside are the steps directly inside a Process, Parallel or plan.
func (p Picture) inside(parent Step) []Step {
	var inside []Step
	for i := parent.Index + 1; i < parent.Next; i = p.steps[i].Next {
		inside = append(inside, p.steps[i])
	}
	return inside
}

// heading is the step's name, behind the sign of its state if there are marks.
func (p Picture) heading(s Step) string {
	if p.marks == nil {
		return printable(s.Name)
	}
	return p.marks[s.Path].State.sign() + " " + printable(s.Name)
}

// note is what the marks have to say of a step.
func (p Picture) note(s Step) string { return printable(p.marks[s.Path].Note) }

// details is what was said of a step, but for its compensation, in a few words.
func details(s Step) string {
	return phrase(
		when(s.Kind != KindStep, s.Kind.String()),
		when(s.Conditional, "conditional"),
		when(!s.Retry.IsZero(), s.Retry.String()),
		when(s.Timeout > 0, "timeout "+s.Timeout.String()),
		when(s.Within > 0, "within "+s.Within.String()),
		when(s.HandlesFailure, "on failure: "+s.Failure.String()),
	)
}

// compensation is what was said of a step's compensation, or nothing.
func compensation(s Step) string {
	if !s.HasCompensation {
		return ""
	}
	more := phrase(
		when(s.CompensateOnFailure, "even if it fails"),
		when(!s.CompensationRetry.IsZero(), s.CompensationRetry.String()),
		when(s.CompensationTimeout > 0, "timeout "+s.CompensationTimeout.String()),
	)
	return when(s.AsyncCompensation, "async ") + "compensation" + when(more != "", " ("+more+")")
}

func when(said bool, text string) string {
	if said {
		return text
	}
	return ""
}

// phrase joins what there is to say with commas.
func phrase(words ...string) string {
	var said []string
	for _, w := range words {
		if w != "" {
			said = append(said, w)
		}
	}
	return strings.Join(said, ", ")
}

// printable quotes a text that would break a line, move the cursor or hide how
// it begins and ends.
func printable(text string) string {
	quote := strings.TrimSpace(text) != text || !utf8.ValidString(text) ||
		strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
	if quote {
		return strconv.Quote(text)
	}
	return text
}
