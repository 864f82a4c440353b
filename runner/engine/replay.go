package engine

import (
	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/policy"
)

// A replay is what has been settled before this walk began. The nil replay is
// nothing.
type replay struct {
	settled map[int]ended
	begun   map[int]int  // attempts at steps that were in flight when earlier runs ended
	fails   map[int]bool // steps that will fail anew, and what fails with them
	within  map[int]bool // what has something settled or begun inside
	tried   map[int]bool // what has something settled that was attempted inside
}

// An ended is how a step has.
type ended struct {
	end    chain.Kind
	err    error
	ending chain.Ending
}

func replayOf(log *chain.Recorder, steps []builder.Step) *replay {
	r := &replay{map[int]ended{}, log.Begun(), map[int]bool{}, map[int]bool{}, map[int]bool{}}
	for step := range r.begun {
		mark(r.within, step, steps)
	}
	for e := range log.Settled() {
		end, attempts := e.Forward()
		ending, err := e.Failure()
		r.settled[e.Step()] = ended{end, err, ending}
		mark(r.within, e.Step(), steps)
		if attempts > 0 {
			mark(r.tried, e.Step(), steps)
		}
	}
	for step, s := range r.settled {
		if s.end == chain.KindFailed {
			r.bubble(step, s.ending, steps)
		}
	}
	return r
}

// mark marks a step and what it is inside of.
func mark(marked map[int]bool, step int, steps []builder.Step) {
	for ; step > 0 && !marked[step]; step = steps[step].Parent {
		marked[step] = true
	}
}

// bubble follows a failure up to the level that goes on past it.
func (r *replay) bubble(step int, ending chain.Ending, steps []builder.Step) {
	for i := step; i > 0; i = steps[i].Parent {
		r.fails[i] = true
		level := &steps[steps[i].Parent]
		if level.Failure == policy.Continue && ending == chain.ByItself {
			return
		}
		if above, ok := r.settled[level.Index]; ok {
			ending = above.ending
		}
	}
}

// doomed tells whether the step will fail anew.
func (r *replay) doomed(step int) bool { return r != nil && r.fails[step] }

// hadBegun tells whether the step was in flight.
func (r *replay) hadBegun(s *builder.Step) bool { return r != nil && r.begun[s.Index] > 0 }

// knows tells whether anything of the step has been settled or had begun.
func (r *replay) knows(s *builder.Step) bool { return r != nil && r.within[s.Index] }

// replayed answers for a step that is settled, from the record (rule 11). A
// Process that undoes its own failures may have been interrupted at it.
func (w *walker) replayed(ctx *chain.Scope, s *builder.Step) (f *failure, ok bool) {
	was, ok := w.replay.settled[s.Index]
	if !ok {
		return nil, false
	}
	if w.replay.tried[s.Index] {
		w.attempts++
	}
	if was.end != chain.KindFailed {
		return nil, true
	}
	if s.Kind.Composite() && undoesItself(s) {
		if halt := w.unwind(ctx, s, was.err); halt != nil {
			return &failure{halt: halt}, true
		}
		w.recorder().Unwound(s.Index)
	}
	return &failure{err: was.err, ending: was.ending}, true
}
