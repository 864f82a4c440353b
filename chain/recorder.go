package chain

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/taskchain-go/taskchain/builder"
)

// A Recorder writes one execution down, for the engine and for authors of
// runners; users read what it wrote by the methods of [ExecutionContext]. All
// its methods but Record and End are safe for concurrent use.
type Recorder struct {
	mu       sync.Mutex
	with     *Recording // of this run, or of the one before; nil before it began
	base     time.Time  // the begin of this run
	cells    []cell     // room for them: see add
	standing standing
	audience *audience
	rare     atomic.Pointer[rarities]
}

// A Recording is what every execution of one runner has in common.
type Recording struct {
	Plan        string
	Fingerprint string
	Steps       []builder.Step // the plan itself first, then Steps
	Observers   []func(context.Context, Event)
	ErrorText   func(error) string // what of an error may be seen; nil is all
	Room        int                // the records that a success mostly takes
}

// Begin makes exec ready to be executed and fills scope, which must be zero, as
// that of its steps, over ctx, the caller's. start is the time of the begin. It
// returns the Recorder, and whether earlier runs have settled something or were
// in the middle of it.
// It returns ErrFinished or ErrPlanChanged, wrapped, or says what else is wrong,
// and then has changed nothing of exec.
func Begin[T any](ctx context.Context, exec *ExecutionContext[T], with *Recording, start time.Time, scope *Scope) (r *Recorder, resumed bool, err error) {
	r = &exec.recorder
	r.mu.Lock()
	defer r.mu.Unlock()
	if resumed, err = r.again(exec.ID, with); err != nil {
		return nil, false, err
	}
	return begin(ctx, exec, false, with, start, scope), resumed, nil
}

// BeginNew is Begin of an execution that has nothing but its data and that nobody
// else has yet, such as one of NewFor, for authors of runners: it needs no lock.
func BeginNew[T any](ctx context.Context, exec *ExecutionContext[T], with *Recording, start time.Time, scope *Scope) *Recorder {
	return begin(ctx, exec, true, with, start, scope)
}

func begin[T any](ctx context.Context, exec *ExecutionContext[T], isNew bool, with *Recording, start time.Time, scope *Scope) *Recorder {
	r := &exec.recorder
	if exec.ID == "" {
		exec.ID = newID(start)
	}
	scope.Context, scope.exec, scope.with, scope.walk = ctx, exec, with, scope
	r.with, r.base, r.audience = with, start, nil
	if room := max(8, with.Room); len(r.cells) < room || !isNew {
		r.cells = make([]cell, room)
	}
	if len(with.Observers) > 0 {
		r.audience = newAudience(scope)
	}
	switch r.standing.status() {
	case Compensating, Stuck: // goes on with it, or tries the failed undos again
		r.standing.begin(Compensating)
	default:
		r.standing.begin(Running)
	}
	return r
}

// again makes what there is of earlier runs ready for another one, or says why
// there can be none.
func (r *Recorder) again(id string, with *Recording) (resumed bool, err error) {
	status := r.standing.status()
	switch {
	case r.standing.live() || r.standing.telling(): // its end is still being told
		return false, fmt.Errorf("chain: execution %s is already running", id)
	case status.Finished():
		return false, fmt.Errorf("chain: execution %s has %s: %w", id, status, ErrFinished)
	case status != Pending || len(r.details()) > 0:
		if err := r.rebind(with); err != nil {
			return false, fmt.Errorf("chain: execution %s: %w", id, err)
		}
	}
	return len(r.earlier().before)+len(r.earlier().open) > 0, nil
}

// rebind makes what earlier runs have recorded the ground this run stands on,
// under a plan that may have changed.
func (r *Recorder) rebind(with *Recording) error {
	past := r.events()
	open := inFlightAt(past)
	before, err := ground(r.fold(), open, r.recording().Fingerprint, r.standing.status(), with)
	if err != nil {
		return err
	}
	rare, rest := r.rarities(), r.more()
	rare.details, rare.goesOn, rest.wide, rest.earlier = nil, false, nil, &earlier{past, before, open}
	return nil
}

