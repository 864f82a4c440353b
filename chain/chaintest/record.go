package chaintest

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/taskchain-go/taskchain/chain"
	"github.com/taskchain-go/taskchain/runner"
)

// A Record notes which steps and compensations ran, in order of their begin. A
// step is named by its path, a compensation by "undo " and the path. The zero
// Record is ready for use; give its Option to a runner:
//
//	var rec chaintest.Record
//	_, err := runner.NewSync(plan, rec.Option()).Run(ctx, order)
//	rec.Ran(t, "reserve", "charge", "undo reserve")
//
// It is safe for concurrent use, and notes every execution of the runners it was
// given to. It must not be copied.
type Record struct {
	mu    sync.Mutex
	calls []call
}

type call struct {
	name    string
	attempt int
	key     string
}

// Option has a runner note in r what it runs.
func (r *Record) Option() runner.Option { return runner.WithInterceptor(r.Note) }

// Note is the interceptor that Option is made of, for WithInterceptor.
func (r *Record) Note(ctx context.Context, step chain.StepInfo, next func(context.Context) error) error {
	r.mu.Lock()
	r.calls = append(r.calls, call{point{step.Path, step.Phase}.String(), step.Attempt, step.IdempotencyKey()})
	r.mu.Unlock()
	return next(ctx)
}

// Names is what ran so far. A retry is not named again; a step that ran again
// after a resume is.
func (r *Record) Names() []string {
	var names []string
	for _, c := range r.all() {
		if c.attempt == 1 {
			names = append(names, c.name)
		}
	}
	return names
}

// Attempts is how often a step or compensation was attempted, retries and
// resumes included.
func (r *Record) Attempts(name string) int { return len(r.Keys(name)) }

// Keys is the idempotency key of each of its attempts.
func (r *Record) Keys(name string) []string {
	var keys []string
	for _, c := range r.all() {
		if c.name == name {
			keys = append(keys, c.key)
		}
	}
	return keys
}

// Reset forgets everything.
func (r *Record) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls = nil
}

// Ran fails the test unless exactly these ran, in this order; see Names. Without
// names, nothing must have run. The branches of a Parallel run in any order on an
// asynchronous runner: see RanInAnyOrder.
func (r *Record) Ran(t testing.TB, names ...string) {
	t.Helper()
	if ran := r.Names(); !slices.Equal(ran, names) {
		t.Errorf("chaintest: ran:      %s\n           expected: %s", list(ran), list(names))
	}
}

// RanInAnyOrder is Ran whatever the order.
func (r *Record) RanInAnyOrder(t testing.TB, names ...string) {
	t.Helper()
	if ran := r.Names(); !slices.Equal(sorted(ran), sorted(names)) {
		t.Errorf("chaintest: ran:                   %s\n           expected in any order: %s", list(ran), list(names))
	}
}

// NeverRan fails the test if one of these ran.
func (r *Record) NeverRan(t testing.TB, names ...string) {
	t.Helper()
	ran := r.Names()
	for _, name := range names {
		if slices.Contains(ran, name) {
			t.Errorf("chaintest: ran:      %s\n           expected: never %s", list(ran), name)
		}
	}
}

func (r *Record) all() []call {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.calls)
}

func sorted(names []string) []string { return slices.Sorted(slices.Values(names)) }

func list(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	return strings.Join(names, ", ")
}
