package main

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/examples/checkout/services"
	"github.com/taskchain-go/taskchain/examples/checkout/shop"
)

// A tally is what became of the lines. Of an execution it keeps only what the report needs.
type tally struct {
	mu sync.Mutex

	badLines    []int
	orders      int
	succeeded   []services.Sale
	compensated map[string]int // by reason
	stuck       []string
	odd         []error // ends that the plan does not have
	retries     map[string]int
	slowest     slowest
	lost        int // executions that could not be written

	traceID string
	traced  *chain.ExecutionContext[shop.Order]
}

func newTally(traceID string) *tally {
	return &tally{compensated: map[string]int{}, retries: map[string]int{}, traceID: traceID}
}

func (t *tally) malformed(line int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.badLines = append(t.badLines, line)
}

func (t *tally) unwritten() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lost++
}

// ended counts an execution that has come to its end.
func (t *tally) ended(out chain.Outcome[shop.Order], err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.orders++
	switch out.Status {
	case chain.Succeeded:
		t.succeeded = append(t.succeeded, out.Context.Data.Sale())
	case chain.Compensated:
		t.compensated[reason(out.Failures[0].Err)]++
	case chain.Stuck:
		t.stuck = append(t.stuck, out.Context.ID)
	default:
		t.odd = append(t.odd, err)
	}

	trace := out.Context.Trace()
	for _, event := range trace {
		if event.Kind == chain.KindRetrying {
			t.retries[label(event)]++
		}
	}
	t.slowest.add(out.Context.ID, trace)
	if out.Context.ID == t.traceID {
		t.traced = out.Context
	}
}

// reason says why an order was undone. The services' own errors come through the library unharmed.
func reason(err error) string {
	for _, refusal := range []error{services.ErrOutOfStock, services.ErrDeclined, services.ErrUnservable} {
		if errors.Is(err, refusal) {
			return refusal.Error()
		}
	}
	switch {
	case errors.Is(err, context.Canceled):
		return "interrupted"
	case errors.Is(err, chain.ErrTimeout):
		return "no answer in time"
	}
	return "service failing"
}

// label names a step for people, or its compensation.
func label(e chain.Event) string {
	if e.Phase == chain.Compensation {
		return fmt.Sprintf("%s (undo)", e.Path)
	}
	return e.Path
}
