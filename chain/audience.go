package chain

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"runtime"
	"slices"
	"time"
)

// An audience is the observers of one execution and how far they have been
// told. Whoever adds an event tells it, unless somebody is at it: then that one
// goes on with it. So each event is told once and in order, an observer may
// itself add events, and no lock is held while it looks.
type audience struct {
	ctx       context.Context
	observers []func(context.Context, Event)
	wall      time.Time // the begin of the run
	told      place
	telling   bool
}

// newAudience has the observers get the caller's values and the execution,
// without an end, so that the last event can be told after it.
func newAudience(in *Scope, start time.Time) *audience {
	return &audience{
		ctx:       in.Over(context.WithoutCancel(in.Context)),
		observers: slices.Clone(in.with.Observers),
		wall:      start.Round(0),
	}
}

// tell tells the observers what they have not been told. It is called with the
// lock held and releases it.
func (r *Recorder) tell() {
	a := r.audience
	if a == nil || a.telling {
		r.mu.Unlock()
		return
	}
	a.telling = true
	for a.told != r.end() {
		records, details := r.all(), r.details.all() // what is written is never changed
		r.mu.Unlock()
		for rec, d, more := a.told.next(records, details); more; rec, d, more = a.told.next(records, details) {
			if d == nil || d.log == nil || !d.log.untold {
				e := r.event(a.wall, rec, d)
				r.show(&e, 0)
			}
		}
		r.mu.Lock()
	}
	a.telling = false
	r.mu.Unlock()
}

// show calls the observers from the i-th on. One that panics is dropped, and the
// trace says so: the execution must not depend on it.
func (r *Recorder) show(e *Event, i int) {
	a := r.audience
	for ; i < len(a.observers); i++ {
		if a.observers[i] != nil && !r.showOne(e, i) {
			a.observers[i] = nil
		}
	}
}

// showOne is false if the observer panicked.
func (r *Recorder) showOne(e *Event, i int) (returned bool) {
	defer func() {
		if returned {
			return
		}
		why := "it called runtime.Goexit"
		if v := recover(); v != nil {
			why = fmt.Sprintf("panic: %v", v)
		} else { // this goroutine can't go on telling
			r.audience.observers[i] = nil
			r.show(e, i+1)
			r.mu.Lock()
			r.audience.telling = false
			r.mu.Unlock()
		}
		r.log(slog.LevelError, "an observer was dropped: "+why, false)
	}()
	r.audience.observers[i](r.audience.ctx, *e)
	return true
}

// shown is the function that all observers are called by.
var shown = runtime.FuncForPC(reflect.ValueOf((*Recorder).showOne).Pointer()).Name()

// byObserver tells whether an observer is calling. What observers add is not
// shown to them, or one that logs each event would never come to an end.
func (r *Recorder) byObserver() bool {
	r.mu.Lock()
	telling := r.audience != nil && r.audience.telling
	r.mu.Unlock()
	if !telling {
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
