package chain

import (
	"context"
	"strings"
	"sync/atomic"
)

// StepInfo tells a step which attempt of which step of which execution it is.
type StepInfo struct {
	ExecutionID string
	Plan        string // the plan's name, may be empty
	Path        string
	Attempt     int // counted from 1
	Phase       Phase
	Cause       error // in a compensation: the error that made it necessary
}

// IdempotencyKey names the effect of this step in this execution: it is the
// same for every attempt and after every resume, and another one for the step's
// compensation. Hand it to services that recognise a repeated request. The zero
// StepInfo, of a ctx outside of steps, has the empty key.
func (i StepInfo) IdempotencyKey() string {
	if i.ExecutionID == "" && i.Path == "" {
		return ""
	}
	// A path has no empty name in it, so "//" can only be what is put here:
	// no two steps, phases or IDs share a key.
	key := strings.ReplaceAll(i.ExecutionID, "/", "//") + "/" + i.Path
	if i.Phase == Compensation {
		key += "//compensation"
	}
	return key
}

// FromContext finds the execution in the ctx of a step, a compensation or an
// observer. It is false elsewhere, and where the execution is over another type.
func FromContext[T any](ctx context.Context) (*ExecutionContext[T], bool) {
	if ctx == nil {
		return nil, false
	}
	exec, ok := ctx.Value(executionKey{}).(*ExecutionContext[T])
	return exec, ok
}

// StepFrom finds out which step ctx belongs to. It is false outside of steps
// and compensations.
func StepFrom(ctx context.Context) (StepInfo, bool) {
	if ctx == nil {
		return StepInfo{}, false
	}
	frame, ok := ctx.Value(frameKey{}).(*Frame)
	if !ok {
		return StepInfo{}, false
	}
	return frame.Info(), true
}

// An ExecutionInfo names an execution.
type ExecutionInfo struct {
	ID   string
	Plan string // the plan's name, may be empty
}

// ExecutionFrom finds out which execution ctx belongs to, in a step, a
// compensation or an observer, whatever its data's type. It is false elsewhere.
func ExecutionFrom(ctx context.Context) (ExecutionInfo, bool) {
	if ctx == nil {
		return ExecutionInfo{}, false
	}
	info, ok := ctx.Value(infoKey{}).(ExecutionInfo)
	return info, ok
}

type (
	infoKey      struct{}
	executionKey struct{}
	frameKey     struct{}
	causeKey     struct{}
)

// A Scope is a context of the steps of one run, for authors of runners: what
// their attempts have in common. Begin makes the first; Over and Detached make
// others of it.
type Scope struct {
	context.Context
	exec interface{ id() string } // the *ExecutionContext[T]
	with *Recording               // of this run: a later one may have another plan
	walk *Scope                   // the first one, or the first one of the branch
}

// Over is the scope over another context, which was made of s.
func (s *Scope) Over(ctx context.Context) *Scope { return &Scope{ctx, s.exec, s.with, s.walk} }

// Branch is the scope of a branch, whose attempts are made beside those of others.
func (s *Scope) Branch(ctx context.Context) *Scope {
	branch := s.Over(ctx)
	branch.walk = branch
	return branch
}

// Attempt finds the attempt that ctx was made of, among those made in s and in the
// scopes made of s, branches not counted. ctx may have gone through the steps of
// other executions, which that attempt has run. It is nil if the attempt is over, or
// if ctx was made of none.
func (s *Scope) Attempt(ctx context.Context) *Frame {
	for ctx != nil {
		f, ok := ctx.(*Frame)
		if !ok {
			f, ok = ctx.Value(frameKey{}).(*Frame)
		}
		switch {
		case !ok:
			return nil
		case f.walk == s.walk && f.over():
			return nil
		case f.walk == s.walk:
			return f
		}
		ctx = f.Context
	}
	return nil
}

// Detached is the scope that compensations run in: the values of s without its
// end, and the error that made them necessary.
func (s *Scope) Detached(cause error) *Scope {
	return s.Over(context.WithValue(context.WithoutCancel(s.Context), causeKey{}, cause))
}

// Value finds the execution, and asks the parent for the rest.
func (s *Scope) Value(key any) any {
	switch key.(type) {
	case executionKey:
		return s.exec
	case infoKey:
		return ExecutionInfo{s.exec.id(), s.with.Plan}
	}
	return s.Context.Value(key)
}

// A Frame is the context of one attempt, for authors of runners. A runner sets
// it once and hands out its address. It is as small as can be and can be
// allocated many at once, so that a step costs no context of its own; it is
// never changed afterwards, but for its end, so a goroutine that a step leaves
// behind still sees its own step.
type Frame struct {
	*Scope
	step    int32 // its complement when the attempt is over
	attempt int32 // negative for a compensation
}

// Set makes f the context of an attempt at a step, which is given by its index
// in the plan that the execution was begun with.
func (f *Frame) Set(in *Scope, step int, phase Phase, attempt int) {
	f.Scope, f.step, f.attempt = in, int32(step), int32(attempt)
	if phase == Compensation {
		f.attempt = -f.attempt
	}
}

// End says that the attempt is over, to whoever asks by [Scope.Attempt].
func (f *Frame) End() { atomic.StoreInt32(&f.step, ^f.step) }

func (f *Frame) over() bool { return atomic.LoadInt32(&f.step) < 0 }

// Value finds the execution and the step, and asks the parent for the rest.
func (f *Frame) Value(key any) any {
	if _, ok := key.(frameKey); ok {
		return f
	}
	return f.Scope.Value(key)
}

// Step is the index of the step in the plan, and whether it is its compensation.
func (f *Frame) Step() (index int, phase Phase) {
	step := atomic.LoadInt32(&f.step)
	if step < 0 {
		step = ^step
	}
	if f.attempt < 0 {
		return int(step), Compensation
	}
	return int(step), Forward
}

// Info is what StepFrom finds.
func (f *Frame) Info() StepInfo {
	step, phase := f.Step()
	info := StepInfo{
		ExecutionID: f.exec.id(),
		Plan:        f.with.Plan,
		Path:        f.with.Steps[step].Path,
		Attempt:     int(f.attempt),
		Phase:       phase,
	}
	if phase == Compensation {
		info.Attempt = -info.Attempt
		info.Cause, _ = f.Context.Value(causeKey{}).(error)
	}
	return info
}
