package builder

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// DOT draws a directed graph: a step is a box, with its compensation in a
// compartment below; a Process or Parallel is a frame around its steps. What is
// conditional has a dashed border.
func (p Picture) DOT() string {
	if len(p.steps) == 0 {
		return ""
	}
	var out strings.Builder
	fmt.Fprintf(&out, dotHead, dotEscaper.Replace(p.title()))
	p.dotInside(&out, p.steps[0], "  ")
	g := p.graph()
	for _, join := range g.joins {
		fmt.Fprintf(&out, "  %s [shape=point]\n", join)
	}
	for _, e := range g.edges {
		fmt.Fprintf(&out, "  %s -> %s\n", e.from, e.to)
	}
	out.WriteString("}\n")
	return out.String()
}

const dotHead = `digraph plan {
  graph [label="%s", labelloc=t, fontname="Helvetica,Arial,sans-serif"]
  node [shape=box, style="rounded,filled", fillcolor=white, fontname="Helvetica,Arial,sans-serif", fontsize=11]
  edge [arrowsize=0.7]
`

// dotFrame is how a frame looks: one inside another has the other's looks
// unless it says otherwise.
const dotFrame = `graph [style="rounded,filled", fillcolor=white, labeljust=l, fontsize=11]`

func (p Picture) dotInside(out *strings.Builder, parent Step, indent string) {
	for _, s := range p.inside(parent) {
		text, undo := p.dotLines(s), dotWrap(compensation(s))
		style := ""
		if s.Conditional {
			style += `, style="rounded,filled,dashed"`
		}
		if color := p.marks[s.Path].State.color(); color != "" {
			style += fmt.Sprintf(", fillcolor=%q", color)
		}
		switch {
		case s.Kind.Composite():
			fmt.Fprintf(out, "%ssubgraph cluster_%s {\n", indent, box(s))
			fmt.Fprintf(out, "%s  %s\n", indent, dotFrame)
			fmt.Fprintf(out, "%s  graph [label=\"%s\\l\"%s]\n", indent, dotText(dotEscaper, `\l`, append(text, undo...)), style)
			p.dotInside(out, s, indent+"  ")
			fmt.Fprintf(out, "%s}\n", indent)
		case s.HasCompensation:
			fmt.Fprintf(out, "%s%s [shape=Mrecord, label=\"{%s|%s}\"%s]\n", indent, box(s),
				dotText(dotRecordEscaper, `\n`, text), dotText(dotRecordEscaper, `\n`, undo), style)
		default:
			fmt.Fprintf(out, "%s%s [label=\"%s\"%s]\n", indent, box(s), dotText(dotEscaper, `\n`, text), style)
		}
	}
}

// dotLines is the text of a box or frame.
func (p Picture) dotLines(s Step) []string {
	var lines []string
	for _, text := range p.lines(s) {
		lines = append(lines, dotWrap(text)...)
	}
	return lines
}

// dotWrap breaks a sentence into lines, which Graphviz does not do itself.
func dotWrap(text string) []string {
	const width = 40
	var lines []string
	for _, word := range strings.Fields(text) {
		last := len(lines) - 1
		if last < 0 || utf8.RuneCountInString(lines[last])+1+utf8.RuneCountInString(word) > width {
			lines = append(lines, word)
			continue
		}
		lines[last] += " " + word
	}
	return lines
}

// dotText makes one label of lines. The separator also says where the line
// before it stands: \n in the middle, \l on the left.
func dotText(escaper *strings.Replacer, separator string, lines []string) string {
	escaped := make([]string, len(lines))
	for i, line := range lines {
		escaped[i] = escaper.Replace(line)
	}
	return strings.Join(escaped, separator)
}

// Graphviz knows the entities of HTML in a label, and a label of compartments
// has signs of its own.
var (
	dotEscapes       = []string{`\`, `\\`, `"`, `\"`, "&", "&amp;"}
	dotEscaper       = strings.NewReplacer(dotEscapes...)
	dotRecordEscaper = strings.NewReplacer(append(dotEscapes, "{", `\{`, "}", `\}`, "|", `\|`, "<", `\<`, ">", `\>`)...)
)
