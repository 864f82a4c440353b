package runnertest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/internal/findings"
)

// A rule is a rule of execution in a few words.
var rules = [...]string{
	1:  "steps run in order, and what they change stays",
	2:  "a failing step is retried as its policy says",
	3:  "a timeout is cooperative",
	4:  "a panic is a failure, and Goexit neither hangs nor crashes",
	5:  "abort, continue, compensate",
	6:  "a Process fails with its step, and is undone as a whole or step by step",
	7:  "a cancellation is a failure, never retried and never continued; compensations are not reached by it",
	8:  "a failed compensation does not stop the others",
	9:  "asynchronous work is run, or refused before anything runs",
	10: "branches run together or in order, with equal outcomes",
	11: "Resume runs what is not completed, and nothing that is",
	12: "the trace tells everything, and observers see it once",
	13: "the same plan and the same failures give the same on every runner",
}

// A ruleCase is one thing that a rule asks of a runner.
type ruleCase struct {
	rule  int
	name  string
	why   string // it matters
	needs Trait  // only for runners that have all of these
	not   Trait  // only for runners that have none of these
	run   func(k *kit)
}

// cases are all of them, in the order of the rules.
func cases() []ruleCase {
	return slices.Concat(orderCases, retryCases, timeoutCases, panicCases, strategyCases, processCases, cancelCases,
		stuckCases, asyncCases, parallelCases, resumeCases, traceCases)
}

func (c ruleCase) title() string { return fmt.Sprintf("Rule%02d/%s", c.rule, c.name) }

func (c ruleCase) isFor(has Trait) bool { return has&c.needs == c.needs && has&c.not == 0 }

// try runs the case, and returns what the runner does wrong.
func (c ruleCase) try(t *testing.T, newRunner New, has Trait) (err error) {
	inTime(t, has, func() {
		err = c.verdict(newRunner, has)
		if has&RealTime == 0 {
			time.Sleep(2 * patience) // lets a step that was abandoned end: the verdict says more than a bubble's panic
		}
	})
	if err == nil {
		return nil
	}
	return fmt.Errorf("rule %d, %s: %s\n%w", c.rule, rules[c.rule], c.why, err)
}

func (c ruleCase) verdict(newRunner New, has Trait) error {
	return findings.Of("runner", func(f require.TestingT) { c.run(newKit(f, newRunner, has)) })
}