// recording is what it runs under, or ran: nothing before it began.
func (r *Recorder) recording() *Recording {
	if r.with == nil {
		return new(Recording)
	}
	return r.with
}

// Record adds an event. It must not be called while another goroutine may: the
// branches of a Parallel that run together use RecordShared.
func (r *Recorder) Record(rec Record) {
	if r.audience == nil && r.add(rec, 0, 0) || r.audience != nil && r.addAndTell(rec, 0, 0) {
		return
	}
	r.RecordShared(rec)
}

// RecordShared is Record that is safe for concurrent use.
func (r *Recorder) RecordShared(rec Record) {
	r.mu.Lock()
	r.grow(rec)
	r.tell()
	r.mu.Unlock()
}

// Retrying adds a failed attempt after which another will be made.
func (r *Recorder) Retrying(at time.Duration, step int, phase Phase, attempt int, err error, delay time.Duration) {
	r.mu.Lock()
	r.detail(detail{err: err, delay: delay})
	r.grow(NewRecord(at, KindRetrying, step, phase, attempt))
	r.tell()
	r.mu.Unlock()
}

// Failed adds a failure for good: of a step, a compensation, or, with the
// errors of the steps inside, of a Process or Parallel.
func (r *Recorder) Failed(at time.Duration, step int, phase Phase, attempts int, err error, ending Ending) {
	kind := KindFailed
	if phase == Compensation {
		kind = KindCompensationFailed
	}
	r.mu.Lock()
	r.detail(detail{err: err, ending: ending})
	r.grow(NewRecord(at, kind, step, phase, attempts))
	r.tell()
	r.mu.Unlock()
}

// detail adds a detail of the record to come, with the lock.
func (r *Recorder) detail(d detail) {
	n := r.standing.written()
	if r.audience != nil {
		n = r.standing.note()
	}
	d.record = int32(n)
	rare := r.rarities()
	if rare.details == nil {
		rare.details = rare.first[:0]
	}
	rare.details = append(rare.details, d)
}

// End adds the plan's end and gives the execution its status. It returns when the
// observers have been told everything. As with Record, no other goroutine may be
// recording.
func (r *Recorder) End(at time.Duration, status Status) {
	rec, set := NewRecord(at, KindPlanEnded, 0, Forward, int(status)), uint64(status)<<statusShift
	bare := r.rare.Load() == nil // there is nothing to forget: mostly the end needs no lock
	if bare && r.audience == nil && r.add(rec, statusMask|liveBit, set) {
		return
	}
	added := bare && r.audience != nil && r.addAndTell(rec, statusMask, set)
	r.mu.Lock()
	if !added {
		r.standing.turn(status)
		r.through()
		r.grow(rec)
		r.tell()
	}
	r.finishTelling()
	r.standing.end(status) // now that everybody has been told
	r.mu.Unlock()
}

// Halt notes that the runner has stopped without bringing the execution to an
// end: Resume can go on with it. status is what it was before an end that could
// not be written down. As End, it returns when all is told.
func (r *Recorder) Halt(status Status) {
	r.mu.Lock()
	r.finishTelling()
	r.standing.end(status)
	r.through()
	r.mu.Unlock()
}

// through forgets what is being undone.
func (r *Recorder) through() {
	if rare := r.rare.Load(); rare != nil {
		if rare.undoing = false; rare.rest != nil {
			rare.rest.unwinding = nil
		}
	}
}

// Unwinding notes that completed steps inside a Process or Parallel, or of the
// whole plan, are being undone.
func (r *Recorder) Unwinding(step int) {
	r.mu.Lock()
	r.standing.turn(Compensating)
	if step == 0 {
		r.rarities().undoing = true
	} else {
		rest := r.more()
		if rest.unwinding == nil {
			rest.unwinding = map[int]bool{}
		}
		rest.unwinding[step] = true
	}
	r.mu.Unlock()
}

// Unwound notes that it is through with a Process or Parallel, and its failure
// recorded.
func (r *Recorder) Unwound(step int) {
	r.mu.Lock()
	levels := r.rest().unwinding
	if delete(levels, step); len(levels) == 0 && !r.rarities().undoing {
		r.standing.turn(Running)
	}
	r.mu.Unlock()
}

