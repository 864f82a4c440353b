package runnertest

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/runner"
)

// New makes the runner under test for a plan. The options serve every runner
// and must reach it.
type New func(plan *builder.Plan[State], opts ...runner.Option) runner.Runner[State]

// A Trait is something that not every runner has. What a runner does not declare
// it must refuse as the rules say, and the suite looks whether it does.
type Trait uint16

// The traits. Several are given one by one or ored.
const (
	// AsyncSteps: it runs asynchronous steps and compensations. Without it, it
	// refuses a plan that has some with chain.ErrAsync.
	AsyncSteps Trait = 1 << iota

	// Together: branches of a Parallel run at the same time. Without it, they
	// run in order.
	Together

	// Resumes: Resume works. Without it, Resume returns an error and does
	// nothing.
	Resumes

	// Returns: Run returns even if a step has ended its goroutine by
	// runtime.Goexit, since that is not the caller's. Without it, the execution
	// comes to its end all the same, but Run does not return.
	Returns

	// RealTime: it does work in goroutines that are not of its making, such as
	// those of a database. So its cases can't run in a testing/synctest bubble,
	// and wait for some milliseconds of real time instead. How long things take
	// is not looked at then.
	RealTime

	// Remote: attempts are made elsewhere, with a copy of the state, and what
	// comes back is data: errors are known by their text, and by the sentinels
	// of this library and of package context. The functions of the plans are
	// closures of the test, so "elsewhere" must still be this process. It
	// includes RealTime.
	Remote
)

func (has Trait) all(traits ...Trait) Trait {
	for _, t := range traits {
		has |= t
	}
	if has&Remote != 0 {
		has |= RealTime
	}
	return has
}

var (
	plans = flag.Int("runnertest.plans", 0, "how many random plans each runner is compared with the model on (default 2000, or 50 in real time)")
	seed  = flag.Uint64("runnertest.seed", 1, "the `seed` of the first random plan; the next ones' follow")
)

// Run tests that a runner keeps all rules of execution. newRunner is called many
// times, once for each plan. Each rule's cases are subtests, so that -run finds
// them: -run 'TestMine/Rule05'.
func Run(t *testing.T, newRunner New, traits ...Trait) {
	has := Trait(0).all(traits...)
	for _, c := range cases() {
		if !c.isFor(has) {
			continue
		}
		t.Run(c.title(), func(t *testing.T) {
			if err := c.try(t, newRunner, has); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("Rule13/EqualToTheModel", func(t *testing.T) {
		if err := compareWithModel(t, newRunner, has, *seed, planCount(has)); err != nil {
			t.Error(err)
		}
	})
}

func planCount(has Trait) int {
	switch {
	case *plans > 0:
		return *plans
	case has&RealTime != 0:
		return 50
	case testing.Short():
		return 500
	}
	return 2000
}

// inTime runs f where it may wait: in a bubble, in which time passes only where
// everybody waits and no goroutine may be left behind, or else in real time.
func inTime(t *testing.T, has Trait, f func()) {
	if has&RealTime != 0 {
		f()
		return
	}
	synctest.Test(t, func(*testing.T) { f() })
}

// compareWithModel is rule 13: the same plan and the same failures give the same
// on every runner, which is what the model has.
func compareWithModel(t *testing.T, newRunner New, has Trait, seed uint64, plans int) (err error) {
	inTime(t, has, func() {
		for i := range uint64(plans) {
			if err = compareOne(newRunner, has, seed+i); err != nil {
				return
			}
		}
	})
	return err
}

// compareOne returns an error that has all there is to know about a difference.
func compareOne(newRunner New, has Trait, seed uint64) error {
	s := generate(seed, has)
	found := differ(newRunner, has, s)
	if found == nil {
		return nil
	}
	small := shrink(s, func(s *spec) bool {
		err := differ(newRunner, has, s)
		if err != nil {
			found = err
		}
		return err != nil
	})
	return fmt.Errorf("rule 13: a random plan becomes something else on this runner than in the model of the rules.\n"+
		"Seed %d, which -runnertest.seed=%d -runnertest.plans=1 runs alone, has this in it:\n\n%w\n\nThe smallest such plan as a program:\n\n%s",
		seed, seed, found, indented(small.goCode()))
}

func indented(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ")
}

// background is the context of a run that nobody cancels.
func background() context.Context { return context.Background() }
