package builder

import (
	"fmt"
	"strings"
)

// DOT draws a directed graph: steps are boxes, a Process or Parallel a cluster
// around its steps, compensations dashed arrows.
func (p Picture) DOT() string {
	var out strings.Builder
	fmt.Fprintf(&out, "digraph plan {\n  label=%s\n  labelloc=t\n", dotText(p.title()))
	out.WriteString("  node [shape=box, style=\"rounded,filled\", fillcolor=white]\n")
	p.dotInside(&out, p.steps[0], "  ")
	for _, e := range p.edges() {
		fmt.Fprintf(&out, "  s%d -> s%d\n", e.from, e.to)
	}
	for _, s := range p.steps {
		if s.HasCompensation && !s.Kind.Composite() {
			fmt.Fprintf(&out, "  s%dc [label=%s, style=dashed]\n", s.Index, dotText("undo "+s.Name))
			fmt.Fprintf(&out, "  s%d -> s%dc [style=dashed, label=compensation]\n", s.Index, s.Index)
		}
	}
	out.WriteString("}\n")
	return out.String()
}

func (p Picture) dotInside(out *strings.Builder, parent Step, indent string) {
	for i := parent.Index + 1; i < parent.Next; i = p.steps[i].Next {
		s := p.steps[i]
		text := dotText(p.label(s)...)
		fill := ""
		if color, ok := stateColors[p.marks[s.Path].State]; ok {
			fill = fmt.Sprintf(", fillcolor=%q", color)
		}
		if !s.Kind.Composite() {
			fmt.Fprintf(out, "%ss%d [label=%s%s]\n", indent, s.Index, text, fill)
			continue
		}
		fmt.Fprintf(out, "%ssubgraph cluster_s%d {\n%s  label=%s\n", indent, s.Index, indent, text)
		if fill != "" {
			fmt.Fprintf(out, "%s  style=filled\n%s  %s\n", indent, indent, strings.TrimPrefix(fill, ", "))
		}
		p.dotInside(out, s, indent+"  ")
		fmt.Fprintf(out, "%s}\n", indent)
	}
}

// dotText quotes lines as one label. Within quotes DOT knows the escapes of
// quote and backslash, and \n for a new line.
func dotText(lines ...string) string {
	escaped := make([]string, len(lines))
	for i, line := range lines {
		escaped[i] = dotEscaper.Replace(line)
	}
	return `"` + strings.Join(escaped, `\n`) + `"`
}

var dotEscaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", " ", "\r", " ", "\t", " ")
