package engine

import (
	"context"
	"sync"
	"time"

	"github.com/taskchain-go/taskchain/builder"
	"github.com/taskchain-go/taskchain/chain"
)

// A Host is what a runner brings to the engine. The engine calls it from the
// goroutine that drives the execution and, where Branches runs them in others,
// from those too.
type Host interface {
	// Attempt makes one attempt at a step or at its compensation, and returns
	// when that has ended. ctx is the attempt's: its timeout and its frame are
	// set. A panic or Goexit in it is the engine's to handle.
	Attempt(ctx context.Context, step *builder.Step, phase chain.Phase) error

	// Condition asks the step's When.
	Condition(ctx context.Context, step *builder.Step) bool

	// Now is the time since the execution's run began.
	Now() time.Duration

	// Sleep waits for d, or until ctx ends: then it returns its cause.
	Sleep(ctx context.Context, d time.Duration) error

	// Branches calls run for 0 to n-1, together or one by one, and returns when
	// all have returned.
	Branches(n int, run func(i int))
}

// A Committer is a Host that writes down. The engine calls Commit before each
// attempt, whose begin is recorded by then, before each wait and at the end:
// what the execution has recorded must be safe when it returns. An error stops
// the execution where it stands, with nothing more run, undone or recorded;
// Resume goes on from what is safe. A *Halt that its Sleep returns does the same. A
// delay in which an execution was interrupted is waited out on resume.
type Committer interface {
	Commit() error
}

// A Stopper is a Host that may have an execution stop where it stands, such as at
// the end of its process. The engine asks before each attempt is begun; with an
// error, what is recorded is committed, and Resume goes on from there.
type Stopper interface {
	Stopping() error
}

// A Halt stops the execution where it stands when the Sleep of a Committer or of a
// Remote returns it, or a Remote's Ask.
type Halt struct{ Err error }

// Error is the reason, after "halt: ".
func (h *Halt) Error() string { return "halt: " + h.Err.Error() }

// Unwrap is the reason.
func (h *Halt) Unwrap() error { return h.Err }

// Local is the part of a Host that every runner within one process shares.
type Local struct {
	Start    time.Time // the begin of the run
	Together bool      // branches run in goroutines of their own
}

// Now reads the monotonic clock once.
func (l *Local) Now() time.Duration { return time.Since(l.Start) }

// Sleep waits on a timer.
func (l *Local) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Branches runs them in order or, if Together, in a goroutine each. A branch
// that ends its goroutine by runtime.Goexit has returned as well.
func (l *Local) Branches(n int, run func(i int)) {
	if !l.Together {
		for i := range n {
			run(i)
		}
		return
	}
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { run(i) })
	}
	group.Wait()
}
