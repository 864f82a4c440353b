package chaintest

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/taskchain-go/taskchain/chain"
)

// A report fits on a screen.
const (
	maxLines          = 20
	maxWidth          = 200 // of a line of a complaint
	maxComplaintLines = 6
)

// A group is the cases with the same complaint.
type group struct {
	complaint string
	cases     []*result
}

// report tells the test what came of it.
func (e *exploration) report() {
	t := e.t
	t.Helper()
	groups, broken := e.groups()
	notes := e.notes()
	if broken == 0 {
		t.Logf("%s%s hold%s", e.name(), plural(len(e.results), "case"), lines(notes))
	} else {
		groups := shown(groups, t.Name(), maxLines-1-len(notes))
		t.Errorf("%s%d of %s broken%s", e.name(), broken, plural(len(e.results), "case"), lines(append(groups, notes...)))
	}
	if e.unfit != "" {
		t.Errorf("%sthe data does not survive JSON, by which a resume finds it: %s; the cases in which the process dies were left out", e.name(), e.unfit)
	}
	if never := e.neverRan(chain.Compensation); e.options.requireAll && len(never) > 0 {
		t.Errorf("%scompensations that never ran in any case: %s", e.name(), list(never))
	}
}

// name is how every line about the plan begins.
func (e *exploration) name() string {
	if e.plan == "" {
		return "chaintest: "
	}
	return fmt.Sprintf("chaintest: plan %q: ", e.plan)
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func lines(of []string) string {
	var text strings.Builder
	for _, line := range of {
		text.WriteString("\n" + line)
	}
	return text.String()
}

// groups puts equal complaints together, in order of the first case.
func (e *exploration) groups() (groups []*group, broken int) {
	by := map[string]*group{}
	for _, r := range e.results {
		if len(r.complaints) > 0 {
			broken++
		}
		for _, complaint := range r.complaints {
			g := by[complaint]
			if g == nil {
				g = &group{complaint: complaint}
				by[complaint], groups = g, append(groups, g)
			}
			g.cases = append(g.cases, r)
		}
	}
	return groups, broken
}

// shown is as many groups as fit into so many lines, and how many did not.
func shown(groups []*group, test string, room int) []string {
	var all []string
	for i, g := range groups {
		text := g.lines(test)
		last := i == len(groups)-1
		if len(all) > 0 && (len(all)+len(text) > room || !last && len(all)+len(text) == room) {
			return append(all, fmt.Sprintf("and %s more, not shown", plural(len(groups)-i, "other complaint")))
		}
		all = append(all, text...)
	}
	return all
}

// lines is the first case with the complaint, how to run it, and which others
// have it too.
func (g *group) lines(test string) []string {
	first := g.cases[0]
	text := short(first.sentence() + ", but: " + g.complaint)
	text = append(text, "    run this case alone with: "+command(test, first.trial.String()))
	if others := g.cases[1:]; len(others) > 0 {
		var names []string
		for _, r := range others[:min(3, len(others))] {
			names = append(names, r.trial.String())
		}
		text = append(text, fmt.Sprintf("    the same in %s: %s", plural(len(others), "other case"), list(names)+more(len(others)-len(names))))
	}
	return text
}

func more(n int) string {
	if n == 0 {
		return ""
	}
	return ", …"
}

// short is the lines of a text, not too many and not too long.
func short(text string) []string {
	all := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(all) > maxComplaintLines {
		all = append(all[:maxComplaintLines-1], "…")
	}
	for i, line := range all {
		if utf8.RuneCountInString(line) > maxWidth {
			line = string([]rune(line)[:maxWidth-1]) + "…"
		}
		if i > 0 {
			line = "    " + line
		}
		all[i] = line
	}
	return all
}

// notes is what a reader should know besides.
func (e *exploration) notes() []string {
	var notes []string
	note := func(what string, names []string) {
		if len(names) > 0 {
			notes = append(notes, short(what+": "+list(names))...)
		}
	}
	note("steps that never ran in any case", e.neverRan(chain.Forward))
	if !e.options.requireAll {
		note("compensations that never ran in any case", e.neverRan(chain.Compensation))
	}
	note("not repeated, as told", e.notRepeated())
	return notes
}

func (e *exploration) neverRan(phase chain.Phase) []string {
	var names []string
	for _, s := range e.sites[1:] {
		if s.phase == phase && !e.reached[s.point] {
			names = append(names, s.path)
		}
	}
	return names
}

func (e *exploration) notRepeated() []string {
	var names []string
	for _, s := range e.sites {
		if s.notRepeatable {
			names = append(names, s.String())
		}
	}
	return names
}
