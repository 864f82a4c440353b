package chain

import (
	"log/slog"
	"slices"
	"time"
)

// What follows is for authors of runners whose attempts are made in another
// process, and tell of themselves in the wire form.

// Err is the error that was written down, for authors of runners: it has the text,
// and errors.Is knows it by its code. That of nil is nil.
func (e *StoredError) Err() error {
	if e == nil {
		return nil
	}
	return &storedError{text: e.Text, code: e.Code}
}

// Store writes an error down, with as much of its text as may be seen. nil is
// written as nil.
func (r *Recorder) Store(err error) *StoredError {
	if err == nil {
		return nil
	}
	return &StoredError{Text: r.textOf(err), Code: codeOf(err)}
}

// StoreError is the Store of a [Recorder] outside of an execution, for authors of
// runners: with all of the text.
func StoreError(err error) *StoredError { return (&Recorder{}).Store(err) }

// Logged adds an event that a step has logged elsewhere.
func (r *Recorder) Logged(at time.Duration, step int, phase Phase, level slog.Level, message string) {
	r.mu.Lock()
	r.detail(detail{log: &logged{NewRecord(at, KindLog, step, phase, 0), level, message, false}})
	r.tell()
	r.mu.Unlock()
}

// Continue notes that the run that has begun is the one before, carried on.
func (r *Recorder) Continue() {
	r.mu.Lock()
	r.rarities().goesOn = true
	r.mu.Unlock()
}

// beganIn tells whether the last run in a trace has begun a Process or Parallel.
func beganIn(trace []Event, path string) bool {
	for _, e := range slices.Backward(trace) {
		switch {
		case e.Kind == KindPlanStarted:
			return false
		case e.Kind == KindStarted && e.Attempt == 0 && e.Path == path:
			return true
		}
	}
	return false
}

// Replace makes c what with is, which must not be used any more, for authors of
// runners. Neither of them may be running.
func (c *ExecutionContext[T]) Replace(with *ExecutionContext[T]) {
	c.ID, c.Data = with.ID, with.Data
	c.recorder.adopt(&with.recorder)
}
