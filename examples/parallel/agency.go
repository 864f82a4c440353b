package main

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
)

// Agency has the steps. Its methods are called from several branches at once.
type Agency struct {
	mu     sync.Mutex
	booked map[string]bool
}

// Book makes a step that books something and notes the booking in its part of
// the trip. It takes a while.
func (a *Agency) Book(part func(*Trip) *string, takes time.Duration) builder.StepFunc[Trip] {
	return func(ctx context.Context, t *Trip) error {
		select {
		case <-time.After(takes):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		step, _ := chain.StepFrom(ctx)
		*part(t) = step.Path
		a.mu.Lock()
		defer a.mu.Unlock()
		a.booked[step.Path] = true
		return nil
	}
}

// Cancel makes the compensation.
func (a *Agency) Cancel(part func(*Trip) *string) builder.StepFunc[Trip] {
	return func(_ context.Context, t *Trip) error {
		a.mu.Lock()
		defer a.mu.Unlock()
		delete(a.booked, *part(t))
		*part(t) = ""
		return nil
	}
}

// Insure comes after all bookings.
func (a *Agency) Insure(_ context.Context, t *Trip) error {
	if !t.Insurable {
		return errors.New("no cover for such a trip")
	}
	return nil
}

// Booked is all that is booked.
func (a *Agency) Booked() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Sorted(maps.Keys(a.booked))
}

// Clear forgets all bookings.
func (a *Agency) Clear() {
	a.mu.Lock()
	defer a.mu.Unlock()
	clear(a.booked)
}
