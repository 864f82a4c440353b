package chain

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"runtime"
	"slices"
	"sync/atomic"
	"time"
)

// An audience is the observers of one execution and how far they have been
// told. Whoever adds an event tells it, unless somebody is at it: then that one
// goes on with it. So each event is told once and in order, an observer may
// itself add events, and no lock is held while it looks.
type audience struct {
	ctx       Scope // the caller's values and the execution, without an end
	observers []func(context.Context, Event)
	wall      time.Time    // the begin of the run
	noted     atomic.Int32 // details there are
	telling   atomic.Bool  // guards what follows
	told      place
	next      int // the observer that is to see what comes then
}

// newAudience has the observers get a context without an end, so that the last
// event can be told after it.
func newAudience(in *Scope, start time.Time) *audience {
	a := &audience{ctx: *in, observers: in.with.Observers, wall: start.Round(0)}
	if in.Done() != nil {
		a.ctx.Context = context.WithoutCancel(in.Context)
	}
	return a
}

// recordAndTell is Record with observers. Mostly there is nothing else to tell,
// and that needs no lock.
func (r *Recorder) recordAndTell(a *audience, rec Record) {
	if !r.add(rec) {
		r.RecordShared(rec)
		return
	}
	noted := a.noted.Load()
	if !a.telling.CompareAndSwap(false, true) {
		return // who is at it will see it
	}
	more := a.told.details != noted
	for !more && !r.tellOn(a, r.all(), nil) {
	}
	a.telling.Store(false)
	if more || a.noted.Load() != noted {
		r.mu.Lock()
		r.tell()
	}
}

// tell tells the observers what they have not been told. It is called with the
// lock held and releases it.
func (r *Recorder) tell() {
	a := r.audience
	for a != nil && a.telling.CompareAndSwap(false, true) {
		for told := a.told; told != r.end(); told = a.told {
			records, details := r.all(), r.details.all() // what is written is never changed
			r.mu.Unlock()
			for !r.tellOn(a, records, details) {
			}
			r.mu.Lock()
		}
		told := a.told
		a.telling.Store(false)
		if told == r.end() { // and nobody has left it to us meanwhile
			break
		}
	}
	r.mu.Unlock()
}

// tellOn shows the observers the events among records and details that they have
// not seen. It is false if one panicked, and then is to be called again: that one
// is dropped, and the trace says so, for the execution must not depend on it.
func (r *Recorder) tellOn(a *audience, records []Record, details []detail) (through bool) {
	defer func() {
		if !through {
			r.drop(a, recover())
		}
	}()
	for {
		at := a.told
		rec, d, more := at.next(records, details)
		if !more {
			return true
		}
		if d == nil || d.log == nil || !d.log.untold {
			e := r.event(a.wall, rec, d)
			for a.next < len(a.observers) {
				a.next++
				if observe := a.observers[a.next-1]; observe != nil {
					observe(&a.ctx, e)
				}
			}
		}
		a.told, a.next = at, 0
	}
}

// drop drops the observer that did not return.
func (r *Recorder) drop(a *audience, panicked any) {
	a.observers = slices.Clone(a.observers) // which are the runner's
	a.observers[a.next-1] = nil
	why := "it called runtime.Goexit"
	if panicked != nil {
		why = fmt.Sprintf("panic: %v", panicked)
	} else {
		a.telling.Store(false) // this goroutine goes on telling here, and then never again
	}
	r.log(slog.LevelError, "an observer was dropped: "+why, false)
}

// shown is the function that all observers are called by.
var shown = runtime.FuncForPC(reflect.ValueOf((*Recorder).tellOn).Pointer()).Name()

// byObserver tells whether an observer is calling. What observers add is not
// shown to them, or one that logs each event would never come to an end.
func (r *Recorder) byObserver() bool {
	r.mu.Lock()
	a := r.audience
	r.mu.Unlock()
	if a == nil || !a.telling.Load() {
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
