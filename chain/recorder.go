package chain

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/taskchain-go/taskchain/builder"
)

// A Recorder writes one execution down, for the engine and for authors of
// runners; users read what it wrote by the methods of [ExecutionContext]. All
// its methods are safe for concurrent use.
//
// The trace is where speed shapes the design. An entry is a record of 16 bytes
// that holds numbers only, its time counted from the begin of the run: one read
// of the monotonic clock. What a few entries have besides, such as an error,
// stands in details; the events, with paths and texts, are made when the trace
// is read. What is completed is not kept in a second place but read off the
// trace.
type Recorder struct {
	mu   sync.Mutex
	self any // the *ExecutionContext[T] it belongs to

	id          string
	plan        string
	fingerprint string
	steps       []builder.Step // of the plan the execution runs under; nil before it began
	errorText   func(error) string

	status    Status
	live      bool         // a runner is at work on it
	unwinding map[int]bool // the levels that are being undone
	base      time.Time    // the begin of this run
	wall      time.Time    // the same without the monotonic clock, as events have it
	past      []Event      // the trace of earlier runs
	before    []entry      // what earlier runs have settled
	open      []inFlight   // what they were in the middle of
	records   []Record
	details   []detail

	metadata map[string]any
	audience *audience
}

// A Record is one entry of the trace, for authors of runners.
type Record struct {
	at   time.Duration // since base
	step int32
	what what
}

// NewRecord makes the record of an event that has nothing more to say. at is
// counted from the begin of the run; step is an index in the plan, 0 for the plan
// itself; attempt is 0 where nothing is attempted.
func NewRecord(at time.Duration, kind Kind, step int, phase Phase, attempt int) Record {
	return Record{at, int32(step), pack(kind, phase, attempt)}
}

// what packs the kind, the phase and the attempt of a record; of the plan's end,
// the status in place of the attempt.
type what uint32

const (
	kindBits    = 4
	phaseBit    = 1 << kindBits
	attemptBits = kindBits + 1
	maxAttempt  = 1<<(32-attemptBits) - 1
)

func pack(kind Kind, phase Phase, attempt int) what {
	return what(kind) | what(phase)<<kindBits | what(min(attempt, maxAttempt))<<attemptBits
}

func (w what) kind() Kind   { return Kind(w & (phaseBit - 1)) }
func (w what) attempt() int { return int(w >> attemptBits) }
func (w what) phase() Phase { return Phase(w & phaseBit >> kindBits) }

// A detail is what one record has to say besides.
type detail struct {
	record  int // its index
	err     error
	ending  Ending
	delay   time.Duration
	level   slog.Level
	message string
	untold  bool // the observers are not to see it
}

// Ending tells whether a failure came from the step itself or because the
// context around it had ended, by which a later Resume knows what to run again.
type Ending uint8

// The endings.
const (
	ByItself  Ending = iota // the step's own failure, or its own timeout's
	ByContext               // the caller's cancellation, or a Within around it
	BySibling               // another branch of a Parallel failed
)

// A Recording is what every execution of one runner has in common.
type Recording struct {
	Plan        string
	Fingerprint string
	Steps       []builder.Step // the plan itself first, then Steps
	Observers   []func(context.Context, Event)
	ErrorText   func(error) string // what of an error may be seen; nil is all
}

// Begin makes exec ready to be executed and returns its Recorder. ctx is the
// caller's, start the time of the begin. It returns ErrFinished or
// ErrPlanChanged, wrapped, or says what else is wrong, and then has changed
// nothing.
func Begin[T any](ctx context.Context, exec *ExecutionContext[T], with *Recording, start time.Time) (*Recorder, error) {
	r := &exec.recorder
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.live || r.audience != nil && r.audience.telling { // its end is still being told
		return nil, fmt.Errorf("chain: execution %s is already running", exec.ID)
	}
	if r.status.Finished() {
		return nil, fmt.Errorf("chain: execution %s has %s: %w", exec.ID, r.status, ErrFinished)
	}
	if r.status != Pending || len(r.records) > 0 {
		if err := r.rebind(with); err != nil {
			return nil, err
		}
	}
	if exec.ID == "" {
		exec.ID = newID(start)
	}
	if r.self == nil || r.id != exec.ID { // a goroutine that an earlier run's step left behind may be reading
		r.self, r.id = exec, exec.ID
	}
	r.plan, r.fingerprint, r.steps, r.errorText = with.Plan, with.Fingerprint, with.Steps, with.ErrorText
	r.live, r.base, r.wall = true, start, start.Round(0)
	r.records = make([]Record, 0, 2*len(with.Steps)+4) // all of a success, some retries of a short plan
	if len(with.Observers) > 0 {
		r.audience = &audience{ctx: observed{context.WithoutCancel(ctx), r, ExecutionInfo{exec.ID, with.Plan}}, observers: slices.Clone(with.Observers)}
	}
	switch r.status {
	case Compensating, Stuck: // goes on with it, or tries the failed undos again
		r.status = Compensating
	default:
		r.status = Running
	}
	return r, nil
}

