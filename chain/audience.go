package chain

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"runtime"
	"slices"
)

// An audience is the observers of one execution and how far they have been
// told. Whoever adds an event tells it, unless somebody is at it: then that one
// goes on with it. So each event is told once and in the order of the trace, an
// observer may itself add events, and no lock is held while it looks. The run ends
// when all is told: if a goroutine that a step has left behind is at it, the end
// of the run waits for that one's turn to be over and tells the rest itself.
type audience struct {
	ctx       *Scope // the caller's values and the execution, without an end
	observers *[]func(context.Context, Event)

	// What follows belongs to the one who is telling.
	next int32 // the observer that is to see what comes then
	told place
}

// newAudience has the observers get a context without an end, so that the last
// event can be told after it.
func newAudience(in *Scope) *audience {
	a := &audience{ctx: in, observers: &in.with.Observers}
	if in.Done() != nil {
		a.ctx = in.Over(context.WithoutCancel(in.Context))
	}
	return a
}

// addAndTell is add where there are observers, and tells them. Mostly nothing but
// that record is to be told.
func (r *Recorder) addAndTell(rec Record, clear, set uint64) bool {
	added, noted := r.addAndShow(r.audience, rec, clear, set)
	if noted {
		r.mu.Lock()
		r.tell()
		r.mu.Unlock()
	}
	return added
}

// addAndShow is addAndTell but for what has been noted meanwhile.
func (r *Recorder) addAndShow(a *audience, rec Record, clear, set uint64) (added, noted bool) {
	// The events are made first: a processor can't read in one piece what it is still
	// writing in small ones, and waits. Behind an atomic operation it is written. And
	// they are variables of this function, so that they are copied once.
	var first, second Event
	first.Time = r.base.Round(0).Add(rec.at)
	first.be(rec, a.ctx.with.Steps)
	next, two := rec.begun()
	if two {
		second.Time = first.Time
		second.be(next, a.ctx.with.Steps)
	}
	if !r.add(rec, clear, set|tellingBit) {
		return false, false
	}
	added, through := true, false
	defer func() {
		if !through {
			r.drop(a, recover())
		}
	}()
	for observe := a.following(); observe != nil; observe = a.following() {
		observe(a.ctx, first)
	}
	if two {
		a.told.half = true
		for observe := a.following(); observe != nil; observe = a.following() {
			observe(a.ctx, second)
		}
		a.told.half = false
	}
	a.told.records++
	through = true
	return true, r.standing.told()
}

// tell tells the observers what they have not been told, unless somebody is at it.
// It is called with the lock held, and releases it meanwhile.
func (r *Recorder) tell() {
	if r.audience != nil && r.standing.tell() {
		r.tellAll()
	}
}

// tellAll is tell of the one who has taken the telling.
func (r *Recorder) tellAll() {
	for a := r.audience; a.told != r.end() && r.rest().turn == nil; {
		all, details := r.all(), r.details() // what is written is never changed
		r.mu.Unlock()
		through := r.tellOn(a, all, details)
		r.mu.Lock()
		if !through {
			return
		}
	}
	r.leaveOff()
}

// leaveOff ends one's turn at the telling, with the lock: the end of the run takes
// over if it waits for that, and otherwise anybody may.
func (r *Recorder) leaveOff() {
	switch turn := r.rest().turn; {
	case turn != nil:
		r.more().turn = nil
		close(turn)
	case r.audience.told == r.end():
		r.standing.toldAll()
	default:
		r.standing.told()
	}
}

// finishTelling returns when all is told, whoever is at it. It is called with the
// lock held, and releases it meanwhile.
func (r *Recorder) finishTelling() {
	for r.standing.telling() {
		turn := make(chan struct{})
		r.more().turn = turn
		r.mu.Unlock()
		<-turn
		r.mu.Lock()
		r.tellAll()
	}
}

// tellOn shows the observers the events among all and details that they have
// not seen. If one panics, it is dropped, for the execution must not depend on it:
// then tellOn is false, and who has dropped it has told the rest.
func (r *Recorder) tellOn(a *audience, all records, details []detail) (through bool) {
	defer func() {
		if !through {
			r.drop(a, recover())
		}
	}()
	wall := r.base.Round(0)
	for {
		at := a.told
		rec, d, more := at.next(all, details)
		if !more {
			return true
		}
		if d == nil || d.log == nil || !d.log.untold {
			e := r.event(wall, rec, d)
			a.show(&e)
		}
		a.told = at
	}
}

// show shows an event to the observers that have not seen it.
func (a *audience) show(e *Event) {
	for observe := a.following(); observe != nil; observe = a.following() {
		observe(a.ctx, *e)
	}
}

// following is the observer that is to see the event next, or nil.
func (a *audience) following() (observe func(context.Context, Event)) {
	for observe == nil && int(a.next) < len(*a.observers) {
		observe = (*a.observers)[a.next]
		a.next++
	}
	if observe == nil {
		a.next = 0
	}
	return observe
}

// drop drops the observer that did not return, says so in the trace, and tells on.
func (r *Recorder) drop(a *audience, panicked any) {
	if a.next == 0 { // nobody was looking: the function of WithErrorText has ended the goroutine
		r.mu.Lock()
		r.leaveOff()
		r.mu.Unlock()
		return
	}
	observers := slices.Clone(*a.observers) // which are the runner's
	observers[a.next-1] = nil
	a.observers = &observers
	why := "it called runtime.Goexit"
	if panicked != nil {
		why = fmt.Sprintf("panic: %v", panicked)
	}
	r.mu.Lock()
	r.addLog(slog.LevelError, "an observer was dropped: "+why, false)
	r.tellAll() // the telling is never given back with something untold, for the end of the run to see
	r.mu.Unlock()
}

// showing are the functions that observers are called by.
var showing = []string{nameOf((*audience).show), nameOf((*Recorder).addAndShow)}

func nameOf(f any) string { return runtime.FuncForPC(reflect.ValueOf(f).Pointer()).Name() }

// byObserver tells whether an observer is calling. What observers add is not
// shown to them, or one that logs each event would never come to an end.
func (r *Recorder) byObserver() bool {
	r.mu.Lock()
	a := r.audience
	r.mu.Unlock()
	if a == nil || !r.standing.telling() {
		return false
	}
	var calls [64]uintptr // of this goroutine: it may be another one that tells
	for skip, n := 2, len(calls); n == len(calls); skip += n {
		n = runtime.Callers(skip, calls[:])
		frames := runtime.CallersFrames(calls[:n])
		for more := n > 0; more; {
			var frame runtime.Frame
			if frame, more = frames.Next(); slices.Contains(showing, frame.Function) {
				return true
			}
		}
	}
	return false
}
