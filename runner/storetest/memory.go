package storetest

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/taskchain-go/taskchain/runner"
)

var _ runner.Store = (*Memory)(nil)

// A Memory is a runner.Store that forgets everything with its process, for
// tests. It waits for nothing and starts no goroutine, so it may be used in and
// across testing/synctest bubbles. Like a store that does wait, it adds nothing
// in a context that has ended. Its zero value is an empty one. It is safe for
// concurrent use.
type Memory struct {
	mu         sync.Mutex
	executions map[string][]runner.Record // from the newest Whole on
}

// NewMemory makes an empty one.
func NewMemory() *Memory { return &Memory{} }

// Append adds a record to those of its execution. The error matches
// runner.ErrConflict, or is the context's.
func (m *Memory) Append(ctx context.Context, r runner.Record) error {
	if ctx.Err() != nil {
		return fmt.Errorf("storetest: append to execution %q: %w", r.ID, context.Cause(ctx))
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	records := m.executions[r.ID]
	next := 0
	if n := len(records); n > 0 {
		next = records[n-1].Seq + 1
	}
	if r.Seq != next {
		return fmt.Errorf("storetest: execution %q has %d records, this is number %d: %w", r.ID, next, r.Seq, runner.ErrConflict)
	}
	if r.Whole {
		records = nil
	}
	if m.executions == nil {
		m.executions = map[string][]runner.Record{}
	}
	r.Body = slices.Clone(r.Body)
	m.executions[r.ID] = append(records, r)
	return nil
}

// Records reads the records of an execution, from the newest that is Whole on.
// They are the caller's.
func (m *Memory) Records(_ context.Context, id string) ([]runner.Record, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	records := slices.Clone(m.executions[id])
	for i := range records {
		records[i].Body = slices.Clone(records[i].Body)
	}
	return records, nil
}

// List tells of the executions there are when the loop begins, sorted by ID. The
// loop may use m.
func (m *Memory) List(_ context.Context, q runner.Query) iter.Seq2[runner.Head, error] {
	return func(yield func(runner.Head, error) bool) {
		for _, head := range m.heads(q) {
			if !yield(head, nil) {
				return
			}
		}
	}
}

func (m *Memory) heads(q runner.Query) []runner.Head {
	m.mu.Lock()
	defer m.mu.Unlock()
	var heads []runner.Head
	for _, records := range m.executions {
		if head := records[len(records)-1].Head; q.Matches(head) {
			heads = append(heads, head)
		}
	}
	slices.SortFunc(heads, func(a, b runner.Head) int { return cmp.Compare(a.ID, b.ID) })
	return heads
}

// Forget removes an execution.
func (m *Memory) Forget(_ context.Context, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.executions, id)
	return nil
}
