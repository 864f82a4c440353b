package runner

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner/engine"
)

// durableHost is a host that writes down.
type durableHost[T any] struct {
	host[T]
	runner *Durable[T]
	exec   *chain.ExecutionContext[T]
	write  context.Context // of the records: what has happened must be known, however that of the steps has ended
	cancel context.CancelCauseFunc

	writing      sync.Mutex // guards what follows, while a record is being written too
	head         Head       // of the newest record
	next         int        // the Seq of the record to come
	read         chain.Position
	before       []byte        // the head of the document in the newest record that has one
	cancellation string        // asked for
	failed       error         // the record that could not be written
	over         bool          // nothing will be recorded any more
	stop         chan struct{} // closed then

	begun     chan struct{} // closed when the begin is safe
	beginOnce sync.Once
}

var (
	_ engine.Committer = (*durableHost[int])(nil)
	_ engine.Stopper   = (*durableHost[int])(nil)
)

func (h *durableHost[T]) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-h.runner.closing:
		return &engine.Halt{Err: ErrShutdown}
	case <-h.stop:
		h.writing.Lock()
		defer h.writing.Unlock()
		return &engine.Halt{Err: h.failed}
	}
}

// A draft is where a record is made. It is used anew once that is appended: no
// Codec keeps a snapshot, and no Store a body.
type draft[T any] struct {
	snapshot chain.Snapshot[T]
	doc      []byte // of the snapshot
	body     []byte
}

func (d *Durable[T]) draft() *draft[T] {
	if made, ok := d.drafts.Get().(*draft[T]); ok {
		return made
	}
	return new(draft[T])
}

// done gives a draft back. It keeps the room, and points to nothing of the user's.
func (d *Durable[T]) done(with *draft[T]) {
	clear(with.snapshot.Steps)
	clear(with.snapshot.Trace)
	with.snapshot = chain.Snapshot[T]{Steps: with.snapshot.Steps[:0], Trace: with.snapshot.Trace[:0]}
	d.drafts.Put(with)
}

// Commit writes down what is new. Nothing is at work on the data meanwhile.
func (h *durableHost[T]) Commit() error {
	h.writing.Lock()
	defer h.writing.Unlock()
	returns := false
	defer func() {
		if !returns { // or the engine would go on, and come here again
			_ = h.fail(fmt.Errorf("runner: execution %s: its codec or store called runtime.Goexit", h.exec.ID))
		}
	}()
	err := h.writeNews()
	returns = true
	if err != nil {
		return h.fail(err)
	}
	h.beginOnce.Do(func() { close(h.begun) })
	return nil
}

// Stopping says that the runner is shut down.
func (h *durableHost[T]) Stopping() error {
	select {
	case <-h.runner.closing:
		return ErrShutdown
	default:
		return nil
	}
}

// writeNews writes a record of what is new, if anything is. The first one of a run
// and the last stand alone: what was before them is not needed any more.
func (h *durableHost[T]) writeNews() error {
	if h.failed != nil {
		return h.failed
	}
	from, ended := h.read, h.exec.Status().Ended()
	if ended {
		from = chain.Position{}
	}
	d := h.runner.draft()
	defer h.runner.done(d)
	read := h.exec.SnapshotSince(from, &d.snapshot)
	if read == h.read {
		return nil
	}
	doc, head, err := h.runner.encode(d.doc[:0], d.snapshot)
	if err != nil {
		return fmt.Errorf("runner: execution %s: %w", h.exec.ID, err)
	}
	whole := from == chain.Position{}
	if whole {
		h.before = h.before[:0]
	}
	if ended {
		h.cancellation = "" // it was heard
	}
	d.doc, d.body = doc, appendDocument(appendBody(d.body[:0], h.cancellation), h.before, doc, head)
	if err := h.append(Record{Head: h.headOf(&d.snapshot), Whole: whole, Body: d.body}); err != nil {
		return err
	}
	h.read, h.before = read, append(h.before[:0], doc[:head]...)
	return nil
}

// headOf is the head of a record of s.
func (h *durableHost[T]) headOf(s *chain.Snapshot[T]) Head {
	begun := h.head.Begun
	if begun.IsZero() {
		begun = h.Start
	}
	return Head{ID: s.ID, Plan: s.Plan, Fingerprint: s.Fingerprint, Status: s.Status, Begun: begun}
}

// append writes one record.
func (h *durableHost[T]) append(r Record) error {
	r.Seq, r.Changed = h.next, time.Now()
	if err := h.runner.append(h.write, r); err != nil {
		return fmt.Errorf("runner: execution %s: record %d: %w", r.ID, r.Seq, err)
	}
	h.head, h.next = r.Head, r.Seq+1
	return nil
}

// fail stops the execution: a record that may be missing must not be followed by
// another.
func (h *durableHost[T]) fail(err error) error {
	if h.failed == nil {
		h.failed = err
		close(h.stop)
	}
	return err
}

// requestCancel has the cancellation survive a crash, and then cancels. One
// whose begin is not safe yet need not survive.
func (h *durableHost[T]) requestCancel(cause error) error {
	cause = causeOf(cause)
	h.writing.Lock()
	defer h.writing.Unlock()
	fresh := h.read == chain.Position{} // of this run nothing is safe
	switch {
	case h.head.Status.Ended() && !fresh:
		return ended(h.head)
	case h.failed != nil:
		return h.failed
	case h.over:
		return ErrShutdown
	}
	defer h.cancel(cause)
	h.cancellation = h.runner.text(cause)
	if fresh && (h.next == 0 || h.head.Status.Ended()) {
		return nil // it goes with the begin
	}
	if err := h.append(Record{Head: h.head, Body: appendBody(nil, h.cancellation)}); err != nil {
		return h.fail(err)
	}
	return nil
}

func ended(h Head) error {
	return fmt.Errorf("runner: execution %s has ended, it is %s: %w", h.ID, h.Status, chain.ErrFinished)
}

// finish is called when the run is over, and returns what was recorded last.
func (h *durableHost[T]) finish() Head {
	h.writing.Lock()
	defer h.writing.Unlock()
	h.over, h.before = true, nil // a handle may be kept for long
	return h.head
}

// tellStopped logs why the execution has stopped, if it could not be recorded: there
// is no event of that, and maybe nobody waits.
func (h *durableHost[T]) tellStopped() {
	h.writing.Lock()
	failed := h.failed
	h.writing.Unlock()
	if failed != nil {
		logStopped(h.write, h.runner.loggers, chain.ExecutionInfo{ID: h.exec.ID, Plan: h.exec.Plan()}, failed)
	}
}

// causeOf is context.Canceled where no cause was given.
func causeOf(cause error) error {
	if cause == nil {
		return context.Canceled
	}
	return cause
}

// text is what of a cause may be written down.
func (d *Durable[T]) text(cause error) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprintf("%T, of which the text could not be had: %v", cause, v)
		}
	}()
	if d.redact != nil {
		text = d.redact(cause)
	} else {
		text = cause.Error()
	}
	if text == "" {
		text = context.Canceled.Error()
	}
	return text
}

// cancellation is the cause that was asked for before a crash.
func cancellation(text string) error {
	if text == context.Canceled.Error() {
		return context.Canceled
	}
	return &cancelledError{text}
}

// A cancelledError is a cause that was written down.
type cancelledError struct{ text string }

func (e *cancelledError) Error() string { return e.text }
func (e *cancelledError) Unwrap() error { return context.Canceled }
