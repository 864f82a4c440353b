package runnertest

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
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

func (c ruleCase) verdict(newRunner New, has Trait) (err error) {
	f := &findings{}
	defer func() {
		switch v := recover(); v {
		case nil, failNow:
			err = f.err()
		default:
			err = fmt.Errorf("the runner panicked: %v\n%s", v, debug.Stack())
		}
	}()
	c.run(newKit(f, newRunner, has))
	return f.err()
}

// findings take the place of a testing.T, so that a case can be tried on a
// runner that is known to be wrong.
type findings struct{ found []string }

var failNow = new(int) // what FailNow panics with

var _ require.TestingT = (*findings)(nil)

func (f *findings) Errorf(format string, args ...any) {
	f.found = append(f.found, fmt.Sprintf(format, args...))
}

func (f *findings) FailNow() { panic(failNow) }

func (f *findings) err() error {
	if len(f.found) == 0 {
		return nil
	}
	return errors.New(strings.Join(f.found, "\n"))
}
