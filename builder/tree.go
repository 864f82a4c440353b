package builder

import "strings"

// String draws a tree for a terminal, a line a step.
func (p Picture) String() string {
	if len(p.steps) == 0 {
		return ""
	}
	var out strings.Builder
	out.WriteString(p.title() + "\n")
	p.branch(&out, p.steps[0], "")
	return out.String()
}

func (p Picture) branch(out *strings.Builder, parent Step, indent string) {
	for _, s := range p.inside(parent) {
		elbow, deeper := "├── ", "│   "
		if s.Next == parent.Next {
			elbow, deeper = "└── ", "    "
		}
		out.WriteString(indent + elbow + p.heading(s))
		if said := phrase(details(s), compensation(s)); said != "" {
			out.WriteString("  (" + said + ")")
		}
		for _, text := range []string{p.note(s), printable(s.Description)} {
			if text != "" {
				out.WriteString("  " + text)
			}
		}
		out.WriteString("\n")
		p.branch(out, s, indent+deeper)
	}
}
