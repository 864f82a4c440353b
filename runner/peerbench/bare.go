package main

import (
	"time"

	"github.com/taskchain-go/taskchain/internal/handwritten"
)

// The memory of ten steps: of the kinds and sizes that an execution has, its contexts
// and its ID.
type (
	bareExecution struct {
		started time.Time
		tally   handwritten.Tally
		id      *bareID
		_       [21]uint64 // records
	}
	bareContexts struct {
		of    *bareExecution
		steps [10]struct {
			of *bareExecution
			at time.Duration
		}
		_ [5]uint64
	}
	bareID [26]byte
)

// newBareContexts is not inlined, so that all of it is allocated.
//
//go:noinline
func newBareContexts(e *bareExecution) *bareContexts { return &bareContexts{of: e} }

// bare makes the memory of ten steps and reads the clock as often as they do, and that
// is all: two goroutines that share nothing and do nothing else gain as much as the
// machine and the collector allow.
func bare() (handwritten.Tally, error) {
	e := &bareExecution{started: time.Now(), id: new(bareID)}
	contexts := newBareContexts(e)
	for i := range contexts.steps {
		step := &contexts.steps[i]
		step.of, step.at = e, time.Since(e.started)
		e.tally.Done++
	}
	return e.tally, nil
}
