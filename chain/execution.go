package chain

import (
	"log/slog"
	"maps"
	"time"
)

// An ExecutionContext is the single source of truth of one execution: its data,
// its trace, its metadata, and what is completed and compensated, by which
// compensation and resume know what to do. Every step and compensation finds it
// by [FromContext]. It turns into JSON and back, typed.
//
// ID and Data are plain fields. ID must not be changed once the execution has
// begun: idempotency keys are made of it. Steps change Data one at a time, and branches of
// a Parallel change disjoint parts of it; nobody else may while it runs. So
// Snapshot and JSON, which read Data, are for steps, observers, and the time
// after the end, and not for the branches of a Parallel that run together or
// observers of those. All other methods are safe for concurrent use at any time.
//
// The zero value is a pending execution of zero data, which gets an ID when it
// begins. An ExecutionContext must not be copied.
type ExecutionContext[T any] struct {
	ID   string
	Data T

	recorder Recorder
}

// A ContextOption is an option of NewExecutionContext: [WithID] or
// [WithMetadata].
type ContextOption struct {
	id       string
	metadata map[string]any
}

// WithID gives the execution an ID of the user's, such as an order's number. An
// empty ID is one that is made: 26 characters that sort by time.
func WithID(id string) ContextOption { return ContextOption{id: id} }

// WithMetadata gives the execution metadata to begin with. The map is copied.
func WithMetadata(metadata map[string]any) ContextOption {
	return ContextOption{metadata: metadata}
}

// NewExecutionContext makes a pending execution, to be begun by a runner's
// Resume. A runner's Run makes its own; this is for an ID or metadata of the
// user's.
func NewExecutionContext[T any](data T, opts ...ContextOption) *ExecutionContext[T] {
	exec := &ExecutionContext[T]{Data: data}
	for _, opt := range opts {
		if opt.id != "" {
			exec.ID = opt.id
		}
		for key, value := range opt.metadata {
			exec.Set(key, value)
		}
	}
	if exec.ID == "" {
		exec.ID = newID(time.Now())
	}
	return exec
}

// NewFor is the execution of data that a run begins, for authors of runners: in one
// piece with room for so many records, where that is little.
func NewFor[T any](data T, room int) *ExecutionContext[T] {
	switch {
	case room <= 8:
		few := &struct {
			exec  ExecutionContext[T]
			cells [8]cell
		}{}
		few.exec.Data, few.exec.recorder.cells = data, few.cells[:]
		return &few.exec
	case room <= 12:
		some := &struct {
			exec  ExecutionContext[T]
			cells [12]cell
		}{}
		some.exec.Data, some.exec.recorder.cells = data, some.cells[:]
		return &some.exec
	}
	return &ExecutionContext[T]{Data: data}
}

func (c *ExecutionContext[T]) id() string { return c.ID }

// Status is how far the execution is.
func (c *ExecutionContext[T]) Status() Status { return c.recorder.Status() }

// Plan is the name of the plan it runs under, or last ran; empty before it began.
func (c *ExecutionContext[T]) Plan() string {
	c.recorder.mu.Lock()
	defer c.recorder.mu.Unlock()
	return c.recorder.recording().Plan
}

// Fingerprint is that plan's.
func (c *ExecutionContext[T]) Fingerprint() string {
	c.recorder.mu.Lock()
	defer c.recorder.mu.Unlock()
	return c.recorder.recording().Fingerprint
}

// Set puts a value into the metadata. To be written as JSON it must be
// something JSON can hold; numbers come back as float64, or as json.Number
// where a float64 would lose digits.
func (c *ExecutionContext[T]) Set(key string, value any) {
	c.recorder.mu.Lock()
	defer c.recorder.mu.Unlock()
	rest := c.recorder.more()
	if rest.metadata == nil {
		rest.metadata = map[string]any{}
	}
	rest.metadata[key] = value
}

// Get finds a value in the metadata.
func (c *ExecutionContext[T]) Get(key string) (value any, ok bool) {
	c.recorder.mu.Lock()
	defer c.recorder.mu.Unlock()
	value, ok = c.recorder.rest().metadata[key]
	return value, ok
}

// Metadata is a copy of all metadata; nil if there is none.
func (c *ExecutionContext[T]) Metadata() map[string]any {
	c.recorder.mu.Lock()
	defer c.recorder.mu.Unlock()
	return maps.Clone(c.recorder.rest().metadata)
}

// Log adds an event of the step's own to the trace. The event has the path of
// the step that is at work, or none inside a Parallel, where it could be any.
// It may also be called before the execution begins and after it has ended.
//
// What an observer logs is in the trace and is not shown to observers: one that
// logs each event would never come to an end.
func (c *ExecutionContext[T]) Log(level slog.Level, message string) {
	c.recorder.log(level, message)
}

// Trace is everything that happened so far, in order. It is made when it is
// asked for.
func (c *ExecutionContext[T]) Trace() Trace { return c.recorder.trace() }

// Completed is the paths of the completed steps in order of completion, without
// those that were compensated since. A Process or Parallel is among them if it
// has a compensation of its own: it is then undone as one, and what is inside it
// with it.
func (c *ExecutionContext[T]) Completed() []string {
	var paths []string
	entries := c.recorder.entries()
	undone := undoneIn(entries)
	for _, e := range entries {
		if e.forward == KindSucceeded && e.unit() && !undone(e) {
			paths = append(paths, e.path)
		}
	}
	return paths
}

// Compensated is the paths of what was undone, in order of the undoing.
func (c *ExecutionContext[T]) Compensated() []string {
	entries := c.recorder.entries()
	var paths []string
	for _, i := range undoOrder(entries) {
		if entries[i].undo == KindCompensated {
			paths = append(paths, entries[i].path)
		}
	}
	return paths
}
