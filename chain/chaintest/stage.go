package chaintest

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
)

// A stage is what all cases have in common.
type stage[W, T any] struct {
	plan     func(W) *builder.Plan[T]
	newWorld func() (W, T)
	check    func(chain.Outcome[T], W) error
	options  *options
	rebind   func(lost, restored *T)
	name     string // of the plan
	sites    []site
}

// newStage looks at the plan, bound to a world that nothing happens in.
func newStage[W, T any](plan func(W) *builder.Plan[T], newWorld func() (W, T), check func(chain.Outcome[T], W) error, o *options) (*stage[W, T], error) {
	s := &stage[W, T]{plan: plan, newWorld: newWorld, check: check, options: o}
	world, _ := newWorld()
	p := plan(world)
	if err := closeWorld(world); err != nil {
		return nil, err
	}
	if p == nil {
		return nil, errNilPlan
	}
	s.name, s.sites = p.Name(), sitesOf(slices.Collect(p.Steps()), o)
	if rebind, ok := o.rebind.(func(lost, restored *T)); ok {
		s.rebind = rebind
	} else if o.rebind != nil {
		o.fault("Rebind: it is about %T, and the data is a %T", o.rebind, *new(T))
	}
	return s, o.check(s.sites)
}

var errNilPlan = errors.New("the plan is nil")

// exploration is all the cases, ready to be played.
func (s *stage[W, T]) exploration(t testing.TB) *exploration {
	return &exploration{
		t:       t,
		plan:    s.name,
		sites:   s.sites,
		options: s.options,
		play:    s.play,
		seen:    map[string]bool{},
		reached: map[point]bool{},
	}
}

// play runs one case in a world of its own.
func (s *stage[W, T]) play(t trial) *result {
	world, data := s.newWorld()
	script := newScript(t)
	r := &result{trial: t}
	out := s.execute(script, chain.NewExecutionContext(data), world, r)
	if out.Status.Ended() {
		script.watchUndos(out.CompensationFailures)
		if err := s.judge(out, world); err != nil {
			script.complain("%v", err)
		}
	}
	if err := closeWorld(world); err != nil {
		script.complain("%v", err)
	}
	r.status, r.trace = out.Status, out.Context.Trace
	r.acted = script.acted
	r.reached, r.struck, r.came = script.reached, script.struck, script.came()
	for _, text := range script.complaints { // the same in each case, so that it is told once
		r.complaints = append(r.complaints, strings.ReplaceAll(text, out.Context.ID, "<id>"))
	}
	return r
}

// execute goes from process to process to the end of the execution.
func (s *stage[W, T]) execute(script *script, exec *chain.ExecutionContext[T], world W, r *result) chain.Outcome[T] {
	for {
		p := &process[T]{script: script, plan: s.plan(world), exec: exec, rebind: s.rebind, audit: len(script.trial) == 0}
		out, err := p.run(s.options.interceptors)
		r.unfit = p.unfit
		if err == nil && script.dead {
			exec, err = p.reborn()
		} else if err == nil {
			return out
		}
		if err != nil {
			script.complain("it can't go on: %v", err)
			return chain.Outcome[T]{Status: p.exec.Status(), Context: p.exec}
		}
		script.resume(exec.Snapshot().Steps)
	}
}

// judge asks the user's check.
func (s *stage[W, T]) judge(out chain.Outcome[T], world W) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("check panicked%s: %v", panicSite(), v)
		}
	}()
	return s.check(out, world)
}

func closeWorld(world any) error {
	closer, ok := world.(io.Closer)
	if !ok {
		return nil
	}
	if err := closer.Close(); err != nil {
		return fmt.Errorf("the world can't be closed: %w", err)
	}
	return nil
}
