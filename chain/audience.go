package chain

import (
	"context"
	"fmt"
	"log/slog"
)

// An audience is the observers of one execution and how far they have been
// told. Whoever adds an event tells it, unless somebody is at it: then that one
// goes on with it. So each event is told once and in order, an observer may
// itself add events, and no lock is held while it looks.
type audience struct {
	ctx       context.Context
	observers []func(context.Context, Event)
	told      int // records
	detailed  int // details
	telling   bool
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
	for a.told < len(r.records) {
		rec := r.records[a.told]
		var d *detail
		if a.detailed < len(r.details) && r.details[a.detailed].record == a.told {
			d = &r.details[a.detailed]
			a.detailed++
		}
		a.told++
		e := r.event(rec, d)
		r.mu.Unlock()
		for i, observe := range a.observers {
			if observe != nil {
				r.show(i, observe, e)
			}
		}
		r.mu.Lock()
	}
	a.telling = false
	r.mu.Unlock()
}

// show calls an observer. One that panics is dropped, and the trace says so:
// the execution must not depend on it, and it would panic again at that event.
func (r *Recorder) show(i int, observe func(context.Context, Event), e Event) {
	returned := false
	defer func() {
		if returned {
			return
		}
		cause := recover()
		r.mu.Lock()
		r.audience.observers[i] = nil
		if cause == nil { // runtime.Goexit: this goroutine can't go on telling
			cause = ErrGoexit
			r.audience.telling = false
		}
		r.mu.Unlock()
		r.log(slog.LevelError, fmt.Sprintf("an observer was dropped: panic: %v", cause))
	}()
	observe(r.audience.ctx, e)
	returned = true
}
