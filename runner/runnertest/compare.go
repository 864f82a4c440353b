package runnertest

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/taskchain-go/taskchain/chain"
)

// compare finds out where an execution is not as the model has it.
func (d *difference) compare(what string, exec *chain.ExecutionContext[State], m *memory) error {
	for _, check := range []struct {
		rule      string
		got, want any
	}{
		{"rule 5: the status", exec.Status(), m.status},
		{"rule 1: what the functions noted in the state", notesOf(exec.Data), m.notes},
		{"rule 5: the completed steps", d.ordered(exec.Completed()), d.ordered(m.completed())},
		{"rule 5: the compensated steps", d.ordered(exec.Compensated()), d.ordered(m.undone)},
		{"rule 12: the trace", d.lanes(eventsOf(exec.Trace())), d.lanes(m.trace)},
	} {
		if !reflect.DeepEqual(check.got, check.want) {
			return differs(what, check.rule, check.got, check.want)
		}
	}
	return nil
}

// compareOutcome does the same for what Run or Resume returned.
func (d *difference) compareOutcome(what string, out chain.Outcome[State], err error, m *memory) error {
	failures, stuck := m.failures()
	var failed *chain.ExecutionError
	switch {
	case out.Status != m.status:
		return differs(what, "rule 5: the outcome's status", out.Status, m.status)
	case (err == nil) != (out.Status == chain.Succeeded):
		return fmt.Errorf("%s: %s with the error %v: it is nil if and only if the plan has succeeded", what, out.Status, err)
	case err != nil && (!errors.As(err, &failed) || failed.Status != m.status):
		return fmt.Errorf("%s: the error is no *chain.ExecutionError of a plan that is %s: %v", what, m.status, err)
	}
	if err := d.compareFailures(what+": rule 5: the failures", out.Failures, failures, chain.Forward); err != nil {
		return err
	}
	return d.compareFailures(what+": rule 8: the failures of compensations", out.CompensationFailures, stuck, chain.Compensation)
}

func (d *difference) compareFailures(what string, got []*chain.StepError, want []failed, phase chain.Phase) error {
	got, want = slices.Clone(got), slices.Clone(want)
	if d.has&Together != 0 { // branches that can't begin fail all at once
		slices.SortFunc(got, func(a, b *chain.StepError) int { return cmp.Compare(a.Path, b.Path) })
		slices.SortFunc(want, func(a, b failed) int { return cmp.Compare(a.path, b.path) })
	}
	same := slices.EqualFunc(got, want, func(got *chain.StepError, want failed) bool {
		return got.Path == want.path && got.Attempts == want.attempts && got.Phase == phase &&
			strings.Contains(got.Error(), want.text)
	})
	if !same {
		return fmt.Errorf("%s\n  of the runner: %v\n  of the model:  %v", what, got, want)
	}
	return nil
}

// compareSeen holds what the observer saw against the trace.
func (d *difference) compareSeen(what string, trace []chain.Event) error {
	if got := d.watch.seen; !reflect.DeepEqual(got, trace) {
		return differs(what, "rule 12: what an observer sees, and the trace", eventsOf(got), eventsOf(trace))
	}
	return nil
}

func differs(what, rule string, got, want any) error {
	return fmt.Errorf("%s: %s\n  of the runner: %v\n  of the model:  %v", what, rule, got, want)
}

func notesOf(s State) map[string][]string {
	notes := map[string][]string{}
	for lane := range s.Lanes {
		if all := s.notes(lane); len(all) > 0 {
			notes[lane] = all
		}
	}
	return notes
}

func eventsOf(trace []chain.Event) []event {
	events := make([]event, len(trace))
	for i, e := range trace {
		events[i] = event{e.Kind, e.Phase, e.Path, e.Attempt}
	}
	return events
}

func (e event) String() string {
	text := e.kind.String()
	if e.kind == chain.KindRetrying && e.phase == chain.Compensation {
		text += " compensation"
	}
	if e.path != "" {
		text += " " + e.path
	}
	if e.attempt > 0 {
		text += fmt.Sprintf(" #%d", e.attempt)
	}
	return text
}

// ordered is the paths, without their order where it is an accident.
func (d *difference) ordered(paths []string) []string {
	paths = append([]string{}, paths...)
	if d.has&Together != 0 && d.stage.slot == 0 && d.spec.hasShape(parallel) {
		slices.Sort(paths)
	}
	return paths
}

// lanes is the trace by lanes where branches run together, for their order is an
// accident then; else it is one lane.
func (d *difference) lanes(trace []event) map[string][]string {
	lane := map[string]string{}
	if d.has&Together != 0 {
		d.spec.walk(func(_ *node, path, in string) { lane[path] = in })
	}
	lanes := map[string][]string{}
	for _, e := range trace {
		lanes[lane[e.path]] = append(lanes[lane[e.path]], e.String())
	}
	return lanes
}
