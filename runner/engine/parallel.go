package engine

import (
	"context"
	"errors"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
)

// parallel runs the branches together, or in order: the host knows (rule 10).
func (w *walker) parallel(ctx *chain.Scope, p *builder.Step) *failure {
	before := w.enter(p)
	inner, cancel := w.x.within(ctx, p)
	f := w.branches(inner, p)
	if cancel != nil {
		cancel()
	}
	w.at = w.x.host.Now()
	return w.leave(ctx, p, f, before)
}

// branches runs the branches of p, each with a walker of its own, and joins
// their failures.
func (w *walker) branches(ctx *chain.Scope, p *builder.Step) *failure {
	inner, cancel := context.WithCancelCause(ctx.Context)
	defer cancel(nil)
	ctx = ctx.Over(inner)
	goesOn := w.goesOn(p)
	var walkers []*walker
	for _, top := range w.x.program.inside[p.Index] {
		b := &walker{x: w.x, top: top, at: w.at, replay: w.replay, rewalk: w.rewalk}
		b.result = leftOut
		if w.x.remote == nil {
			b.ctx = ctx.Branch(inner)
		} else {
			b.ctx = ctx.Branch(w.x.remote.Branch(inner, b.top))
		}
		walkers = append(walkers, b)
		if !goesOn && w.replay.doomed(top.Index) { // its siblings must not begin before it has failed anew
			cancel(&siblingError{of: w.x.log, err: errors.New("as recorded"), path: b.top.Path})
		}
	}
	w.x.host.Branches(len(walkers), func(i int) {
		b := walkers[i]
		b.result = nil
		if w.x.endingOf(ctx) == chain.BySibling && !w.replay.knows(b.top) {
			b.result = &failure{err: context.Cause(ctx), ending: chain.BySibling}
			return
		}
		defer func() { // a Goexit of the branch passes here too
			if f := b.result; f != nil && f.halt == nil && !goesOn {
				cancel(&siblingError{of: w.x.log, err: f.err, path: b.top.Path})
			}
		}()
		b.at = w.x.host.Now()
		b.drive()
	})
	for _, b := range walkers {
		w.attempts += b.attempts
	}
	f := joined(p, walkers)
	if w.x.remote == nil || f != nil && f.halt != nil {
		return f
	}
	return w.merged(ctx, p, f)
}

// leftOut is the result of a branch that its host has not begun: the execution
// is to stop.
var leftOut = &failure{halt: errors.New("a branch has been left out")}

// goesOn tells whether the nearest failure strategy around p is Continue: then
// a branch's failure does not end its siblings.
func (w *walker) goesOn(p *builder.Step) bool {
	steps := w.x.program.steps
	for p.Index > 0 && !p.HandlesFailure {
		p = &steps[p.Parent]
	}
	return p.Failure == policy.Continue
}

// joined is the failure of a Parallel: that of its branches, without those that
// only ended because of another.
func joined(p *builder.Step, branches []*walker) *failure {
	var (
		errs    []error
		sibling *failure
	)
	for _, b := range branches {
		f := b.result
		switch {
		case f == nil:
		case f.halt != nil:
			return f
		case f.ending == chain.BySibling:
			sibling = f
		case f.ending == chain.ByItself && p.Failure == policy.Continue:
		default:
			errs = append(errs, f.err)
		}
	}
	switch len(errs) {
	case 0:
		return sibling
	case 1:
		return &failure{err: errs[0]}
	}
	return &failure{err: errors.Join(errs...)}
}

// merged is the failure of a Parallel whose branches worked on copies.
func (w *walker) merged(ctx *chain.Scope, p *builder.Step, f *failure) *failure {
	err := w.x.remote.Join(ctx, p)
	if err == nil {
		return f
	}
	err = &chain.StepError{Path: p.Path, Attempts: 1, Err: err}
	if f != nil {
		err = join(f.err, err)
	}
	w.x.failed.Store(true)
	return &failure{err: err}
}
