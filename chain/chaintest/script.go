package chaintest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/taskchain-go/taskchain/chain"
)

// A script makes the faults of one case happen, and notes what runs. It outlives
// the processes of the case.
type script struct {
	trial    trial
	start    time.Time
	clock    time.Duration // what the waits would have taken since
	attempts map[point]int
	reached  []point // each once, in order of the first attempt
	struck   int     // how much had been reached when the last fault first acted
	cancel   context.CancelCauseFunc
	dead     bool            // the process
	acted    map[point]bool  // the plan's own function was called
	refused  map[point]error // what it said last

	completed, undone map[point]bool // what the record says that the process resumed from
	complaints        []string
}

func newScript(t trial) *script {
	return &script{trial: t, start: time.Now(), attempts: map[point]int{}, acted: map[point]bool{}, refused: map[point]error{}}
}

func (s *script) complain(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(s.complaints, text) {
		s.complaints = append(s.complaints, text)
	}
}

// begin is the begin of a process, whose ctx cancel ends.
func (s *script) begin(cancel context.CancelCauseFunc) {
	s.cancel = cancel
	if at := (point{}); s.trial.has(at) && s.attempts[at] == 0 {
		s.attempts[at]++
		cancel(errCancelled)
	}
}

// resume is the begin of a process after another has died, with what that had
// recorded.
func (s *script) resume(steps []chain.StepState) {
	s.dead = false
	s.completed, s.undone = map[point]bool{}, map[point]bool{}
	for _, step := range steps {
		undone := step.Undo == chain.KindCompensated
		s.undone[point{step.Path, chain.Compensation}] = undone
		s.completed[point{step.Path, chain.Forward}] = step.State == chain.KindSucceeded && !undone
	}
}

// attempt is one attempt at p: the plan's own, or what a fault makes of it.
func (s *script) attempt(ctx context.Context, p point, w work) error {
	s.watch(ctx, p)
	s.attempts[p]++
	if s.attempts[p] == 1 {
		s.reached = append(s.reached, p)
	}
	for _, f := range s.trial {
		if f.at == p && (f.kind.acts == 0 || s.attempts[p] <= f.kind.acts) {
			if s.attempts[p] == 1 {
				s.struck = len(s.reached)
			}
			a := &attempt{ctx: ctx, script: s, work: w, err: f.err, number: s.attempts[p]}
			err := f.kind.act(a)
			s.watchDetached(ctx, p)
			return err
		}
	}
	return w.do(ctx)
}

// watch finds what must never be, whatever the plan.
func (s *script) watch(ctx context.Context, p point) {
	switch {
	case p.phase == chain.Forward && s.completed[p]:
		s.complain("%s was recorded as completed and ran again", p)
	case p.phase == chain.Compensation && s.undone[p]:
		s.complain("%s was recorded as done and ran again", p)
	}
	if p.phase == chain.Forward { // what runs anew may be undone anew
		delete(s.undone, point{p.path, chain.Compensation})
	}
	s.watchDetached(ctx, p)
}

func (s *script) watchDetached(ctx context.Context, p point) {
	if p.phase == chain.Compensation && errors.Is(context.Cause(ctx), errCancelled) {
		s.complain("%s was given the ctx that was cancelled", p)
	}
}

// watchUndos finds compensations that failed although nothing made them fail: a
// person would be called for nothing.
func (s *script) watchUndos(failures []*chain.StepError) {
	for _, f := range failures {
		if p := (point{f.Path, chain.Compensation}); s.refused[p] != nil {
			s.complain("%s failed by itself: %v", p, s.refused[p])
		}
	}
}

// mortal tells whether the process is yet to die.
func (s *script) mortal() bool {
	return slices.ContainsFunc(s.trial, func(f fault) bool { return f.kind.mortal && s.attempts[f.at] < f.kind.acts })
}

// came tells whether every fault of the case has come about.
func (s *script) came() bool {
	return !slices.ContainsFunc(s.trial, func(f fault) bool { return s.attempts[f.at] < f.kind.needs })
}