// Began tells whether the begin of a Process or Parallel is in this run's trace.
func (r *Recorder) Began(step int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if rare := r.rare.Load(); rare != nil && rare.goesOn && beganIn(r.earlier().past, r.path(int32(step))) {
		return true
	}
	all := r.all()
	for i := range all.len() {
		if rec := all.at(i); int(rec.step) == step && rec.what.kind() == KindStarted {
			return true
		}
	}
	return false
}

// Status is how far the execution is.
func (r *Recorder) Status() Status { return r.standing.status() }

// log adds an event of a step's own, or of an observer's, which observers are not
// shown.
func (r *Recorder) log(level slog.Level, message string) {
	untold := r.byObserver()
	r.mu.Lock()
	r.addLog(level, message, untold)
	r.tell()
	r.mu.Unlock()
}

// addLog is log with the lock, and leaves the telling to the caller.
func (r *Recorder) addLog(level slog.Level, message string, untold bool) {
	at := time.Duration(0)
	if !r.base.IsZero() {
		at = time.Since(r.base)
	} else { // not begun: the time of its first event is as good a base as any
		r.base = time.Now()
	}
	step, phase := r.atWork()
	r.detail(detail{log: &logged{NewRecord(at, KindLog, int(step), phase, 0), level, message, untold}})
}

// atWork is the step whose attempt is under way, or 0 where it could be one of
// several.
func (r *Recorder) atWork() (step int32, phase Phase) {
	all := r.all()
	if all.len() == 0 {
		return 0, Forward
	}
	last := all.at(all.len() - 1)
	if next, ok := last.begun(); ok {
		last = next
	}
	if kind := last.what.kind(); kind != KindStarted && kind != KindCompensating {
		return 0, Forward
	}
	for i := int(last.step); i > 0; i = r.with.Steps[i].Parent {
		if r.with.Steps[i].Kind == builder.KindParallel {
			return 0, Forward
		}
	}
	return last.step, last.what.phase()
}

func (r *Recorder) path(step int32) string {
	steps := r.recording().Steps
	if int(step) >= len(steps) {
		return ""
	}
	return steps[step].Path
}

func (r *Recorder) trace() Trace {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.events()
}

// events makes the events of the trace.
func (r *Recorder) events() []Event { return r.eventsFrom(slices.Clone(r.earlier().past), place{}) }

// eventsFrom adds this run's events from a place on.
func (r *Recorder) eventsFrom(events []Event, at place) []Event {
	wall := r.base.Round(0)
	all, details := r.all(), r.details()
	events = slices.Grow(events, 2*(all.len()-int(at.records))+len(details)-int(at.details))
	for rec, d, more := at.next(all, details); more; rec, d, more = at.next(all, details) {
		events = append(events, r.event(wall, rec, d))
	}
	return events
}

// end is the place behind this run's events.
func (r *Recorder) end() place {
	return place{records: int32(r.standing.written()), details: int32(len(r.details()))}
}

// event makes the event of a record; most have no detail. wall is the begin of
// the run, without the monotonic clock.
func (r *Recorder) event(wall time.Time, rec Record, d *detail) (e Event) {
	e.Time = wall.Add(rec.at)
	e.be(rec, r.recording().Steps)
	switch {
	case d == nil:
	case d.log != nil:
		e.Level, e.Message = d.log.level, d.log.message
	case d.err != nil:
		e.Error, e.Delay = r.textOf(d.err), d.delay
	}
	return e
}

// be fills in what an event has without a detail, but for the time.
func (e *Event) be(rec Record, steps []builder.Step) {
	kind := rec.what.kind()
	e.Kind, e.Phase, e.Level, e.Attempt = kind, rec.what.phase(), levels[kind], rec.what.attempt()
	if int(rec.step) < len(steps) {
		e.Path = steps[rec.step].Path
	}
	if kind == KindPlanEnded {
		e.Message, e.Attempt = Status(e.Attempt).String(), 0
	}
}