// rebind makes what earlier runs have recorded the ground this run stands on,
// under a plan that may have changed.
func (r *Recorder) rebind(with *Recording) error {
	past := r.events()
	open := inFlightAt(past)
	before, err := ground(r.fold(), open, r.fingerprint, r.status, with)
	if err != nil {
		return fmt.Errorf("chain: execution %s: %w", r.id, err)
	}
	r.past, r.before, r.open = past, before, open
	r.records, r.details = nil, nil
	return nil
}

// Record adds one event, or several at once.
func (r *Recorder) Record(records ...Record) {
	r.mu.Lock()
	r.records = append(r.records, records...)
	if r.audience == nil {
		r.mu.Unlock()
		return
	}
	r.tell()
}

// Retrying adds a failed attempt after which another will be made.
func (r *Recorder) Retrying(at time.Duration, step int, phase Phase, attempt int, err error, delay time.Duration) {
	r.add(NewRecord(at, KindRetrying, step, phase, attempt), detail{err: err, delay: delay})
}

// Failed adds a failure for good: of a step, a compensation, or, with the
// errors of the steps inside, of a Process or Parallel.
func (r *Recorder) Failed(at time.Duration, step int, phase Phase, attempts int, err error, ending Ending) {
	kind := KindFailed
	if phase == Compensation {
		kind = KindCompensationFailed
	}
	r.add(NewRecord(at, kind, step, phase, attempts), detail{err: err, ending: ending})
}

// End adds the plan's end and gives the execution its status.
func (r *Recorder) End(at time.Duration, status Status) {
	r.mu.Lock()
	r.status, r.unwinding = status, nil
	r.records = append(r.records, NewRecord(at, KindPlanEnded, 0, Forward, int(status)))
	r.tell()
	r.mu.Lock()
	r.live = false // now that everybody has been told
	r.mu.Unlock()
}

// Halt notes that the runner has stopped without bringing the execution to an
// end: Resume can go on with it. status is what it was before an end that could
// not be written down.
func (r *Recorder) Halt(status Status) {
	r.mu.Lock()
	r.status, r.live, r.unwinding = status, false, nil
	r.mu.Unlock()
}

// Unwinding notes that completed steps inside a Process or Parallel, or of the
// whole plan, are being undone.
func (r *Recorder) Unwinding(step int) {
	r.mu.Lock()
	if r.unwinding == nil {
		r.unwinding = map[int]bool{}
	}
	r.unwinding[step] = true
	r.status = Compensating
	r.mu.Unlock()
}

// Unwound notes that it is through with that, and its failure recorded.
func (r *Recorder) Unwound(step int) {
	r.mu.Lock()
	if delete(r.unwinding, step); len(r.unwinding) == 0 {
		r.status = Running
	}
	r.mu.Unlock()
}

// Began tells whether the begin of a Process or Parallel is in this run's trace.
func (r *Recorder) Began(step int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.records, func(rec Record) bool {
		return int(rec.step) == step && rec.what.kind() == KindStarted
	})
}

// Status is how far the execution is.
func (r *Recorder) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.status
}

// ID is the execution's.
func (r *Recorder) ID() string { return r.id }

func (r *Recorder) add(rec Record, d detail) {
	r.mu.Lock()
	d.record = len(r.records)
	if r.details == nil {
		r.details = make([]detail, 0, 4)
	}
	r.details = append(r.details, d)
	r.records = append(r.records, rec)
	r.tell()
}

