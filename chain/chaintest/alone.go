package chaintest

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// caseVariable names the one case that shall run. A variable and not a flag:
// `go test ./...` gives its flags to every package, and those that don't have
// this one would refuse.
const caseVariable = "CHAINTEST_CASE"

func soleCase() (name string, alone bool) {
	name = os.Getenv(caseVariable)
	return name, name != ""
}

// command is the line that runs one case of a test alone.
func command(test, name string) string {
	var run []string
	for part := range strings.SplitSeq(test, "/") {
		run = append(run, "^"+regexp.QuoteMeta(part)+"$")
	}
	return fmt.Sprintf("%s=%s go test -run %s", caseVariable, quote(name), quote(strings.Join(run, "/")))
}

// quote makes one word of a shell's line.
func quote(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// runAlone runs one case and shows its trace.
func (e *exploration) runAlone(name string) {
	t := e.t
	t.Helper()
	found, ok := parse(name, e.sites)
	if !ok {
		t.Errorf("chaintest: %s: the plan has no case %q", caseVariable, name)
		return
	}
	r := e.play(found)
	t.Logf("chaintest: one case alone: %s\n%s", r.sentence(), r.trace())
	if !r.came {
		t.Errorf("chaintest: %s: the case %q did not come about: a step in it was not reached", caseVariable, name)
	}
	for _, complaint := range r.complaints {
		t.Errorf("chaintest: %s, but: %s", r.sentence(), complaint)
	}
}
