package chain

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"runtime"
	"slices"
	"sync/atomic"
)

// An audience is the observers of one execution and how far they have been
// told. Whoever adds an event tells it, unless somebody is at it: then that one
// goes on with it. So each event is told once and in order, an observer may
// itself add events, and no lock is held while it looks.
type audience struct {
	ctx       *Scope // the caller's values and the execution, without an end
	observers []func(context.Context, Event)
	noted     atomic.Int32 // details there are

	// What follows belongs to the one who is telling.
	next int32 // the observer that is to see what comes then
	told place
}

// newAudience has the observers get a context without an end, so that the last
// event can be told after it.
func newAudience(in *Scope) *audience {
	a := &audience{ctx: in, observers: in.with.Observers}
	if in.Done() != nil {
		a.ctx = in.Over(context.WithoutCancel(in.Context))
	}
	return a
}

// recordAndTell is Record with observers. Mostly there is nothing else to tell,
// and that needs no lock. It is false if somebody else is telling: then it has done
// nothing.
func (r *Recorder) recordAndTell(a *audience, rec Record) bool {
	// The events are made first: a processor can't read in one piece what it is still
	// writing in small ones, and waits. Behind an atomic operation it is written.
	var events [2]Event
	tell := events[:1]
	events[0].Time = r.base.Round(0).Add(rec.at)
	events[0].be(rec, a.ctx.with.Steps)
	if next, two := rec.begun(); two {
		tell = events[:]
		events[1].Time = events[0].Time
		events[1].be(next, a.ctx.with.Steps)
	}
	noted := a.noted.Load()
	if !r.addToTell(rec) {
		return false
	}
	more := a.told.details != noted
	for !more && !r.tellRecord(a, tell) {
	}
	r.standing.told()
	if more || a.noted.Load() != noted {
		r.mu.Lock()
		r.tell()
	}
	return true
}

// tell tells the observers what they have not been told. It is called with the
// lock held and releases it.
func (r *Recorder) tell() {
	a := r.audience
	for a != nil && r.standing.tell() {
		for told := a.told; told != r.end(); told = a.told {
			all, details := r.all(), r.details() // what is written is never changed
			r.mu.Unlock()
			for !r.tellOn(a, all, details) {
			}
			r.mu.Lock()
		}
		told := a.told
		r.standing.told()
		if told == r.end() { // and nobody has left it to us meanwhile
			break
		}
	}
	r.mu.Unlock()
}

// tellOn shows the observers the events among all and details that they have
// not seen. It is false if one panicked, and then is to be called again: that one
// is dropped, and the trace says so, for the execution must not depend on it.
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
		a.told, a.next = at, 0
	}
}

// tellRecord is tellOn of the events of the newest record alone, which has no
// detail.
func (r *Recorder) tellRecord(a *audience, events []Event) (through bool) {
	defer func() {
		if !through {
			r.drop(a, recover())
		}
	}()
	for i := range events {
		if i > 0 || !a.told.half {
			a.show(&events[i])
			a.told.half, a.next = i+1 < len(events), 0
		}
	}
	a.told.records++
	return true
}

// show shows an event to the observers that have not seen it.
func (a *audience) show(e *Event) {
	for int(a.next) < len(a.observers) {
		a.next++
		if observe := a.observers[a.next-1]; observe != nil {
			observe(a.ctx, *e)
		}
	}
}

// drop drops the observer that did not return.
func (r *Recorder) drop(a *audience, panicked any) {
	if a.next == 0 { // nobody was looking: the function of WithErrorText has ended the goroutine
		r.standing.told()
		return
	}
	a.observers = slices.Clone(a.observers) // which are the runner's
	a.observers[a.next-1] = nil
	why := "it called runtime.Goexit"
	if panicked != nil {
		why = fmt.Sprintf("panic: %v", panicked)
	} else {
		r.standing.told() // this goroutine goes on telling here, and then never again
	}
	r.log(slog.LevelError, "an observer was dropped: "+why, false)
}

// shown is the function that all observers are called by.
var shown = runtime.FuncForPC(reflect.ValueOf((*audience).show).Pointer()).Name()

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
			if frame, more = frames.Next(); frame.Function == shown {
				return true
			}
		}
	}
	return false
}