// log adds an event of a step's own. One that is untold is not shown to the
// observers.
func (r *Recorder) log(level slog.Level, message string, untold bool) {
	r.mu.Lock()
	at := time.Duration(0)
	if !r.base.IsZero() {
		at = time.Since(r.base)
	} else { // not begun: the time of its first event is as good a base as any
		r.base = time.Now()
		r.wall = r.base.Round(0)
	}
	step, phase := r.atWork()
	r.mu.Unlock()
	r.add(NewRecord(at, KindLog, int(step), phase, 0), detail{level: level, message: message, untold: untold})
}

// atWork is the step whose attempt is under way, or 0 where it could be one of
// several.
func (r *Recorder) atWork() (step int32, phase Phase) {
	for _, rec := range slices.Backward(r.records) {
		switch rec.what.kind() {
		case KindLog:
			continue
		case KindStarted, KindCompensating:
			for i := int(rec.step); i > 0; i = r.steps[i].Parent {
				if r.steps[i].Kind == builder.KindParallel {
					return 0, Forward
				}
			}
			return rec.step, rec.what.phase()
		}
		return 0, Forward
	}
	return 0, Forward
}

func (r *Recorder) path(step int32) string {
	if int(step) >= len(r.steps) {
		return ""
	}
	return r.steps[step].Path
}

func (r *Recorder) trace() Trace {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.events()
}

// events makes the events of the trace.
func (r *Recorder) events() []Event {
	events := make([]Event, len(r.past), len(r.past)+len(r.records))
	copy(events, r.past)
	return r.eventsFrom(events, 0)
}

// eventsFrom adds the events of this run's records from the first-th on.
func (r *Recorder) eventsFrom(events []Event, first int) []Event {
	details := r.details
	if first > 0 {
		skip, _ := slices.BinarySearchFunc(details, first, func(d detail, first int) int { return d.record - first })
		details = details[skip:]
	}
	for i, rec := range r.records[first:] {
		var d *detail
		if len(details) > 0 && details[0].record == first+i {
			d, details = &details[0], details[1:]
		}
		events = append(events, r.event(rec, d))
	}
	return events
}

// event makes the event of a record; most have no detail.
func (r *Recorder) event(rec Record, d *detail) Event {
	kind := rec.what.kind()
	e := Event{
		Time:    r.wall.Add(rec.at),
		Kind:    kind,
		Phase:   rec.what.phase(),
		Level:   kind.level(),
		Path:    r.path(rec.step),
		Attempt: rec.what.attempt(),
	}
	if kind == KindPlanEnded {
		e.Message, e.Attempt = Status(e.Attempt).String(), 0
	}
	if d != nil {
		e.Message, e.Delay = d.message, d.delay
		if d.err != nil {
			e.Error = r.textOf(d.err)
		}
		if kind == KindLog {
			e.Level = d.level
		}
	}
	return e
}

// textOf is what of an error may be seen. The steps' own errors go through the
// user's function one by one, so that it sees what the steps returned.
func (r *Recorder) textOf(err error) string {
	switch err := err.(type) {
	case *storedError: // has been through it before
		return err.text
	case *StepError:
		return r.textOf(err.Err)
	default:
		if branches := branchErrors(err); len(branches) > 0 {
			texts := make([]string, len(branches))
			for i, each := range branches {
				texts[i] = r.textOf(each)
			}
			return strings.Join(texts, "; ")
		}
	}
	if r.errorText == nil {
		return textOf(err)
	}
	return r.userText(err)
}

// branchErrors are the errors of a Parallel's branches, if err is what joins
// them, and none if it is an error of the user's.
func branchErrors(err error) (branches []error) {
	defer func() {
		if recover() != nil { // a method of the user's
			branches = nil
		}
	}()
	join, ok := err.(interface{ Unwrap() []error })
	if _, whole := err.(*ExecutionError); whole || !ok { // of another execution, which the step ran
		return nil
	}
	branches = join.Unwrap()
	for _, each := range branches {
		if _, ok := each.(*StepError); !ok && len(branchErrors(each)) == 0 {
			return nil
		}
	}
	return branches
}

// userText asks the user's function, which may panic.
func (r *Recorder) userText(err error) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprintf("%T, of which the function of WithErrorText panicked: %v", err, v)
		}
	}()
	return r.errorText(err)
}
