package builder

import (
	"errors"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/taskchain-go/taskchain/policy"
)

// Build checks everything that was said and returns the plan, or all faults at
// once, joined, each an [*InvalidError].
func (b Builder[T]) Build() (*Plan[T], error) {
	c := compiler[T]{name: b.name, where: callSite()}
	c.add(Step{Kind: KindProcess}, Funcs[T]{})
	b.compile(&c, 0)
	if err := errors.Join(c.faults...); err != nil {
		return nil, err
	}
	plan := &Plan[T]{name: b.name, steps: c.steps, funcs: c.funcs}
	plan.fingerprint = fingerprint(plan.steps)
	return plan, nil
}

// MustBuild is Build for plans that are package variables: it panics with the
// faults that Build returns.
func (b Builder[T]) MustBuild() *Plan[T] {
	plan, err := b.Build()
	if err != nil {
		panic(err)
	}
	return plan
}

// A compiler lays the tree of fragments out as one slice, each step before the
// steps inside it, and collects the faults on the way.
type compiler[T any] struct {
	name   string
	where  position // of the call of Build, for faults that have no other place
	steps  []Step
	funcs  []Funcs[T]
	faults []error
}

// add appends a step and returns its index.
func (c *compiler[T]) add(s Step, f Funcs[T]) int {
	s.Index = len(c.steps)
	s.Next = s.Index + 1
	c.steps, c.funcs = append(c.steps, s), append(c.funcs, f)
	return s.Index
}

func (c *compiler[T]) fault(path string, where position, reason string) {
	if where.file == "" {
		where = c.where
	}
	c.faults = append(c.faults, &InvalidError{
		Plan: c.name, Path: path, File: where.file, Line: where.line, Reason: reason,
	})
}

// compile lays the Builder's steps out behind the step at index parent.
func (b Builder[T]) compile(c *compiler[T], parent int) {
	path := c.steps[parent].Path
	for _, f := range b.settingFaults() {
		c.fault(path, f.where, f.reason)
	}
	if b.last == nil {
		c.fault(path, c.where, "no steps")
	}
	if b.said&saidFailure != 0 {
		c.steps[parent].Failure, c.steps[parent].HandlesFailure = b.failure, true
	}
	c.steps[parent].Within = b.within

	seen := map[string]bool{}
	for _, it := range b.items() {
		if seen[it.name] && it.name != "" {
			c.fault(join(path, it.name), it.where, "the same name twice among siblings")
		}
		seen[it.name] = true
		it.compile(c, parent)
	}
	c.steps[parent].Next = len(c.steps)
}

func (it *item[T]) compile(c *compiler[T], parent int) {
	path := join(c.steps[parent].Path, it.name)
	for _, reason := range it.reasons() {
		c.fault(path, it.where, reason)
	}
	index := c.add(Step{
		Path:                path,
		Name:                it.name,
		Kind:                it.kind,
		Parent:              parent,
		Depth:               c.steps[parent].Depth + 1,
		Retry:               it.retry,
		Timeout:             it.timeout,
		HasCompensation:     it.said&saidCompensate != 0,
		AsyncCompensation:   it.funcs.StartUndo != nil,
		CompensationRetry:   it.compensationRetry,
		CompensationTimeout: it.compensationTimeout,
		CompensateOnFailure: it.said&saidCompensateOnFailure != 0,
		Conditional:         it.said&saidWhen != 0,
		Description:         it.description,
	}, it.funcs)
	if it.fragment != nil {
		c.inside(it.fragment, index, it.where)
	}
}

// inside compiles a fragment with the place of its Process as the place of
// faults that have none of their own.
func (c *compiler[T]) inside(f Fragment[T], index int, where position) {
	outer := c.where
	c.where = where
	f.compile(c, index)
	c.where = outer
}

// reasons is everything that is wrong with the step itself.
func (it *item[T]) reasons() []string {
	var reasons []string
	check := func(bad bool, reason string) {
		if bad {
			reasons = append(reasons, reason)
		}
	}
	said := func(d decoration) bool { return it.said&d != 0 }

	for _, f := range it.faults {
		reasons = append(reasons, f.reason)
	}
	name := nameFault(it.name)
	check(name != "", "the step's name "+name)
	check(it.kind == KindStep && it.funcs.Do == nil, "nil func")
	check(it.kind == KindAsync && it.funcs.Start == nil, "nil func")
	check(it.kind.Composite() && it.fragment == nil, "nil fragment")
	check(it.kind.Composite() && said(saidRetry), "Retry does not fit a "+it.kind.String())
	check(it.kind.Composite() && said(saidTimeout), "Timeout does not fit a "+it.kind.String())
	check(said(saidCompensate) && it.funcs.Undo == nil && it.funcs.StartUndo == nil, "nil func for Compensate")
	check(said(saidWhen) && it.funcs.When == nil, "nil func for When")
	check(said(saidRetryCompensation) && !said(saidCompensate), "RetryCompensation without Compensate")
	check(said(saidCompensationTimeout) && !said(saidCompensate), "CompensationTimeout without Compensate")
	check(said(saidCompensateOnFailure) && !said(saidCompensate), "CompensateOnFailure without Compensate")
	reasons = append(reasons, retryFaults("Retry", it.retry)...)
	reasons = append(reasons, retryFaults("RetryCompensation", it.compensationRetry)...)
	check(said(saidTimeout) && it.timeout <= 0, notPositive("Timeout", it.timeout))
	check(said(saidCompensationTimeout) && it.compensationTimeout <= 0, notPositive("CompensationTimeout", it.compensationTimeout))
	return reasons
}

func notPositive(what string, d time.Duration) string {
	return what + " must be positive, got " + d.String()
}

func retryFaults(what string, r policy.Retry) []string {
	err := r.Validate()
	if err == nil {
		return nil
	}
	return []string{what + ": " + strings.ReplaceAll(err.Error(), "\n", "; ")}
}

// nameFault says why a name can't be part of a path, or nothing.
func nameFault(name string) string {
	switch {
	case name == "":
		return "is empty"
	case strings.Contains(name, "/"):
		return `contains "/"`
	case !utf8.ValidString(name): // would not survive JSON, and a path must
		return "is not valid UTF-8"
	}
	return ""
}

func join(parent, name string) string {
	if parent == "" {
		return name
	}
	return parent + "/" + name
}

// items is the list of steps, oldest first.
func (b Builder[T]) items() []*item[T] {
	var items []*item[T]
	for it := b.last; it != nil; it = it.prev {
		items = append(items, it)
	}
	slices.Reverse(items)
	return items
}

func (b Builder[T]) settingFaults() []*fault {
	var faults []*fault
	for f := b.faults; f != nil; f = f.prev {
		faults = append(faults, f)
	}
	slices.Reverse(faults)
	return faults
}
