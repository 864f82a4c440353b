package runnertest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner"
)

// A kit is what a case works with.
type kit struct {
	*require.Assertions
	newRunner New
	has       Trait
	unit      time.Duration // to wait
}

func newKit(t require.TestingT, newRunner New, has Trait) *kit {
	k := &kit{require.New(t), newRunner, has, time.Second}
	if has&RealTime != 0 {
		k.unit = 10 * time.Millisecond
	}
	if has&Remote != 0 {
		k.unit = 50 * time.Millisecond // there and back takes its time
	}
	return k
}

// caseState has lanes for branches x, y and z.
func caseState() State { return newState("x", "y", "z") }

// A result is what became of a run.
type result struct {
	chain.Outcome[State]
	err error
}

// done is what the steps outside of branches noted.
func (r result) done() []string { return r.Context.Data.notes("") }

// run builds the plan and runs it on a fresh state.
func (k *kit) run(b builder.Builder[State], opts ...runner.Option) result {
	return k.runIn(background(), b, opts...)
}

func (k *kit) runIn(ctx context.Context, b builder.Builder[State], opts ...runner.Option) result {
	out, err := k.newRunner(b.MustBuild(), opts...).Run(ctx, caseState())
	return k.sound(result{out, err})
}

// sound checks what is so of every outcome.
func (k *kit) sound(r result) result {
	k.NotNil(r.Context, "Run returned no execution, and the error %v", r.err)
	k.status(r.Status, r.Context.Status(), "the outcome's status is the execution's")
	k.Equal(r.Status == chain.Succeeded, r.err == nil, "the error is nil if and only if the plan has succeeded: %v", r.err)
	k.Equal(r.Status == chain.Stuck, len(r.CompensationFailures) > 0, "stuck if and only if a compensation failed")
	return r
}

// is checks that the error is target, which a remote runner knows by its text
// only.
func (k *kit) is(err, target error) {
	if !is(k.has, err, target) {
		k.Fail(fmt.Sprintf("the error is %v, and not %v", err, target))
	}
}

// is is errors.Is as far as the runner can have it.
func is(has Trait, err, target error) bool {
	if errors.Is(err, target) {
		return true
	}
	return has&Remote != 0 && err != nil && strings.Contains(err.Error(), target.Error())
}

// status is Equal with the names of the statuses.
func (k *kit) status(want, got chain.Status, msgAndArgs ...any) {
	k.Equal(want.String(), got.String(), msgAndArgs...)
}

// took checks how many units of time have passed, where that can be told.
func (k *kit) took(begin time.Time, units int) {
	if k.has&RealTime == 0 {
		k.Equal(time.Duration(units)*k.unit, time.Since(begin), "the time that has passed")
	}
}

func (k *kit) units(n int) time.Duration { return time.Duration(n) * k.unit }

// paths are those of failures, in their order.
func paths(errs []*chain.StepError) []string {
	var all []string
	for _, err := range errs {
		all = append(all, err.Path)
	}
	return all
}

// told is the trace, times aside.
func told(trace []chain.Event) []string {
	lines := make([]string, len(trace))
	for i, e := range eventsOf(trace) {
		lines[i] = e.String()
	}
	return lines
}
