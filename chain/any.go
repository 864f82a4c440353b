package chain

import (
	"context"
	"iter"
	"log/slog"
	"slices"
	"sync/atomic"

	"github.com/taskchain-go/taskchain/builder"
)

// An Execution is an [ExecutionContext] whose data's type does not matter, for
// observers and interceptors that serve plans of every type. Its methods are
// those of ExecutionContext, safe for concurrent use. Nothing else implements it.
type Execution interface {
	Status() Status
	Trace() Trace
	Progress() Progress
	Completed() []string
	Compensated() []string
	Marks() map[string]builder.Mark
	Steps() iter.Seq[builder.Step]

	Get(key string) (value any, ok bool)
	Set(key string, value any)
	Metadata() map[string]any
	Log(level slog.Level, message string)

	Attach(key, value any)
	Attached(key any) any

	isExecution()
}

var _ Execution = (*ExecutionContext[int])(nil)

func (c *ExecutionContext[T]) isExecution() {}

// AnyFromContext finds the execution in the ctx of a step, a compensation or an
// observer, whatever its data's type. It is false elsewhere.
func AnyFromContext(ctx context.Context) (Execution, bool) {
	if ctx == nil {
		return nil, false
	}
	exec, ok := ctx.Value(executionKey{}).(Execution)
	return exec, ok
}

// Steps is every element of the plan that the execution runs under, or ran under
// last, in order. There is none before it has begun, and none of one that was
// read back.
func (c *ExecutionContext[T]) Steps() iter.Seq[builder.Step] {
	c.recorder.mu.Lock()
	defer c.recorder.mu.Unlock()
	steps := c.recorder.recording().Steps
	return slices.Values(steps[min(1, len(steps)):])
}

// Attach keeps a value with the execution for as long as that is in this
// process: it is in no snapshot and no JSON. It is for observers and
// interceptors, which so need no table of executions that could grow. As with
// context.WithValue, the key should be of a type of one's own.
func (c *ExecutionContext[T]) Attach(key, value any) { c.recorder.rarities().attached.put(key, value) }

// Attached is what was attached under key, nil if nothing was.
func (c *ExecutionContext[T]) Attached(key any) any {
	if rare := c.recorder.rare.Load(); rare != nil {
		return rare.attached.get(key)
	}
	return nil
}

// attachments are few, put once and read often: a list that is replaced, never
// changed. Without any it is the size of a pointer.
type attachments struct{ list atomic.Pointer[[]attachment] }

type attachment struct{ key, value any }

func (a *attachments) put(key, value any) {
	for {
		old := a.list.Load()
		list := []attachment{{key, value}}
		if old != nil {
			list = append(list, slices.DeleteFunc(slices.Clone(*old), func(each attachment) bool { return each.key == key })...)
		}
		if a.list.CompareAndSwap(old, &list) {
			return
		}
	}
}

func (a *attachments) get(key any) any {
	if list := a.list.Load(); list != nil {
		for _, each := range *list {
			if each.key == key {
				return each.value
			}
		}
	}
	return nil
}
