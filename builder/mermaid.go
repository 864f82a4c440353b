package builder

import (
	"fmt"
	"strings"
	"unicode"
)

// Mermaid draws a flowchart: a step is a box, one with double sides if it has a
// compensation; a Process or Parallel is a frame around its steps. What is
// conditional has a dashed border.
func (p Picture) Mermaid() string {
	if len(p.steps) == 0 {
		return ""
	}
	var out strings.Builder
	fmt.Fprintf(&out, "---\ntitle: %q\n---\nflowchart TD\n", mermaidTitle.Replace(p.title())) // a Go string is one of YAML, too
	p.mermaidInside(&out, p.steps[0], "    ")
	g := p.graph()
	for _, join := range g.joins {
		fmt.Fprintf(&out, "    %s((\" \"))\n", join)
	}
	for _, e := range g.edges {
		fmt.Fprintf(&out, "    %s --> %s\n", e.from, e.to)
	}
	for _, s := range p.steps[1:] {
		var style []string
		if color := p.marks[s.Path].State.color(); color != "" {
			style = append(style, "fill:"+color, "color:#000")
		}
		if s.Conditional {
			style = append(style, "stroke-dasharray:5 5")
		}
		if len(style) > 0 {
			fmt.Fprintf(&out, "    style %s %s\n", box(s), strings.Join(style, ","))
		}
	}
	return out.String()
}

// mermaidTitle puts other brackets in a title: Mermaid takes it for HTML if there
// is a "<" in it, and shows entity codes as they are.
var mermaidTitle = strings.NewReplacer("<", "‹", ">", "›")

func (p Picture) mermaidInside(out *strings.Builder, parent Step, indent string) {
	for _, s := range p.inside(parent) {
		text := p.mermaidText(s)
		switch {
		case s.Kind.Composite():
			fmt.Fprintf(out, "%ssubgraph %s[%s]\n", indent, box(s), text)
			p.mermaidInside(out, s, indent+"    ")
			fmt.Fprintf(out, "%send\n", indent)
		case s.HasCompensation:
			fmt.Fprintf(out, "%s%s[[%s]]\n", indent, box(s), text)
		default:
			fmt.Fprintf(out, "%s%s[%s]\n", indent, box(s), text)
		}
	}
}

// mermaidText quotes all there is to say of a step as one label.
func (p Picture) mermaidText(s Step) string {
	lines := p.lines(s)
	if s.HasCompensation {
		lines = append(lines, compensation(s))
	}
	for i, line := range lines {
		lines[i] = mermaidEscape(line)
	}
	return `"` + strings.Join(lines, "<br/>") + `"`
}

// mermaidEscape writes as entity codes what Mermaid would read as something
// else: it knows Markdown and HTML in a label, and the label's end.
func mermaidEscape(line string) string {
	var out strings.Builder
	runes := []rune(line)
	at := func(i int) rune {
		if i < 0 || i >= len(runes) {
			return ' '
		}
		return runes[i]
	}
	for i, r := range runes {
		if r > unicode.MaxASCII || mermaidPlain(at(i-1), r, at(i+1)) {
			out.WriteRune(r)
		} else {
			fmt.Fprintf(&out, "#%d;", r)
		}
		switch string([]rune{r, at(i + 1)}) {
		case "$$", `\n`, ":f": // a formula, a new line, an icon, even as codes
			out.WriteString("#8288;") // joins words and is not seen
		}
	}
	return out.String()
}

// mermaidPlain tells whether the ASCII character r stands for itself between
// those two: the dot of "1.5s", but not of "1. list" or "www.link".
func mermaidPlain(before, r, after rune) bool {
	switch r {
	case ' ', ',', '(', '=', '?', '/', '\'':
		return true
	case ')':
		return !unicode.IsDigit(before) || after == ',' || after == ')'
	case ':':
		return after == ' '
	case '-', '_':
		return isWord(before) && isWord(after)
	case '.':
		return unicode.IsDigit(before) && unicode.IsDigit(after) || unicode.IsLetter(before) && after == ' '
	}
	return isWord(r)
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
