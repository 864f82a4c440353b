// Package handwritten is what somebody writes who does without a library: the
// yardstick of the benchmarks. Nothing here looks at its context, catches a
// panic or can be resumed.
package handwritten

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Tally is the data that the steps of a benchmark work on: how often each kind
// did something.
type Tally struct{ Done, Undone, Tried int }

// A Step is one of a saga's.
type Step struct {
	Name     string
	Do, Undo func(context.Context, *Tally) error
}

// Err is the failure of the steps that fail.
var Err = errors.New("as told")

// Do is a step that costs nothing to speak of.
func Do(_ context.Context, t *Tally) error { t.Done++; return nil }

// Undo is its compensation.
func Undo(_ context.Context, t *Tally) error { t.Undone++; return nil }

// Fail is a step that fails.
func Fail(context.Context, *Tally) error { return Err }

// FailTwice is a step that succeeds at its third attempt.
func FailTwice(ctx context.Context, t *Tally) error {
	if t.Tried++; t.Tried < 3 {
		return Err
	}
	return Do(ctx, t)
}

// Steps is n steps of which the last is the given one.
func Steps(n int, last func(context.Context, *Tally) error) []Step {
	steps := make([]Step, n)
	for i := range steps {
		steps[i] = Step{fmt.Sprint("step", i), Do, Undo}
	}
	steps[n-1].Do = last
	return steps
}

// Plain runs the steps, undoes the earlier ones if one fails, and tells nobody.
func Plain(ctx context.Context, steps []Step, t *Tally) error {
	for i, s := range steps {
		err := s.Do(ctx, t)
		if err == nil {
			continue
		}
		for i--; i >= 0; i-- {
			if undoErr := steps[i].Undo(ctx, t); undoErr != nil {
				return errors.Join(err, undoErr)
			}
		}
		return err
	}
	return nil
}

// An Event is what a trace by hand has of each event.
type Event struct {
	At   time.Time
	Kind string
	Step string
	Err  error
}

// Traced is Plain with a trace: two events a step and an undo.
func Traced(ctx context.Context, steps []Step, t *Tally) ([]Event, error) {
	trace := make([]Event, 0, 2*len(steps))
	for i, s := range steps {
		trace = append(trace, Event{time.Now(), "started", s.Name, nil})
		err := s.Do(ctx, t)
		if err == nil {
			trace = append(trace, Event{time.Now(), "succeeded", s.Name, nil})
			continue
		}
		trace = append(trace, Event{time.Now(), "failed", s.Name, err})
		for i--; i >= 0; i-- {
			trace = append(trace, Event{time.Now(), "compensating", steps[i].Name, nil})
			if undoErr := steps[i].Undo(ctx, t); undoErr != nil {
				return trace, errors.Join(err, undoErr)
			}
			trace = append(trace, Event{time.Now(), "compensated", steps[i].Name, nil})
		}
		return trace, err
	}
	return trace, nil
}

// Retried is one step with a trace, attempted until it succeeds, at most so
// often.
func Retried(ctx context.Context, s Step, attempts int, t *Tally) ([]Event, error) {
	trace := make([]Event, 0, 2*attempts)
	for n := 1; ; n++ {
		trace = append(trace, Event{time.Now(), "started", s.Name, nil})
		err := s.Do(ctx, t)
		switch {
		case err == nil:
			return append(trace, Event{time.Now(), "succeeded", s.Name, nil}), nil
		case n == attempts:
			return append(trace, Event{time.Now(), "failed", s.Name, err}), err
		}
		trace = append(trace, Event{time.Now(), "retrying", s.Name, err})
	}
}
