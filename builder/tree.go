package builder

import (
	"strings"

	"github.com/taskchain-go/taskchain/policy"
)

// String draws a tree for a terminal, a line a step. With marks it leaves the
// retries and timeouts away: a terminal is not as wide, and the marks say what
// came of them.
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
		if said := p.said(s); said != "" {
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

// said is what stands in parentheses behind a step.
func (p Picture) said(s Step) string {
	if p.marks != nil {
		s.Retry, s.Timeout, s.Within = policy.Retry{}, 0, 0
		s.CompensationRetry, s.CompensationTimeout = policy.Retry{}, 0
	}
	return phrase(details(s), compensation(s))
}
