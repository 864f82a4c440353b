package builder

import (
	"fmt"
	"strings"
)

// Mermaid draws a flowchart: steps are boxes, a Process or Parallel a frame
// around its steps, compensations dotted arrows back.
func (p Picture) Mermaid() string {
	var out strings.Builder
	fmt.Fprintf(&out, "---\ntitle: %s\n---\nflowchart TD\n", mermaidTitle(p.title()))
	p.mermaidInside(&out, p.steps[0], "    ")
	for _, e := range p.edges() {
		fmt.Fprintf(&out, "    s%d --> s%d\n", e.from, e.to)
	}
	for _, s := range p.steps {
		if s.HasCompensation {
			fmt.Fprintf(&out, "    s%d -. compensation .-> s%dc([%s])\n", s.Index, s.Index, mermaidText("undo "+s.Name))
		}
	}
	for _, s := range p.steps[1:] {
		if color, ok := stateColors[p.marks[s.Path].State]; ok {
			fmt.Fprintf(&out, "    style s%d fill:%s,color:#000\n", s.Index, color)
		}
	}
	return out.String()
}

func (p Picture) mermaidInside(out *strings.Builder, parent Step, indent string) {
	for i := parent.Index + 1; i < parent.Next; i = p.steps[i].Next {
		s := p.steps[i]
		text := mermaidText(p.label(s)...)
		if !s.Kind.Composite() {
			fmt.Fprintf(out, "%ss%d[%s]\n", indent, s.Index, text)
			continue
		}
		fmt.Fprintf(out, "%ssubgraph s%d[%s]\n", indent, s.Index, text)
		p.mermaidInside(out, s, indent+"    ")
		fmt.Fprintf(out, "%send\n", indent)
	}
}

// mermaidText quotes lines as one label. Mermaid reads entity codes between
// quotes, so what could end the label or start markup goes in as one.
func mermaidText(lines ...string) string {
	escaped := make([]string, len(lines))
	for i, line := range lines {
		escaped[i] = mermaidEscaper.Replace(line)
	}
	return `"` + strings.Join(escaped, "<br/>") + `"`
}

var mermaidEscaper = strings.NewReplacer(
	"#", "#35;", `"`, "#quot;", "&", "#amp;", "<", "#lt;", ">", "#gt;", "`", "#96;",
	"\\", "#92;", "\n", " ", "\r", " ", "\t", " ",
)

// mermaidTitle quotes the title, which stands in YAML.
func mermaidTitle(title string) string {
	return fmt.Sprintf("%q", title)
}
